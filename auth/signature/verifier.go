package signature

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"time"
)

// Config is what an operator writes under `verify` or `sign`. Each type reads
// some of it; to set what it does not read is a fault.
type Config struct {
	Type               string
	In, Name           string // token: "header" or "query", and the name there
	Secrets            []string
	Username, Password string        // basic
	Header             string        // hmac: where the signature is
	Algorithm          string        // hmac: sha1, sha256 (default), sha512; cloudinary: sha1 (default), sha256; rfc9421: hmac-sha256 or ed25519, default by the secrets' form
	Encoding           string        // hmac: hex (default), base64, base64url
	Prefix             string        // hmac: before the signature, as "sha256="
	Signed             string        // hmac: template of what is signed, default "{body}"; rfc9421: components that must be
	TimestampHeader    string        // hmac: the header that has the timestamp
	TimestampUnit      string        // hmac: s (default), ms, us since 1970, or iso
	HeaderFormat       string        // hmac: of a header that has both, as "t={timestamp},v1={signature}"
	Tolerance          time.Duration // how far a timestamp may be from the clock; 0: the scheme's own
	VerifyToken        string        // meta: what its GET handshake must bring
	CA                 string        // mtls: certificates of authorities, in PEM
	Names              []string      // mtls: what a client's certificate may be for
	Fingerprints       []string      // mtls: SHA-256 of clients' certificates, in hex
	Key                string        // pusher: says whose the secrets are
	Tokens             []Token       // pusher: more keys, each with its secret
	CheckSource        bool          // hookdeck: the event's own source must be verified, too
	APIKey             string        // stream, livekit, vonage: the only key that passes
	VerificationToken  string        // lark: what must stand within every event
	MaxBody            int           // stream: how large a body may be once it is inflated, in bytes; 0: 1 MiB
	TopicARN           string        // aws-sns: the topic that is ours
	PublicKey          string        // braintree: the account's public key, which picks the signature
	ApplicationKey     string        // sinch-application: the application's key
	AllowedOrigins     []string      // cloudevents-handshake: who may send; "*": anyone
	// Certificates gives paypal and aws-sns the certificates that they sign with; nil, as
	// where a configuration is only checked, refuses every request.
	Certificates *Certificates
	TokenConfig
}

// Format keeps secrets out of whatever prints a Config.
func (c Config) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "signature.Config{Type: %q}", c.Type) }

// Headers gives a request's header fields.
type Headers interface {
	// Get returns the first value of the field and how many fields have the
	// name, whatever its case.
	Get(name string) (value []byte, n int)
}

// Request is what a verifier looks at. It keeps nothing of it.
type Request struct {
	Method string
	// URL gives the public URL that the sender called: scheme, host, path and
	// query as received. Only schemes that sign it ask; nil counts as empty.
	URL func() string
	// Query gives the first decoded value of a query parameter and how many
	// there are. nil: the request has none.
	Query  func(name string) (value []byte, n int)
	Header Headers
	// Peer gives the certificates that the client showed in the TLS handshake of
	// this connection, its own first. nil, or none: TLS ended elsewhere, or the client
	// showed none. The handshake must have proved that the client holds the key.
	Peer func() []*x509.Certificate
	// Client gives the address of whoever sent the request; nil: not known.
	Client func() netip.Addr
	Body   []byte // exactly as received
	Now    time.Time
	// Turn is asked once, before what takes over about a millisecond of a processor, and
	// nothing else is waited for afterwards; false refuses the request as Unavailable. nil:
	// whoever asks has time. Who gave a turn takes it back after Verify.
	Turn func() bool
	// Fetch is asked before the keys at a URL are, for which a connection is made and kept
	// for seconds; false refuses the request as Unavailable. done is called when that has
	// ended, which may be after Verify. nil: whoever asks may fetch.
	Fetch func() (done func(), may bool)

	spent int // in nanoseconds of a slow core
}

func (r *Request) client() (a netip.Addr) {
	if r.Client != nil {
		a = r.Client()
	}
	return a
}

// Verifier checks the requests of one source. Many goroutines may use it.
type Verifier struct {
	proof      prover
	deliveryID string
	identities []Identity
	onlyID     bool
	handshake  handshake
	thanks     string
	open       opener
	secrets    int
}

// prover is the part of a scheme that tells right from wrong.
type prover interface{ verify(*Request) error }

// Compile makes the verifier of c, or says all that is wrong with c.
func Compile(c Config) (*Verifier, []Fault) {
	var f faults
	s := find(schemes, c.Type, &f)
	if s == nil {
		return nil, f
	}
	f.unread(&c, s.reads)
	v := s.build(&c, &f)
	if len(f) > 0 {
		return nil, f
	}
	v.secrets = len(c.Secrets) + len(c.Tokens)
	return v, nil
}

// Secrets says how many secrets are tried; 0 for schemes that have none, or keys in
// their place.
func (v *Verifier) Secrets() int { return v.secrets }

// ReadsBody says whether the scheme looks at the body: one of which only a part was kept
// cannot be judged again.
func (v *Verifier) ReadsBody() bool {
	switch v.proof.(type) {
	case *credential, anybody, *peer:
		return false
	}
	return true
}

// ReadsPeer says whether the scheme looks at the certificate that the client shows, which
// nobody keeps.
func (v *Verifier) ReadsPeer() bool { _, is := v.proof.(*peer); return is }

// Verify returns nil when the request is from whom it says, else an *Error.
func (v *Verifier) Verify(r *Request) error {
	r.spent = 0
	if err := r.spend(v.hashes(r)); err != nil {
		return err
	}
	return v.proof.verify(r)
}

// OnlyDeliveryID tells that repeats may be known by DeliveryID alone: it is all of
// a request that the scheme's senders sign.
func (v *Verifier) OnlyDeliveryID() bool { return v.onlyID }

// Thanks gives the text that the scheme's senders want to hear, with status 200, when a
// request was taken; "" where any answer will do.
func (v *Verifier) Thanks() string { return v.thanks }

// CredentialHeader names the header that brings a credential as it is, "" for
// none: whoever keeps a request must leave it out.
func (v *Verifier) CredentialHeader() string {
	switch p := v.proof.(type) {
	case *credential:
		if !p.query {
			return p.name
		}
	case *tokenProof: // who has it can send it again until its end
		if !p.place.query {
			return p.place.name
		}
	}
	return ""
}

// CredentialQuery is CredentialHeader for a parameter of the query.
func (v *Verifier) CredentialQuery() string {
	switch p := v.proof.(type) {
	case *credential:
		if p.query {
			return p.name
		}
	case *tokenProof:
		if p.place.query {
			return p.place.name
		}
	}
	return ""
}
