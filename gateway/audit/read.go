package audit

import (
	"fmt"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// Reader reads lines: see Store.
type Reader interface {
	Lines(q store.Query, visit func(gateway.AuditLine) (more bool)) (next string, err error)
}

// Question asks for lines, newest first. What is zero asks for nothing.
type Question struct {
	Seen   string // only what this tenant is shown
	Tenant string // that it is about
	Actor  string // its id, name or kind
	Object string // it, or what lies below it
	Action Action
	Since  time.Time
	Until  time.Time
	Before string // only ids below this one
	Rows   int    // how many lines are looked at
}

// ActionWords lists the words of all actions.
func ActionWords() (words []string) {
	for _, a := range Actions {
		words = append(words, string(a))
	}
	return words
}

// Read visits the lines that may be asked for, and says of each whether it is: who looks
// for few among many must be able to rest between. next is where to go on, "" at the end.
func Read(from Reader, ask Question, visit func(line gateway.AuditLine, fits bool) (more bool)) (next string, err error) {
	q := store.Query{Tenant: ask.Seen, Since: ask.Since, Until: ask.Until, Before: ask.Before, Rows: ask.Rows}
	if q.Tenant == "" {
		q.Tenant = ask.Tenant // whose lines are all among those that it is shown
	}
	var fault error
	next, err = from.Lines(q, func(stored gateway.AuditLine) bool {
		line, bad := Decode(stored)
		if bad != nil {
			fault = fmt.Errorf("reading %s of the audit: %w", stored.ID, bad)
			return false
		}
		return visit(stored, ask.fits(&line))
	})
	if fault != nil {
		return "", fault
	}
	return next, err
}

func (q *Question) fits(l *Line) bool {
	return (q.Tenant == "" || l.Tenant == q.Tenant) && (q.Action == "" || l.Action == q.Action) &&
		(q.Actor == "" || q.Actor == l.Actor.ID || q.Actor == l.Actor.Name || q.Actor == l.Actor.Kind) &&
		(q.Object == "" || q.Object == l.Object || strings.HasPrefix(l.Object, q.Object+"/"))
}
