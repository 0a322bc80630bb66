package signature

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// HandshakeConfig is what an operator writes under `handshake`, for senders that try a
// URL out in a way that no type of `verify` knows (SPEC 15 and 17).
type HandshakeConfig struct {
	Type    string          // echo, cloudevents
	Method  string          // echo: of the question; default GET in query, else POST
	In      string          // echo: query, json or header
	Name    string          // echo: the name there of what is to be said again
	Respond string          // echo: text (default), json, header
	Token   *HandshakeToken // echo: what the question must bring beside; nil: nothing
	Origins []string        // cloudevents: who may send
}

// HandshakeToken is a credential that a question must bring.
type HandshakeToken struct {
	In, Name string // as In and Name of HandshakeConfig
	Secrets  []string
}

// Handshake answers one kind of question. It may be nil, which answers none; many
// goroutines may use it.
type Handshake struct{ handshake }

// CompileHandshake makes the handshake of c, or says all that is wrong with c.
func CompileHandshake(c HandshakeConfig) (*Handshake, []Fault) {
	var f faults
	var h handshake
	switch c.Type {
	case "echo":
		h = newEcho(&c, &f)
	case "cloudevents":
		for _, field := range []struct {
			name string
			set  bool
		}{{"method", c.Method != ""}, {"in", c.In != ""}, {"name", c.Name != ""}, {"respond", c.Respond != ""}, {"token", c.Token != nil}} {
			if field.set {
				f.add(field.name, "is not read by type cloudevents: remove it")
			}
		}
		h = webHook(c.Origins, "origins", &f)
	default:
		f.word("type", c.Type, "echo", "cloudevents")
	}
	if len(f) > 0 {
		return nil, f
	}
	return &Handshake{h}, nil
}

// Answer answers a question, before anybody is verified; is is false where the request
// is none.
func (h *Handshake) Answer(r *Request) (a Answer, is bool) {
	if h == nil || !h.asked(r) {
		return Answer{}, false
	}
	if a, is = h.answer(r); !is {
		return Answer{}, false
	}
	return a, true
}

// place is where a question has a value.
type place struct{ in, name string }

func (f *faults) place(in, name, before string) place {
	switch {
	case !slices.Contains([]string{"query", "json", "header"}, in):
		f.word(before+"in", in, "query", "json", "header")
	case in == "header":
		f.headerName(before+"name", name)
	case name == "":
		f.add(before+"name", "is missing")
	}
	return place{in, name}
}

// value gives the one value at the place; false where there is none, or more than one.
func (p place) value(r *Request) ([]byte, bool) {
	var value []byte
	n := 0
	switch p.in {
	case "query":
		value, n = r.first(p.name)
	case "header":
		value, n = r.Header.Get(p.name)
	case "json":
		found, ok := texts(r.Body, p.name)
		if ok {
			value, n = []byte(found[0]), 1
		}
	}
	return value, n == 1 && len(value) > 0
}

// mostQuestion is how large the body of a question may be, in bytes.
const mostQuestion = 8 << 10

// ownFields frame the answer, belong to the connection, or say what browsers do with it.
var ownFields = [...]string{
	"connection", "content-encoding", "content-length", "content-type", "date", "hookgate-outcome", "keep-alive", "location",
	"proxy-connection", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "x-content-type-options",
}

func newEcho(c *HandshakeConfig, f *faults) handshake {
	method := or(c.Method, http.MethodPost)
	if c.Method == "" && c.In == "query" {
		method = http.MethodGet
	}
	switch {
	case !isToken(method) || strings.ToUpper(method) != method:
		f.add("method", "is %q: must be a method, as GET", c.Method)
	case method == http.MethodHead || method == http.MethodOptions:
		f.add("method", "is %q, which asks nothing: it is answered by itself", c.Method)
	}
	if len(c.Origins) > 0 {
		f.add("origins", "is not read by type echo: remove it")
	}
	at, respond := f.place(c.In, c.Name, ""), or(c.Respond, "text")
	switch respond {
	case "text", "json":
	case "header":
		if c.In != "header" { // else it was looked at
			f.headerName("name", c.Name)
		}
		if slices.Contains(ownFields[:], strings.ToLower(c.Name)) {
			f.add("name", "is %q, which is not the sender's to choose in an answer", c.Name)
		}
	default:
		f.word("respond", c.Respond, "text", "json", "header")
	}
	proves := newQuestionToken(c.Token, f)
	return handshake{
		proves: true,
		asked:  func(r *Request) bool { return r.Method == method && len(r.Body) <= mostQuestion },
		answer: func(r *Request) (Answer, bool) {
			challenge, is := at.value(r)
			switch {
			case !is || len(challenge) > mostChallenge:
				return Answer{}, false
			case !proves(r):
				return Answer{Status: http.StatusForbidden}, true
			}
			return said(respond, c.Name, challenge)
		},
	}
}

// newQuestionToken gives the check of a question's token.
func newQuestionToken(t *HandshakeToken, f *faults) func(*Request) bool {
	if t == nil {
		return func(*Request) bool { return true }
	}
	var own faults
	right, at := sums(t.Secrets, &own), f.place(t.In, t.Name, "token.")
	for _, fault := range own {
		f.add("token."+fault.Field, "%s", fault.Message)
	}
	return func(r *Request) bool {
		value, is := at.value(r)
		got := sha256.Sum256(value)
		return among(right, &got) && is
	}
}

// said says a challenge again. It is never read as HTML, whatever it holds.
func said(respond, name string, challenge []byte) (Answer, bool) {
	a := Answer{Status: http.StatusOK, Header: [][2]string{{"X-Content-Type-Options", "nosniff"}}}
	switch respond {
	case "json":
		body, err := json.Marshal(map[string]string{name: string(challenge)})
		a.ContentType, a.Body = "application/json", body
		return a, err == nil
	case "header":
		a.Header = append(a.Header, [2]string{name, string(challenge)})
		return a, !bytes.ContainsFunc(challenge, func(c rune) bool { return c < ' ' || c >= 0x7f })
	}
	a.ContentType, a.Body = "text/plain; charset=utf-8", bytes.Clone(challenge)
	return a, true
}
