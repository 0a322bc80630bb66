package api_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/api"
)

// line is a line of a timeline as it is shown.
type line struct{ At, Kind, ID string }

// timelinePage is one page of a timeline, and the cursor of the one before it.
func (k *kit) timelinePage(key, query string) (lines []line, next string) {
	k.t.Helper()
	g := k.want(200, "GET", v1Acme+"/conversations/"+url.PathEscape(key)+"?"+query, "")
	var page struct {
		Data []line
		Next string `json:"next_cursor"`
	}
	k.must(json.Unmarshal([]byte(g.text), &page))
	if !slices.IsSortedFunc(page.Data, func(a, b line) int { return strings.Compare(a.At, b.At) }) {
		k.t.Errorf("a page is not in the order of time: %s", g.text)
	}
	return page.Data, page.Next
}

// timelinePages reads a timeline from its newest page to its oldest.
func (k *kit) timelinePages(key, query string, most int) (ids []string) {
	k.t.Helper()
	for cursor := ""; ; {
		page, next := k.timelinePage(key, query+cursor)
		if len(page) > most || len(page) < most && next != "" {
			k.t.Fatalf("a page of %d lines, of %d, and then %q", len(page), most, next)
		}
		for _, l := range page {
			ids = append(ids, l.ID)
		}
		if next == "" {
			return ids
		}
		if len(ids) > 10_000 {
			k.t.Fatal("the pages have no end")
		}
		cursor = "&cursor=" + next
	}
}

// past makes a conversation in which much happened: callbacks, and events with deliveries
// that were tried often, late, and in batches. It gives the ids of all its lines.
func (k history) past(random *rand.Rand, key string, events int) (ids []string) {
	k.t.Helper()
	start := time.Now().UTC().Truncate(time.Millisecond).Add(-48 * time.Hour)
	var batch []string
	for i := range events {
		at := start.Add(time.Duration(random.IntN(3)+2*i) * time.Millisecond) // some in one millisecond
		e := gateway.Event{ID: gateway.NewID(gateway.PrefixEvent, at), Tenant: "acme", Type: "message", ConversationKey: key, AcceptedAt: at, Body: gateway.Raw(`{}`)}
		p := &gateway.Publication{Events: []gateway.Event{e}, Traces: []gateway.Trace{{Tenant: "acme", Key: key, At: at, Kind: "event", ID: e.ID}}}
		if random.IntN(2) == 0 {
			callback := gateway.NewID(gateway.PrefixCallback, at)
			p.Traces = append(p.Traces, gateway.Trace{Tenant: "acme", Key: key, At: at, Kind: "callback", ID: callback})
			ids = append(ids, callback)
		}
		ids, batch = append(ids, e.ID), append(batch, e.ID)
		k.must(k.store.Accept(p))
		if random.IntN(3) == 0 {
			ids = append(ids, k.sent(random, key, at, batch)...)
			batch = batch[:0]
		}
	}
	return ids
}

// sent makes a delivery of these events that was tried several times, some of them when
// later events had happened.
func (k history) sent(random *rand.Rand, key string, at time.Time, events []string) (ids []string) {
	k.t.Helper()
	d := gateway.Delivery{
		ID: gateway.NewID(gateway.PrefixDelivery, at), Tenant: "acme", Endpoint: "crm", EventIDs: slices.Clone(events), EventType: "message",
		ConversationKey: key, State: gateway.DeliveryPending, CreatedAt: at, NextAttemptAt: at,
	}
	k.must(k.store.Accept(&gateway.Publication{Deliveries: []gateway.Delivery{d}}))
	for n := range random.IntN(6) {
		d.State, d.Attempts, d.NextAttemptAt = gateway.DeliveryRetrying, n+1, d.NextAttemptAt.Add(time.Hour)
		tried := &gateway.Attempt{Number: n + 1, At: at.Add(time.Duration(n*random.IntN(20)) * time.Millisecond), Status: 500, Error: "5xx"}
		k.must(k.store.Settle(&d, tried))
		ids = append(ids, fmt.Sprint(d.ID, "/", n+1))
	}
	return append(ids, d.ID)
}

// Wherever the pages of a timeline end, they have all its lines, each once.
func TestTimelinePagesLoseNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 9))
	k := withAcme(t)
	want := history{k}.past(random, "c", 60)
	slices.Sort(want)
	for _, most := range []int{1, 2, 3, 7, 50, 1000} {
		got := k.timelinePages("c", fmt.Sprint("limit=", most), most)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d have %d lines, want %d: %q", most, len(got), len(want), got)
		}
	}
}

// What happens while somebody pages is on no page further back, and moves no line.
func TestTimelinePagesStand(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	k := withAcme(t)
	want := history{k}.past(random, "c", 30)
	page, next := k.timelinePage("c", "limit=5")
	var got []string
	for next != "" && len(got) < 10_000 {
		for _, l := range page {
			got = append(got, l.ID)
		}
		now := time.Now()
		e := gateway.Event{ID: gateway.NewID(gateway.PrefixEvent, now), Tenant: "acme", Type: "message", ConversationKey: "c", AcceptedAt: now, Body: gateway.Raw(`{}`)}
		k.must(k.store.Accept(&gateway.Publication{Events: []gateway.Event{e}, Traces: []gateway.Trace{{Tenant: "acme", Key: "c", At: now, Kind: "event", ID: e.ID}}}))
		page, next = k.timelinePage("c", "limit=5&cursor="+next)
	}
	for _, l := range page {
		got = append(got, l.ID)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d: %q", len(got), len(want), got)
	}
}

