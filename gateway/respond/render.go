package respond

import (
	"encoding/json"
	"errors"
	"strings"
	"sync"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// Told is what templates can say. What is "" is not known.
type Told struct {
	Owner                   string // of the turns that rendering takes: a tree of tenants
	Outcome                 gateway.Outcome
	CallbackID, Key, WaitID string
	Variables               []byte // a JSON object; nil: none are known
}

// Reply is what goes out beside the status. Without a ContentType its body is hookgate's
// own.
type Reply struct {
	ContentType string
	Body        []byte
	Header      [][2]string
}

// Variables tells whether templates may ask for the variables of an outcome.
func (a *Answers) Variables() bool {
	if a == nil {
		return false
	}
	if a.base != nil && a.base.says() {
		return true
	}
	for _, one := range a.of {
		if one != nil && one.says() {
			return true
		}
	}
	return false
}

// Pin gives the status of an outcome that may be answered otherwise: own, unless another
// is written.
func (a *Answers) Pin(o gateway.Outcome, own int) int {
	if one := a.find(o); one != nil && one.status != 0 {
		return one.status
	}
	return own
}

// Unredirected gives the status of an answer that is hookgate's own after all: where it
// was pinned to a redirect, which has nowhere to lead, that of the outcome.
func Unredirected(pinned, own int) int {
	if pinned >= 300 {
		return own
	}
	return pinned
}

// find gives the answer to an outcome; nil for none.
func (a *Answers) find(o gateway.Outcome) *answer {
	if a == nil {
		return nil
	}
	if one, is := a.of[o]; is {
		return one
	}
	return a.base
}

// Errors of what renders to what must not be sent. None holds what it was.
var (
	errLocation = errors.New("location does not lead where it was written to")
	errValue    = errors.New("a header's value has a control character, or is too large")
	errLarge    = errors.New("body is too large")
	errJSON     = errors.New("body is no JSON")
)

var values = sync.Pool{New: func() any { return new(mapping.Values) }}

// Render makes the answer to an outcome whose own status is given; is is false where it
// is hookgate's own. What was not written for this outcome, and pins no status, is for
// those that went well: a refusal that is shown as one says why. An error means
// hookgate's own, too, and is for the operator: it does not hold what was rendered.
func (a *Answers) Render(t *Told, own int) (reply Reply, is bool, err error) {
	one := a.find(t.Outcome)
	if one == nil || !one.says() || !one.named && one.status == 0 && own > 299 {
		return Reply{}, false, nil
	}
	v := values.Get().(*mapping.Values) //nolint:forcetypeassert // the pool holds nothing else
	defer values.Put(v)
	defer v.Release()
	v.Owner(t.Owner)
	one.set.Read(&mapping.Document{Body: mapping.JSON, Raw: t.json()}, v)
	if reply.Header, err = one.fields(v); err == nil {
		err = one.fill(&reply, v)
	}
	if err != nil {
		return Reply{}, false, err
	}
	return reply, true, nil
}

// json is what templates look at.
func (t *Told) json() []byte {
	b := gateway.AppendString([]byte(`{"outcome":`), string(t.Outcome))
	for _, member := range []struct{ name, value string }{{"callback_id", t.CallbackID}, {"conversation_key", t.Key}, {"wait_id", t.WaitID}} {
		if member.value != "" {
			b = gateway.AppendMember(b, member.name, member.value)
		}
	}
	if len(t.Variables) > 0 {
		b = append(append(b, `,"variables":`...), t.Variables...)
	}
	return append(b, '}')
}

// fields renders location and headers, and what belongs to a body of its own.
func (a *answer) fields(v *mapping.Values) (all [][2]string, err error) {
	if a.location != nil {
		location, err := a.location.Append(nil, v)
		switch {
		case err != nil:
			return nil, err
		case !a.leads(string(location)):
			return nil, errLocation
		}
		all = append(all, [2]string{"Location", string(location)})
	}
	for _, h := range a.headers {
		value, err := h.value.Append(nil, v)
		switch {
		case err != nil:
			return nil, err
		case len(value) > mostValue || strings.ContainsFunc(string(value), func(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }):
			return nil, errValue
		}
		all = append(all, [2]string{h.name, string(value)})
	}
	return append(all, a.guards()...), nil
}

// guards are the fields that keep a browser from taking a body for more than it is.
func (a *answer) guards() (all [][2]string) {
	if a.body != nil {
		all = append(all, [2]string{"X-Content-Type-Options", "nosniff"})
	}
	if a.shows {
		all = append(all, [2]string{"Content-Security-Policy", policy})
	}
	return all
}

// fill renders the body.
func (a *answer) fill(reply *Reply, v *mapping.Values) (err error) {
	if a.body == nil {
		return nil
	}
	if reply.Body, err = a.body.Append(nil, v); err != nil {
		return err
	}
	reply.ContentType = a.kind
	if a.xml {
		reply.Body = without(reply.Body)
	}
	switch {
	case len(reply.Body) > mostRendered:
		return errLarge
	case a.json && !json.Valid(reply.Body):
		return errJSON
	}
	return nil
}
