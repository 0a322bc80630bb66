package calling

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// Request asks for a call.
type Request struct {
	Webhook   *directory.Webhook
	Body      gateway.Raw // the whole body, which is what templates look at
	Key       string      // the conversation key; "" for none
	Variables gateway.Raw // a JSON object; nil: none
	Context   gateway.Raw // a JSON object; nil: none
	Wait      gateway.Raw // a JSON object; nil: none. But for alias_path it is the API's to read
	Edited    gateway.Raw // a JSON object: the webhook as it is to be, for Run; nil: as it is. The API's to read
	// Trial is of a webhook as nobody has written it yet: what it fails with counts against no
	// breaker, and is not the webhook's error.
	Trial bool
	// Open opens that wait; nil: there is none. What promise gives for the wait's id (nil:
	// nothing) is to be stored with it, in one commit. It is called once the call is
	// admitted, and ctx ends when the call is given up.
	Open func(ctx context.Context, promise func(waitID string) *gateway.Change) (*gateway.Wait, error)

	// Free, where it is set, is told what gives the memory of a large answer back: that is
	// then to be called once, when the caller has been answered. It stays nil where
	// nothing is kept.
	Free *func()

	// Span is of who asks; nil: nobody said. RequestID is of the request that asked, for
	// the log; "" of a call that a former process had begun.
	Span      *gateway.SpanContext
	RequestID string

	alias *aliasPath
}

// Bounds of a request, in bytes. A pending call keeps all of it in the store, and
// its notice carries the context.
const (
	MaxContext = 256 << 10
	maxRequest = 2 << 20
)

// members are those that a request may have.
var members = [...]string{"conversation_key", "variables", "context", "wait", "webhook"}

// Read reads the body of a request for a call, strictly. It keeps the body's memory.
// No body at all is an empty one.
func Read(w *directory.Webhook, body []byte) (Request, error) {
	q := Request{Webhook: w, Body: body}
	if len(body) == 0 {
		q.Body = gateway.Raw("{}")
	}
	if len(body) > maxRequest {
		return q, gateway.Errorf(gateway.CodeTooLarge, "the body has over %d bytes", maxRequest)
	}
	document, err := mapping.Parse(typeJSON, q.Body)
	if err == nil && document.Body != mapping.JSON { // white space is not what a call is
		err = mapping.ErrInvalidJSON
	}
	if err != nil {
		if _, located := fields.Parse(q.Body); located != nil {
			err = located // it says where
		}
		return q, &gateway.Error{Code: gateway.CodeInvalidBody, Message: err.Error()}
	}
	q.Body = document.Raw // without a byte order mark
	root := gjson.ParseBytes(q.Body)
	if !root.IsObject() {
		return q, gateway.Invalid([]gateway.Fault{{Message: "the body must be an object"}})
	}
	var faults []gateway.Fault
	var seen [len(members)]bool
	root.ForEach(func(name, value gjson.Result) bool {
		rule := q.member(name.Str, value)
		if i := slices.Index(members[:], name.Str); i >= 0 {
			if seen[i] {
				rule = "is written twice"
			}
			seen[i] = true
		}
		if rule != "" && len(faults) < gateway.MaxFaults {
			faults = append(faults, gateway.Fault{Path: fields.Member("", name.Str), Message: rule})
		}
		return true
	})
	if q.Wait != nil {
		alias, more := readAlias(q.Wait)
		q.alias = alias
		faults = append(faults, gateway.Under("wait", more)...)
	}
	return q, gateway.Invalid(faults)
}

// member takes one member of the body; it gives the rule that it breaks.
func (q *Request) member(name string, value gjson.Result) (rule string) {
	var into *gateway.Raw
	switch name {
	case "conversation_key":
		return q.key(value)
	case "variables":
		into = &q.Variables
	case "context":
		into = &q.Context
	case "wait":
		into = &q.Wait
	case "webhook":
		into = &q.Edited
	default:
		if near := fields.Meant(name, members[:]); near != "" {
			return "is not a known field" + near
		}
		return "is not a known field: there are " + strings.Join(members[:], ", ")
	}
	switch {
	case value.Type == gjson.Null: // as good as absent
	case !value.IsObject():
		return "must be an object"
	case name == "context" && len(value.Raw) > MaxContext:
		return "has over " + strconv.Itoa(MaxContext) + " bytes of JSON"
	default:
		*into = gateway.Raw(value.Raw)
	}
	return ""
}

// key takes the conversation key; a number is its decimal text.
func (q *Request) key(value gjson.Result) (rule string) {
	kind := mapping.Missing
	switch value.Type {
	case gjson.Null:
		return ""
	case gjson.String:
		kind = mapping.String
	case gjson.Number:
		kind = mapping.Number
	}
	key, valid := mapping.KeyOf(mapping.Value{Kind: kind, Raw: []byte(value.Raw)})
	if !valid {
		return "must stand for a key of 1 to " + strconv.Itoa(gateway.MaxKey) + " bytes, without spaces or control characters"
	}
	q.Key = key
	return ""
}
