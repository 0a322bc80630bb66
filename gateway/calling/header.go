package calling

import "hookgate/gateway/transport"

// answerHeader is an answer as paths look beside its body: header:Name finds the value
// of the first field of that name.
type answerHeader struct{ of *transport.Answer }

func (a answerHeader) Header(name string) (value []byte, found bool) {
	if i := fieldAt(a.of.Header, name); i >= 0 {
		return []byte(a.of.Header[i][1]), true
	}
	return nil, false
}

// Query finds nothing: an answer has none.
func (a answerHeader) Query(string) (value []byte, found bool) { return nil, false }