// A page that is full in bytes ends early, and the next goes on right there.
func TestTimelineEndsEarly(t *testing.T) {
	const most = 4 << 10
	k := withAcme(t, bounded(most))
	want := history{k}.past(rand.New(rand.NewPCG(1, 2)), "c", 60)
	got := k.walk(v1Acme+"/conversations/c?limit=1000", most)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d: %q", len(got), len(want), got)
	}
}

// A cursor that no timeline gave out is refused, whatever it would lead to.
func TestTimelineCursorOfNobody(t *testing.T) {
	k := withAcme(t)
	history{k}.past(rand.New(rand.NewPCG(1, 2)), "c", 3)
	evt, dlv := gateway.NewID(gateway.PrefixEvent, time.Now()), gateway.NewID(gateway.PrefixDelivery, time.Now())
	for _, text := range []string{
		"x", "1", "1 " + evt, "x " + evt + " ", "1  ", "1 " + evt + " x", "1 " + evt + " " + dlv + "/", "1 " + evt + " " + dlv + "/0", "1 " + evt + " " + dlv + "/01",
		"1 " + evt + " " + dlv + "/1 ", "1 x\x00 ", "01 " + evt + " ", "1 cb_x " + dlv,
	} {
		g := k.do("GET", v1Acme+"/conversations/c?cursor="+cursorOf(text), "")
		if g.code() != "invalid_cursor" {
			t.Errorf("%q: %d %s", text, g.status, g.text)
		}
	}
	for _, text := range []string{"1 " + evt + " ", "1 " + evt + " " + dlv, "1 " + evt + " " + dlv + "/1"} {
		k.want(200, "GET", v1Acme+"/conversations/c?cursor="+cursorOf(text), "")
	}
	if g := k.do("GET", v1Acme+"/conversations/c?cursor=!", ""); g.code() != "invalid_cursor" {
		t.Errorf("no base64: %d %s", g.status, g.text)
	}
}

// countedEvents and countedDeliveries count what is read.
type (
	storedEvents     = api.Events
	storedDeliveries = api.Deliveries
)

type countedEvents struct {
	storedEvents
	reads int
}

type countedDeliveries struct {
	storedDeliveries
	reads int
}

func (c *countedEvents) EventDeliveries(tenant, id string, visit func(gateway.EventDelivery) bool) error {
	c.reads++
	return c.storedEvents.EventDeliveries(tenant, id, visit)
}

func (c *countedDeliveries) ReadDelivery(tenant, id string, most gateway.AttemptBounds) (*gateway.Delivery, []gateway.Attempt, error) {
	c.reads++
	return c.storedDeliveries.ReadDelivery(tenant, id, most)
}

// A page of a long timeline costs what it shows, wherever it begins.
func TestTimelinePagesCostTheSame(t *testing.T) {
	const events, most = 2000, 100 // each with a delivery and three callbacks: 10,000 lines
	var e countedEvents
	var d countedDeliveries
	k := withAcme(t, func(o *api.Options) {
		e.storedEvents, d.storedDeliveries = o.Events, o.Deliveries
		o.Events, o.Deliveries = &e, &d
	})
	start := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Hour)
	p := &gateway.Publication{}
	line := func(kind, prefix string, at time.Time) string {
		id := gateway.NewID(prefix, at)
		p.Traces = append(p.Traces, gateway.Trace{Tenant: "acme", Key: "c", At: at, Kind: kind, ID: id})
		return id
	}
	for i := range events {
		at := start.Add(time.Duration(i) * time.Millisecond)
		event := line("event", gateway.PrefixEvent, at)
		for range 3 {
			line("callback", gateway.PrefixCallback, at)
		}
		p.Events = append(p.Events, gateway.Event{ID: event, Tenant: "acme", Type: "message", ConversationKey: "c", AcceptedAt: at, Body: gateway.Raw(`{}`)})
		p.Deliveries = append(p.Deliveries, gateway.Delivery{
			ID: gateway.NewID(gateway.PrefixDelivery, at), Tenant: "acme", Endpoint: "crm", EventIDs: []string{event}, EventType: "message",
			ConversationKey: "c", State: gateway.DeliveryPending, CreatedAt: at, NextAttemptAt: at,
		})
	}
	k.must(k.store.Accept(p))
	lines := 0
	for cursor := ""; ; {
		e.reads, d.reads = 0, 0
		page, next := k.timelinePage("c", fmt.Sprint("limit=", most, cursor))
		if lines += len(page); e.reads+d.reads > most {
			t.Fatalf("the page that ends with line %d reads %d things", lines, e.reads+d.reads)
		}
		if next == "" {
			break
		}
		cursor = "&cursor=" + next
	}
	if lines != 5*events {
		t.Errorf("%d lines, want %d", lines, 5*events)
	}
}
