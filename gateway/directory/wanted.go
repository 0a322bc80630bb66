package directory

import (
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// wanted is one entry of event_types.
type wanted struct {
	eventType string
	kind      string // of a message; "": any
}

const (
	maxEventTypes = 100
	allTypes      = "*"
	messageType   = "message"
)

// compileWants reads event_types; none listed, or "*" among them, is everything.
func compileWants(list []string, f *faults) (all []wanted) {
	if len(list) > maxEventTypes {
		f.add("event_types", "has %d: at most %d", len(list), maxEventTypes)
		return nil
	}
	for i, text := range list {
		place := fields.Index("event_types", i)
		eventType, kind, hasKind := strings.Cut(text, "/")
		switch {
		case slices.Contains(list[:i], text):
			f.add(place, "is there twice")
		case text == allTypes:
		case !gateway.IsEventType(eventType) || hasKind && !gateway.IsEventType(kind):
			f.add(place, `must be a type of 1 to 64 characters of a-z, 0-9, ".", "_" and "-", a message with its kind as message/text, or "*"`)
		case hasKind && eventType != messageType:
			f.add(place, "has a kind, which only messages have: write %s", eventType)
		}
		all = append(all, wanted{eventType, kind})
	}
	if slices.Contains(list, allTypes) {
		return nil
	}
	return all
}

// Wants says whether events of a type go to the endpoint; kind is that of a
// message, else "".
func (e *Endpoint) Wants(eventType, kind string) bool {
	for i := range e.wants {
		if w := &e.wants[i]; w.eventType == eventType && (w.kind == "" || w.kind == kind) {
			return true
		}
	}
	return len(e.wants) == 0
}
