package pebblestore

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// The line of an event in its conversation's timeline says nothing that the event itself does
// not, and events are found by their conversation anyway. So an event that is Lined has no
// record of its line: that is one key less of five for each that is accepted, and a sixth of
// what a publish writes. Events of format 4 have such records.

// linedByID tells whether a timeline finds the line of an event in its place: it goes by ids,
// which begin with the millisecond of the event.
func linedByID(v *gateway.Event) bool {
	u, ok := gateway.ParseID(gateway.PrefixEvent, v.ID)
	return !ok || v.ConversationKey != "" && v.AcceptedAt.UnixMilli() == int64(ulid.ULID(u).Time()) // what is no id fails as it is put
}

// putLinedApart puts an event with a record of its line.
func putLinedApart(b *batch, v *gateway.Event) {
	apart := *v
	apart.Lined = false
	putEvent(b, &apart)
	if line := v.Line(); line.Key != "" {
		putTrace(b, &line)
	}
}

// eventLines gives the lines of events that a timeline asks for, the newest first.
func (s *timelines) eventLines(of store.Timeline) ([]gateway.Trace, error) {
	of.Names = slices.DeleteFunc(slices.Clone(of.Names), func(name string) bool { return name == "" })
	if len(of.Names) == 0 {
		return nil, nil
	}
	q := store.Query{Tenant: of.Tenant, Conversation: of.Names, Since: of.Since, Until: of.Before.At, Rows: 1 << 30}
	if of.Before == (store.Line{}) {
		q.Until = time.Time{}
	}
	e := eventLines{Timeline: of}
	_, err := s.look(q, gateway.PrefixEvent, func(l *list) (string, error) {
		place, err := l.places(kindEvent)
		if err != nil {
			return "", err
		}
		return l.run(l.within(l.facets(&s.later.events), place), e.visit)
	})
	gateway.Sort(e.list, newerLine)
	return e.list, err
}

// eventLines reads them.
type eventLines struct {
	store.Timeline
	list []gateway.Trace
}

// visit takes the line of an event. Within a millisecond ids are in another order than lines:
// so it takes all of the last one.
func (e *eventLines) visit(_ byte, u ulid.ULID, value []byte) (more bool, err error) {
	if n := len(e.list); e.Limit > 0 && n >= e.Limit && int64(ulid.ULID(u).Time()) < e.list[n-1].At.UnixMilli() {
		return false, nil
	}
	v, err := record.DecodeEvent(e.Tenant, u[:], value)
	if err != nil || !v.Lined || !slices.Contains(e.Names, v.ConversationKey) {
		return err == nil, err
	}
	at := store.Line{At: v.AcceptedAt, ID: v.ID}
	if !v.AcceptedAt.Before(e.Since) && (e.Before == (store.Line{}) || at.Less(e.Before)) {
		e.list = append(e.list, v.Line())
	}
	return true, nil
}

// newerLine is the order of a timeline.
func newerLine(a, b gateway.Trace) int {
	return cmp.Or(b.At.Compare(a.At), strings.Compare(b.ID, a.ID))
}
