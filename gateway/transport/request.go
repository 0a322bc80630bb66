package transport

import (
	"time"

	"hookgate/gateway/secure"
	"hookgate/gateway/wire"
)

// Request is one request to be made.
type Request struct {
	Method  string
	URL     string
	Target  string      // path and query as they are written, byte for byte, in place of the URL's; "": the URL's
	Header  [][2]string // name and value, sent in this order as they are written
	Body    []byte
	Timeout time.Duration    // for all of it, from the lookup to the answer's end; 0: DefaultTimeout
	Tenant  string           // whose request it is: no two tenants share a connection
	TLS     *secure.Settings // of the target; nil: what holds for all
	Trusted bool             // the configuration file names the target: no egress rule binds it (SPEC 14)
	// MaxAnswer is how much of the answer's body is kept, in bytes; 0: DefaultAnswer.
	MaxAnswer int
	// MaxHeader is how much of the answer's header is kept, in bytes of names and values;
	// 0: DefaultHeader.
	MaxHeader int
	// Room is asked before more than 64 KiB of the answer's body are read; nil: nobody is.
	Room    Room
	Relayed bool // it is somebody else's: Accept-Encoding is not added
}

// DefaultTimeout bounds a request that names no bound (SPEC 7).
const DefaultTimeout = 15 * time.Second

// DefaultAnswer is how much of an answer's body is kept with an attempt (SPEC 7).
const DefaultAnswer = 16 << 10

// DefaultHeader is how much of an answer's header is kept with an attempt; MaxHeader is
// all that there may be (SPEC 15).
const (
	DefaultHeader = 4 << 10
	MaxHeader     = maxAnswerHeader
)

// Answer is what came back. It holds no memory of the connection.
type Answer struct {
	Status      int // 200 to 599
	ContentType string
	RetryAfter  string      // as it was sent, "" for none
	Header      [][2]string // name and value, the first that fit into MaxHeader
	Body        []byte      // its first MaxAnswer bytes, inflated
	Truncated   bool        // there was more
	Detail      string      // what is odd about the body: why it is not inflated though it says it is coded, or why its form is none; "" otherwise
	Address     string      // where it came from: what was dialled
}

// appendHead writes the request line and the header. The Host is the target's:
// CheckHeader refuses one among the fields.
func (r *Request) appendHead(dst []byte, t *target) ([]byte, error) {
	if !wire.All(r.Method, wire.Token) {
		return nil, blocked("the method is not a token")
	}
	dst = append(dst, r.Method...)
	dst = append(dst, ' ')
	if r.Target == "" {
		dst = append(dst, t.uri...)
	} else if isTarget(r.Target) {
		dst = append(dst, r.Target...)
	} else {
		return nil, blocked("the request target is not a path that fits on the request line")
	}
	dst = wire.AppendField(append(dst, " HTTP/1.1\r\n"...), "Host", t.head)
	codings := r.Relayed
	for _, field := range r.Header {
		if err := CheckHeader(field[0], field[1]); err != nil {
			return nil, &Error{Word: WordBlocked, Text: err.Error()}
		}
		codings = codings || wire.Is(field[0], "accept-encoding")
		dst = wire.AppendField(dst, field[0], field[1])
	}
	if !codings {
		dst = wire.AppendField(dst, "Accept-Encoding", accepted)
	}
	if len(r.Body) > 0 || wire.TakesBody(r.Method) {
		dst = wire.AppendLength(dst, int64(len(r.Body)))
	}
	return append(dst, '\r', '\n'), nil
}

// isTarget says whether a target is in origin-form, and ends where it should. Bytes
// that ought to be escaped pass, as they do in a request that a proxy hands on.
func isTarget(target string) bool { return target[0] == '/' && wire.All(target, wire.Target) }
