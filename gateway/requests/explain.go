package requests

import (
	"net/netip"
	"time"

	"hookgate/gateway"
)

// Question is a request of which somebody asks what would become of it now.
type Question struct {
	Tenant, Source string
	Method, Path   string // Path with its query
	Header         [][2]string
	Body           []byte
	BodyBytes      int64 // more than Body has: it was cut
	CutHead        bool
	Client, Peer   netip.Addr
	Secure         bool
	At             time.Time // by which timestamps are judged
	Wait           string    // whose rules count; "": that of the wait that is open
	Hidden         Masks     // what brought a credential when it came, but for signatures
	By             string    // the token that asks: who fails too often must rest
}

// Cut says whether some of the request is not there.
func (q *Question) Cut() bool { return q.CutHead || q.BodyBytes > int64(len(q.Body)) }

// Question asks for a request that was kept, as of when it came.
func (k *Kept) Question() *Question {
	q := &Question{
		Tenant: k.Tenant, Source: k.Place, Method: k.Method, Path: k.Path, Header: k.Sent(), Body: k.Body, BodyBytes: k.BodyBytes,
		CutHead: k.CutHead, Client: k.Client, Peer: k.Peer, Secure: k.Secure, At: k.At, Hidden: k.masks,
	}
	q.Hidden.Headers[1] = "" // a signature is no secret
	if k.BodyBytes < 0 {
		q.BodyBytes = int64(len(k.Body)) + 1
	}
	return q
}

// Explained says what would become of a request by today's configuration; nothing of it
// has happened.
type Explained struct {
	Outcome    gateway.Outcome // "": not all of it is kept, so nobody knows
	Status     int
	Checks     []Check
	Hints      Hints
	Variables  gateway.Raw // nil: none were mapped
	Match      string
	Branch     gateway.Branch
	Key        string
	CallbackID string // of the callback that it repeats
	WaitID     string
	Callbacks  []Became // of a batch
}

// Tried is a request that was made up, signed with the source's own secret, and taken as
// any: what its sender would have sent, and what became of it.
type Tried struct {
	Explained
	Body   []byte
	Signed bool // false: the source verifies nothing, or it was sent as it was given
}

// Unjudged gives the steps of a request of which some is not kept: those before from
// were passed, of the rest nobody knows.
func (k *Kept) Unjudged(from Step, why string) (checks []Check) {
	for _, step := range k.order() {
		switch {
		case !k.passes(step):
		case step < from:
			checks = append(checks, Check{step.String(), &yes, ""})
		default:
			checks = append(checks, Check{step.String(), nil, why})
		}
	}
	return checks
}
