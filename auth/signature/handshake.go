package signature

import "net/http"

// Answer is what a provider's handshake wants to hear. It goes out as it is, and
// the request is no callback.
type Answer struct {
	Status      int
	ContentType string // empty with an empty body
	Body        []byte
	Header      [][2]string // fields beside
}

// Refused tells that the handshake failed its own check: the caller counts it
// like a failed verification.
func (a Answer) Refused() bool {
	return a.Status >= http.StatusBadRequest && a.Status < http.StatusInternalServerError
}

// mostChallenge bounds what a stranger can make us say.
const mostChallenge = 1 << 10

func echo(challenge string) Answer {
	return Answer{Status: http.StatusOK, ContentType: "text/plain; charset=utf-8", Body: []byte(challenge)}
}

// handshake is how a provider asks whether this URL is ours.
type handshake struct {
	// proves says that answer checks by itself who asks. Otherwise the handshake
	// is signed like any request of the scheme, and answered only when it verifies.
	proves bool
	asked  func(*Request) bool           // a cheap look, before anything is verified
	answer func(*Request) (Answer, bool) // false: it only looked like a handshake
}

// mostProbe is how large a body may be that only tries the URL out, in bytes.
const mostProbe = 512

// probe is the handshake of a provider that sends a small signed body, and wants
// only a 200.
func probe(is func(body []byte) bool) func(*Config, *digest) handshake {
	h := handshake{
		asked:  func(r *Request) bool { return len(r.Body) <= mostProbe },
		answer: func(r *Request) (Answer, bool) { return Answer{Status: http.StatusOK}, is(r.Body) },
	}
	return func(*Config, *digest) handshake { return h }
}

// Handshake answers a provider's handshake. Ask it before Verify, for every
// request, and before methods are judged (Meta asks with GET): it verifies
// whatever of the handshake must be verified. When is is false the request is
// none, or a signed one that does not verify, and Verify has the word.
func (v *Verifier) Handshake(r *Request) (a Answer, is bool) {
	h := &v.handshake
	if h.asked == nil || !h.asked(r) {
		return Answer{}, false
	}
	if !h.proves && v.Verify(r) != nil {
		return Answer{}, false
	}
	if a, is = h.answer(r); !is {
		return Answer{}, false // a caller must have nothing that could go out
	}
	return a, true
}
