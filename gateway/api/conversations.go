package api

import (
	"net/http"
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// Timelines has what happened in conversations.
type Timelines interface {
	// Timeline gives the lines of the conversation that has key that are asked for,
	// whatever names it has, the newest first.
	Timeline(key string, q store.Timeline) ([]gateway.Trace, error)
}

// conversations are the timelines of conversations.
type conversations struct {
	timelines  Timelines
	events     Events
	deliveries Deliveries
}

// get shows the timeline of a conversation, by any of its keys, newest last (SPEC 4,
// 14); the next page has what was before (SPEC 15). A key that nobody used has an empty
// one.
func (h *conversations) get(c *call) (answer, error) {
	p, err := c.askedPage(isPlace)
	if err != nil {
		return answer{}, err
	}
	w := &walk{conversations: h, tenant: c.params.tenant, begin: placeOf(p.after), most: p.limit, bytes: c.listAnswer - tail}
	if key, ok := gateway.Key(c.params.id); ok {
		w.key = key
		if err := w.down(); err != nil {
			return answer{}, err
		}
	}
	return w.show(c)
}

// show answers with the lines of a page in the order of time, the newest last.
func (w *walk) show(c *call) (answer, error) {
	slices.Reverse(w.lines)
	gateway.SortStable(w.lines, func(a, b gateway.Trace) int { return a.At.Compare(b.At) })
	t := c.wholeItem()
	t.room(w.size + tail)
	t.raw(`{"data":[`)
	for i, line := range w.lines {
		if i > 0 {
			t.raw(",")
		}
		t.append(sizeOfTrace(line), func(dst []byte) []byte { return appendTrace(dst, line) })
	}
	if w.more {
		t.raw(`],"next_cursor":"` + cursorOf(w.last.String()) + `"}`)
	} else {
		t.raw(`],"next_cursor":null}`)
	}
	return t.answer(http.StatusOK)
}
