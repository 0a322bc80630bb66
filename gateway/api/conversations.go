package api

import (
	"net/http"
	"slices"
	"time"

	"hookgate/gateway"
)

// Timelines has what happened in conversations.
type Timelines interface {
	Timeline(tenant, key string, since time.Time, most int) ([]gateway.Trace, error)
}

// conversations are the timelines of conversations.
type conversations struct {
	timelines  Timelines
	events     Events
	deliveries Deliveries
}

// get shows the timeline of a conversation, by any of its keys,
// newest last (SPEC 4, 14). A key that nobody used has an empty one.
func (h *conversations) get(c *call) (answer, error) {
	most, err := c.query().limit()
	if err != nil {
		return answer{}, err
	}
	var lines []gateway.Trace
	if key, ok := gateway.Key(c.params.id); ok {
		if lines, err = h.timelines.Timeline(c.params.tenant, key, time.Time{}, most); err != nil {
			return answer{}, err
		}
		if lines, err = h.timeline(lines, most); err != nil {
			return answer{}, err
		}
	}
	return showLines(c, lines)
}

// showLines answers with lines, the newest last: with those that fit into an answer of
// a list. A line has a few hundred bytes.
func showLines(c *call, lines []gateway.Trace) (answer, error) {
	size := tail
	for i, line := range slices.Backward(lines) {
		if size += sizeOfTrace(line); size > c.listAnswer {
			lines = lines[i+1:]
			break
		}
	}
	t := c.wholeItem()
	t.room(min(size, c.listAnswer))
	t.raw(`{"data":[`)
	for i, line := range lines {
		if i > 0 {
			t.raw(",")
		}
		t.append(sizeOfTrace(line), func(dst []byte) []byte { return appendTrace(dst, line) })
	}
	t.raw(`],"next_cursor":null}`)
	return t.answer(http.StatusOK)
}

// sizeOfTrace is no less than what appendTrace appends, and a comma.
func sizeOfTrace(t gateway.Trace) int { return 96 + 6*len(t.ID) + len(t.Data) }

// appendTrace appends {at, kind, id, …}: the rest is the trace's own members.
func appendTrace(dst []byte, t gateway.Trace) []byte {
	dst = append(dst, `{"at":`...)
	dst = gateway.Time{Time: t.At}.AppendJSON(dst)
	dst = append(dst, `,"kind":`...)
	dst = gateway.AppendString(dst, t.Kind)
	dst = append(dst, `,"id":`...)
	dst = gateway.AppendString(dst, t.ID)
	if len(t.Data) <= len("{}") {
		return append(dst, '}')
	}
	dst = append(dst, ',')
	return append(dst, t.Data[1:]...)
}
