package api

import (
	"bytes"
	"cmp"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
	"hookgate/gateway/fields"
	"hookgate/gateway/waiting"
)

// waitBody is the body that opens a wait (SPEC 6). The last three are taken from
// the bytes, as they were written.
type waitBody struct {
	Source          string       `json:"source"`
	ConversationKey *string      `json:"conversation_key"`
	ConversationURL *string      `json:"conversation_url"`
	TimeoutSeconds  *int         `json:"timeout_seconds"`
	Mode            gateway.Mode `json:"mode"`
	Aliases         []string     `json:"aliases"`
	Match           gateway.Raw  `json:"match"`
	Variables       gateway.Raw  `json:"variables"`
	Context         gateway.Raw  `json:"context"`
}

// readWait reads and checks the request for a wait.
func readWait(c *call) (q waiting.OpenRequest, err error) {
	tree, raw, err := c.body()
	if err != nil {
		return q, err
	}
	if q.IdempotencyKey, err = c.idempotencyKey(); err != nil {
		return q, err
	}
	if q.IdempotencyKey != "" {
		q.Sum = gateway.NewMarkKey(gateway.MarkOpen, raw)
	}
	q.Span = edge.SpanOf(c.ctx)
	var b waitBody
	if err := gateway.Invalid(b.read(tree, raw, &q, gateway.ModeHold)); err != nil {
		return q, err
	}
	return q, b.settle(c.tenant, &q)
}

// read reads the body that asks for a wait, and sets q from it. What b has already
// holds where the body says nothing, and so does mode.
func (b *waitBody) read(tree any, raw []byte, q *waiting.OpenRequest, mode gateway.Mode, options ...fields.Option) []gateway.Fault {
	faults := fields.Decode(tree, b, options...)
	b.Mode = cmp.Or(b.Mode, mode)
	faults = b.check(faults, q)
	if q.Context = written(raw, "context"); len(q.Context) > gateway.MaxContext {
		faults = append(faults, gateway.Fault{Path: "context", Message: "has over " + strconv.Itoa(gateway.MaxContext) + " bytes of JSON"})
	}
	if q.Match, q.Variables = written(raw, "match"), written(raw, "variables"); len(q.Match)+len(q.Variables) > gateway.MaxRules {
		faults = append(faults, gateway.Fault{Path: "match", Message: "has, with variables, over " + strconv.Itoa(gateway.MaxRules) + " bytes of JSON: give the source rules of that size"})
	}
	return faults
}

// settle finds what a wait needs of its tenant.
func (b *waitBody) settle(of *directory.Tenant, q *waiting.OpenRequest) error {
	if q.Source = of.Source(b.Source); q.Source == nil || !q.Source.Enabled {
		return errNoSource
	}
	if q.Mode == gateway.ModeNotify && of.Platform == nil {
		return gateway.Errorf(gateway.CodePlatformNotConfigured, "mode notify needs a platform with a url, which the tenant has not")
	}
	return nil
}

// check sets q from the body's single members, and adds to their faults.
func (b *waitBody) check(found []gateway.Fault, q *waiting.OpenRequest) []gateway.Fault {
	f := &faults{found}
	b.checkNames(f, q)
	seconds := gateway.DefaultWaitSeconds
	if b.TimeoutSeconds != nil {
		seconds = *b.TimeoutSeconds
	}
	if seconds < 1 || seconds > gateway.MaxWaitSeconds {
		f.add("timeout_seconds", "must be a whole number from 1 to "+strconv.Itoa(gateway.MaxWaitSeconds))
	}
	q.Timeout = time.Duration(seconds) * time.Second
	switch q.Mode = b.Mode; q.Mode {
	case gateway.ModeHold, gateway.ModeNotify, gateway.ModePoll:
	default:
		f.add("mode", "must be hold, notify or poll")
	}
	if b.Source == "" {
		f.add("source", "is missing")
	}
	return f.list
}

// checkNames sets the key and the aliases.
func (b *waitBody) checkNames(f *faults, q *waiting.OpenRequest) {
	switch {
	case b.ConversationKey != nil:
		q.Key = f.key("conversation_key", *b.ConversationKey)
	case b.ConversationURL == nil:
		f.add("conversation_key", "is missing: set it, or conversation_url")
	}
	if b.ConversationURL != nil {
		if k := f.key("conversation_url", *b.ConversationURL); q.Key == "" {
			q.Key = k
		} else {
			q.Aliases = append(q.Aliases, k) // both are given: two names of one conversation
		}
	}
	most := gateway.MaxAliases - 1
	if len(b.Aliases) <= most {
		for i, alias := range b.Aliases {
			q.Aliases = append(q.Aliases, f.key(fields.Index("aliases", i), alias))
		}
	}
	if len(q.Aliases) > most || len(b.Aliases) > most { // what is there very often is not looked at one by one
		f.add("aliases", "are over "+strconv.Itoa(most)+", conversation_url counted where conversation_key is set too")
	}
}

// written gives a member of the body in the bytes in which it was written; none
// and null are nil.
func written(body []byte, member string) gateway.Raw {
	if v := gjson.GetBytes(body, member); v.Exists() && v.Type != gjson.Null {
		return gateway.Raw(bytes.Clone([]byte(v.Raw)))
	}
	return nil
}
