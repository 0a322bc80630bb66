package api

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// maxLinedUp is how many deliveries of one event a timeline looks at: an event can
// have a hundred thousand.
const maxLinedUp = 1000

// walk goes down a timeline from its newest line, or from where the last page ended.
// What became of an event stands with it, however late it came: first its deliveries
// from the newest, each behind its attempts from the last, then the event. So a page
// reads no more than it shows, wherever it begins; and what happens meanwhile comes
// above the place where the last page ended, so that no line is shown twice.
type walk struct {
	*conversations
	tenant, key string
	begin       place
	most        int // lines
	bytes       int // of all lines
	lines       []gateway.Trace
	size        int             // of the lines, in bytes
	last        place           // of the last line that was taken
	more        bool            // there is one that has no room
	seen        map[string]bool // deliveries: one that is a batch has several events
	above       map[string]bool // events: whether an earlier page has them
}

// down takes lines until the page is full.
func (w *walk) down() error {
	w.seen, w.above = map[string]bool{}, map[string]bool{}
	before := w.begin.Line
	if w.begin.part != "" {
		before.ID += "\x00" // the event itself is still to come
	}
	q := store.Timeline{Tenant: w.tenant, Before: before, Limit: w.most + 1}
	stored, err := linesOf(w.timelines, w.key, &q)
	if err != nil {
		return err
	}
	for _, t := range stored {
		at := place{Line: store.Line{At: t.At, ID: t.ID}}
		if t.Kind == "event" {
			if err := w.became(t, at); err != nil {
				return err
			}
		}
		if w.more || !w.take(t, at) {
			break
		}
	}
	return nil
}

// take adds a line, if there is room. A page has one line at least, whatever its size.
func (w *walk) take(line gateway.Trace, at place) bool {
	size := sizeOfTrace(line)
	if len(w.lines) == w.most || len(w.lines) > 0 && w.size+size > w.bytes {
		w.more = true
		return false
	}
	w.lines, w.size, w.last = append(w.lines, line), w.size+size, at
	return true
}

// became takes the lines of what became of an event.
func (w *walk) became(event gateway.Trace, at place) error {
	var ids []string
	err := w.events.EventDeliveries(w.tenant, event.ID, func(d gateway.EventDelivery) bool {
		ids = append(ids, d.ID)
		return len(ids) < maxLinedUp
	})
	if err != nil {
		return err
	}
	for _, id := range slices.Backward(ids) {
		below, left := w.begin.rest(at.Line, id)
		if !left || w.seen[id] {
			continue
		}
		w.seen[id] = true
		if err := w.delivery(event, at, id, below); err != nil || w.more {
			return err
		}
	}
	return nil
}

// delivery takes the lines of a delivery: its attempts with a number below one, and
// itself.
func (w *walk) delivery(event gateway.Trace, at place, id string, below int) error {
	bounds := gateway.AttemptBounds{Most: min(w.most-len(w.lines)+1, maxAttempts)}
	if below != allAttempts {
		bounds.Most = maxAttempts // those that were shown are read again
	}
	d, attempts, err := w.deliveries.ReadDelivery(w.tenant, id, bounds)
	if errors.Is(err, gateway.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if shown, err := w.shown(d, event.ID); err != nil || shown {
		return err
	}
	for _, a := range slices.Backward(attempts) {
		at.part = id + "/" + strconv.Itoa(a.Number)
		if a.Number < below && !w.take(attemptLine(event, d, &a), at) {
			return nil
		}
	}
	at.part = id
	w.take(deliveryLine(event, d), at)
	return nil
}

// shown tells whether a delivery of an event stands on an earlier page, with a newer
// event of the conversation that went in the same batch.
func (w *walk) shown(d *gateway.Delivery, event string) (bool, error) {
	if w.begin == (place{}) {
		return false, nil
	}
	for _, id := range d.EventIDs {
		if id == event || gateway.IDTime(gateway.PrefixEvent, id).Before(w.begin.At.Truncate(time.Millisecond)) {
			continue
		}
		above, err := w.isAbove(id)
		if err != nil || above {
			return above, err
		}
	}
	return false, nil
}

// isAbove tells whether an event is a line of an earlier page, or the one at which that
// page ended.
func (w *walk) isAbove(event string) (bool, error) {
	above, known := w.above[event]
	if known {
		return above, nil
	}
	at := gateway.IDTime(gateway.PrefixEvent, event)
	q := store.Timeline{Tenant: w.tenant, Since: at, Before: store.Line{At: at.Add(time.Millisecond)}}
	lines, err := linesOf(w.timelines, w.key, &q)
	if err != nil {
		return false, err
	}
	above = slices.ContainsFunc(lines, func(t gateway.Trace) bool {
		return t.ID == event && !store.Line{At: t.At, ID: t.ID}.Less(w.begin.Line)
	})
	w.above[event] = above
	return above, nil
}
