package promises

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
)

// A checker that finds nothing proves nothing. made is a history that breaks no
// law; TestCheckFinds breaks each law in it, one way after the other.
type made struct {
	*History
	plain, early, outage, cut, named *Conversation
	w1, w2, w3, w5, w6, w7, w8       *gatewaytest.Wait // as they ended
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// at is a moment of the made history, in milliseconds.
func at(millis int) time.Time { return noon.Add(time.Duration(millis) * ms) }

func span(begin, end int) Span { return Span{Begin: at(begin), End: at(end)} }

func cut(begin, end int) Span { return Span{Begin: at(begin), End: at(end), Lost: true} }

func cbID(millis int) string { return gateway.NewID(gateway.PrefixCallback, at(millis)) }

func newWait(id string, a *Ask, created int) *gatewaytest.Wait {
	return &gatewaytest.Wait{
		ID: id, Tenant: "acme", State: waiting, Context: json.RawMessage(fmt.Sprintf(`{"ask":%q}`, a.ID)),
		CreatedAt: at(created), ExpiresAt: at(created).Add(a.Timeout),
	}
}

func ended(w *gatewaytest.Wait, state, reason string, millis int) *gatewaytest.Wait {
	e := *w
	e.State, e.Branch, e.Reason, e.EndedAt = state, "FAILURE", reason, at(millis)
	return &e
}

func resumed(w *gatewaytest.Wait, m *Message, id string, received, millis int) *gatewaytest.Wait {
	e := *w
	e.State, e.Branch, e.Match, e.EndedAt = "resumed", "SUCCESS", m.Type, at(millis)
	e.Variables = map[string]json.RawMessage{"amount": json.RawMessage(fmt.Sprint(m.Amount))}
	e.Callback = &gatewaytest.Callback{ID: id, ReceivedAt: at(received), Body: json.RawMessage(fmt.Sprintf(`{"n":%q}`, m.N))}
	return &e
}

func paid(n string) *Message { return &Message{N: n, ID: "id-" + n, Type: Paid, Amount: 7} }

func answered(s Span, m *Message, status int, outcome, callback, wait string) *Send {
	return &Send{Span: s, Message: m, Status: status, Taken: gatewaytest.Taken{Outcome: outcome, CallbackID: callback, WaitID: wait}}
}

func (m *made) opened(c *Conversation, s Span, a *Ask, status int, w *gatewaytest.Wait) {
	m.Opened(c, &Open{Span: s, Ask: a, Status: status, ID: w.ID, Wait: w})
}

func (m *made) got(c *Conversation, s Span, id string, w *gatewaytest.Wait) {
	m.Viewed(c, &View{Span: s, ID: id, From: "GET", Wait: w})
}

func (m *made) told(c *Conversation, millis int, id string, w *gatewaytest.Wait) {
	m.Noticed(c, &Notice{
		At: at(millis), WebhookID: id, Signed: true, Digest: id, Wait: w, Notice: gatewaytest.Notice{ID: id, Type: "wait." + w.State},
	})
}

// The gateway of the made history lives from 0 to 3000, and again from 20000 on.
func newMade() *made {
	h := NewHistory()
	h.Up(at(0))
	h.Down(at(3000))
	h.Up(at(20000))
	m := &made{
		History: h, plain: h.Conversation("plain", time.Minute), early: h.Conversation("early", time.Minute),
		outage: h.Conversation("outage", time.Minute), cut: h.Conversation("cut", time.Minute),
		named: h.Conversation("named", time.Minute),
	}
	m.makePlain()
	m.makeEarly()
	m.makeOutage()
	m.makeCut()
	m.makeNamed()
	return m
}

// makePlain: a wait is resumed, one times out, one is cancelled.
func (m *made) makePlain() {
	c := m.plain
	a1 := &Ask{ID: "a1", IdempotencyKey: "k1", Mode: "notify", Timeout: time.Minute}
	w1, m1, cb1 := newWait("w1", a1, 15), paid("m1"), cbID(101)
	m.w1 = resumed(w1, m1, cb1, 101, 105)
	m.opened(c, span(10, 20), a1, 201, w1)
	m.opened(c, span(30, 40), a1, 201, w1)
	m.Sent(c, answered(span(100, 110), m1, 200, "resumed", cb1, "w1"))
	m.Sent(c, answered(span(120, 125), m1, 200, "duplicate", cb1, "w1"))
	m.told(c, 130, "evt_1", m.w1)
	m.told(c, 180, "evt_1", m.w1)
	m.Sent(c, answered(span(200, 205), paid("m2"), 409, "already_resumed", cbID(201), "w1"))
	m.got(c, span(210, 215), "w1", m.w1)

	a2 := &Ask{ID: "a2", Mode: "poll", Timeout: time.Second}
	w2, late, cb4 := newWait("w2", a2, 305), paid("m4"), cbID(1501)
	m.w2 = ended(w2, "timed_out", "timeout", 1306)
	m.opened(c, span(300, 310), a2, 201, w2)
	m.Opened(c, &Open{Span: span(320, 325), Ask: &Ask{ID: "a2b", Mode: "poll"}, Status: 409, Code: "wait_exists", ID: "w2"})
	m.Sent(c, answered(span(400, 405), &Message{N: "m3", ID: "id-m3", Type: Noise}, 200, "ignored", cbID(401), "w2"))
	m.got(c, span(1400, 1405), "w2", m.w2)
	m.Sent(c, answered(span(1500, 1505), late, 410, "late", cb4, "w2"))
	m.Noticed(c, lateNotice(1510, "evt_4", late, cb4, 1501))

	a3 := &Ask{ID: "a3", Mode: "poll", Timeout: time.Minute}
	w3 := newWait("w3", a3, 2005)
	m.w3 = ended(w3, "cancelled", "cancelled", 2105)
	m.opened(c, span(2000, 2010), a3, 201, w3)
	m.Cancelled(c, &Cancel{Span: span(2100, 2110), ID: "w3", Status: 200}, m.w3)
	m.Cancelled(c, &Cancel{Span: span(2120, 2125), ID: "w3", Status: 409}, nil)
}

func lateNotice(millis int, id string, m *Message, callback string, received int) *Notice {
	return &Notice{
		At: at(millis), WebhookID: id, Signed: true, Digest: id, Notice: gatewaytest.Notice{ID: id, Type: "callback.late"},
		Callback: &gatewaytest.Callback{ID: callback, ReceivedAt: at(received), Body: json.RawMessage(fmt.Sprintf(`{"n":%q}`, m.N))},
	}
}

// makeEarly: a callback is parked and taken by the next wait.
func (m *made) makeEarly() {
	c, p, cb := m.early, paid("p1"), cbID(101)
	m.Sent(c, answered(span(100, 110), p, 202, "parked", cb, ""))
	m.Sent(c, answered(span(120, 125), p, 200, "duplicate", cb, ""))
	a5 := &Ask{ID: "a5", Mode: "hold", Timeout: time.Minute}
	m.w5 = resumed(newWait("w5", a5, 210), p, cb, 101, 211)
	m.opened(c, span(200, 260), a5, 200, m.w5)
}

// makeOutage: a wait's deadline passes while the gateway is down.
func (m *made) makeOutage() {
	c := m.outage
	a6 := &Ask{ID: "a6", Mode: "poll", Timeout: time.Second}
	w6 := newWait("w6", a6, 2505)
	m.w6 = ended(w6, "timed_out", "timeout", 20050)
	m.opened(c, span(2500, 2510), a6, 201, w6)
	m.got(c, span(20100, 20105), "w6", m.w6)
}

// makeCut: the kill takes the answers of an open and of a callback with it, which
// were both done, and of a callback that was not.
func (m *made) makeCut() {
	c := m.cut
	a7 := &Ask{ID: "a7", Mode: "poll", Timeout: time.Minute}
	w7, m7, cb7 := newWait("w7", a7, 2905), paid("m7"), cbID(2992)
	m.w7 = resumed(w7, m7, cb7, 2992, 2994)
	m.Opened(c, &Open{Span: cut(2900, 3001), Ask: a7})
	m.Sent(c, &Send{Span: cut(2990, 3001), Message: m7})
	m8 := paid("m8")
	m.Sent(c, &Send{Span: cut(2998, 3001), Message: m8})
	m.got(c, span(20100, 20105), "w7", m.w7)
	m.Sent(c, answered(span(20110, 20115), m7, 200, "duplicate", cb7, "w7"))
	m.Sent(c, answered(span(20120, 20125), m8, 409, "already_resumed", cbID(20121), "w7"))
}

// makeNamed: a callback is parked under a name that nobody knows, while a wait is
// open; when the name is learned, it resumes the wait.
func (m *made) makeNamed() {
	c, p, cb := m.named, paid("p8"), cbID(151)
	p.Key = "named-x"
	a8 := &Ask{ID: "a8", Mode: "poll", Timeout: time.Minute}
	w8 := newWait("w8", a8, 105)
	m.w8 = resumed(w8, p, cb, 151, 202)
	m.opened(c, span(100, 110), a8, 201, w8)
	m.Sent(c, answered(span(150, 155), p, 202, "parked", cb, ""))
	m.Learned(c, &Named{Span: cut(160, 190), Names: []string{"named-x"}})
	m.Learned(c, &Named{Span: span(200, 205), Names: []string{"named-x", "named-y"}})
	m.got(c, span(300, 305), "w8", m.w8)
}

func laws(found []Violation) (names []string) {
	for _, v := range found {
		names = append(names, v.Law)
	}
	return names
}

func TestCheckFindsNothingInAGoodHistory(t *testing.T) {
	m := newMade()
	for _, v := range m.Check(true, m.Names()...) {
		t.Error(v)
	}
}

func TestCheckFinds(t *testing.T) {
	for _, c := range breaks {
		t.Run(c.law+"/"+c.what, func(t *testing.T) {
			m := newMade()
			c.broken(m)
			found := laws(m.Check(true, m.Names()...))
			if !slices.Contains(found, c.law) {
				t.Errorf("found %q, want %q", found, c.law)
			}
		})
	}
}

// breaks is the ways to break the laws.
var breaks = []struct {
	law, what string
	broken    func(*made)
}{
	{"kept", "a wait that is gone", func(m *made) { m.got(m.plain, span(300, 305), "w1", nil) }},
	{"kept", "an outcome that is gone", func(m *made) {
		m.got(m.plain, span(300, 305), "w1", newWait("w1", m.plain.Opens[0].Ask, 15))
	}},
	{"kept", "a resume that was said and not done", func(m *made) {
		m.Sent(m.plain, answered(span(2050, 2055), paid("x"), 200, "resumed", cbID(2051), "w3"))
	}},
	{"kept", "a wait that an answer named and nobody ever saw", func(m *made) { m.plain.Sends[2].WaitID = "w99" }},
	{"kept", "a named wait that was not there when asked for", func(m *made) { m.got(m.plain, span(300, 305), "w99", nil) }},
	{"kept", "a cancel that did not find its wait", func(m *made) { m.plain.Cancels[1].Status = 404 }},
	{"one outcome", "two outcomes", func(m *made) {
		m.got(m.plain, span(300, 305), "w1", ended(m.plain.Opens[0].Wait, "timed_out", "timeout", 60015))
	}},
	{"one outcome", "another callback", func(m *made) {
		m.got(m.plain, span(300, 305), "w1", resumed(m.plain.Opens[0].Wait, paid("m1"), cbID(101), 101, 105))
	}},
	{"one outcome", "a deadline that moved", func(m *made) {
		moved := *m.w1
		moved.ExpiresAt = moved.ExpiresAt.Add(time.Second)
		m.got(m.plain, span(300, 305), "w1", &moved)
	}},
	{"one outcome", "wrong variables", func(m *made) { m.w1.Variables["amount"] = json.RawMessage("8") }},
	{"one outcome", "a wait in two conversations", func(m *made) { m.got(m.early, span(300, 305), "w1", m.w1) }},
	{"one outcome", "a timeout on the wrong branch", func(m *made) { m.w2.Branch = "SUCCESS" }},
	{"one wait", "a second open wait", func(m *made) {
		a := &Ask{ID: "a9", Mode: "poll", Timeout: time.Minute}
		m.opened(m.plain, span(500, 510), a, 201, newWait("w9", a, 505))
	}},
	{"one wait", "an ended wait that is said to exist", func(m *made) { m.plain.Opens[3].Span = span(1400, 1405) }},
	{"deadline", "a timeout too early", func(m *made) { m.w2.EndedAt = at(1300) }},
	{"deadline", "a timeout too late", func(m *made) { m.w6.EndedAt = at(31000) }},
	{"deadline", "no timeout at all", func(m *made) { *m.w6 = *m.outage.Opens[0].Wait; m.outage.Views[1].Begin = at(31000) }},
	{"deadline", "a cancel after the deadline", func(m *made) { m.w3.EndedAt = at(62500); m.plain.Cancels[0].End = at(62600) }},
	{"deadline", "another timeout than was asked for", func(m *made) { m.plain.Opens[2].Ask.Timeout = 2 * time.Second }},
	{"explained", "a wait that nobody opened", func(m *made) {
		m.got(m.early, span(20100, 20105), "w9", newWait("w9", &Ask{ID: "a9", Timeout: time.Minute}, 300))
	}},
	{"explained", "a wait that was opened when nobody asked", func(m *made) { m.cut.Opens[0].Span = cut(2950, 3001) }},
	{"explained", "a cancelled wait that nobody cancelled", func(m *made) { m.plain.Cancels = m.plain.Cancels[1:] }},
	{"explained", "a resumed wait to which nothing was sent", func(m *made) { m.cut.Sends = m.cut.Sends[1:] }},
	{"explained", "two waits for one answer", func(m *made) {
		m.got(m.plain, span(2500, 2505), "w9", newWait("w9", m.plain.Opens[4].Ask, 2006))
	}},
	{"idempotency", "one key, two waits", func(m *made) {
		a := m.plain.Opens[0].Ask
		m.opened(m.plain, span(2500, 2510), a, 201, newWait("w9", a, 2505))
	}},
	{"idempotency", "one wait given out twice without a key", func(m *made) { m.opened(m.plain, span(2010, 2020), m.plain.Opens[4].Ask, 201, m.plain.Opens[4].Wait) }},
	{"idempotency", "somebody else's wait", func(m *made) { m.opened(m.plain, span(2010, 2020), &Ask{ID: "a9"}, 201, m.plain.Opens[4].Wait) }},
	{"taken once", "one callback, two waits", func(m *made) { m.w7.Callback.ID = m.w1.Callback.ID; m.got(m.cut, span(20200, 20205), "w7", m.w7) }},
	{"taken once", "one delivery id, two callbacks", func(m *made) {
		s := m.plain.Sends[1]
		s.Status, s.Outcome, s.CallbackID, s.WaitID = 202, "parked", cbID(121), ""
	}},
	{"taken once", "one delivery id, two waits", func(m *made) {
		a := &Ask{ID: "a9", Mode: "poll", Timeout: time.Minute}
		m.Sent(m.plain, &Send{Span: cut(2200, 2300), Message: m.plain.Sends[0].Message})
		m.opened(m.plain, span(2200, 2210), a, 201, resumed(newWait("w9", a, 2205), m.plain.Sends[0].Message, cbID(2206), 2206, 2207))
	}},
	{"parked", "a wait that overlooks what was parked", func(m *made) { *m.w5 = *ended(newWait("w5", m.early.Opens[0].Ask, 210), "cancelled", "cancelled", 250) }},
	{"parked", "a wait that takes it when its time is over", func(m *made) { m.early.Parking = 50 * ms }},
	{"met", "a name that is learned, and nothing meets", func(m *made) { *m.w8 = *m.named.Opens[0].Wait }},
	{"met", "a name that is learned, and what meets does so later", func(m *made) { m.w8.EndedAt = at(290) }},
	{"named", "a name that leads nowhere", func(m *made) { m.Unnamed(m.named, "named-y") }},
	{"passed by", "a callback under a learned name", func(m *made) {
		x := paid("x")
		x.Key = "named-y"
		m.w8.EndedAt = at(290)
		m.Sent(m.named, answered(span(220, 230), x, 202, "parked", cbID(221), ""))
	}},
	{"passed by", "a callback parked beside an open wait", func(m *made) { m.Sent(m.plain, answered(span(500, 505), paid("x"), 202, "parked", cbID(501), "")) }},
	{"passed by", "a body called a duplicate beside an open wait", func(m *made) {
		same := &Message{N: "x", Type: Paid}
		m.Sent(m.plain, answered(span(220, 225), same, 409, "already_resumed", cbID(221), "w1"))
		m.Sent(m.plain, answered(span(500, 505), same, 200, "duplicate", cbID(221), ""))
	}},
	{"remembered", "a callback parked after its wait", func(m *made) { m.Sent(m.plain, answered(span(250, 255), paid("x"), 202, "parked", cbID(251), "")) }},
	{"duplicate", "another callback's id", func(m *made) { m.plain.Sends[1].CallbackID = cbID(121) }},
	{"duplicate", "a duplicate of nothing", func(m *made) { m.Sent(m.plain, answered(span(250, 255), paid("x"), 200, "duplicate", cbID(251), "")) }},
	{"duplicate", "a repeat that is not known again", func(m *made) { m.plain.Sends[1].Status, m.plain.Sends[1].Outcome = 409, "already_resumed" }},
	{"refused", "late for a resumed wait", func(m *made) { m.plain.Sends[2].Status, m.plain.Sends[2].Outcome = 410, "late" }},
	{"refused", "late before its wait ended", func(m *made) { m.plain.Sends[4].Span = span(1200, 1205) }},
	{"refused", "ignored though it fits", func(m *made) { m.plain.Sends[3].Message.Type = Paid }},
	{"refused", "ignored and taken", func(m *made) { m.plain.Sends[3].CallbackID = m.w1.Callback.ID }},
	{"notice", "no notice of an outcome", func(m *made) { m.plain.Notices = m.plain.Notices[2:] }},
	{"notice", "no notice of a late callback", func(m *made) { m.plain.Notices = m.plain.Notices[:2] }},
	{"notice", "a notice without a signature", func(m *made) { m.plain.Notices[0].Signed = false }},
	{"notice", "two webhook-ids for one outcome", func(m *made) { m.told(m.plain, 190, "evt_2", m.w1) }},
	{"notice", "two webhook-ids for one late callback", func(m *made) {
		m.Noticed(m.plain, lateNotice(1600, "evt_5", m.plain.Sends[4].Message, m.plain.Sends[4].CallbackID, 1501))
	}},
	{"notice", "two bodies under one webhook-id", func(m *made) {
		m.Noticed(m.plain, &Notice{At: at(200), WebhookID: "evt_1", Digest: "other", Signed: true, Wait: m.w1, Notice: m.plain.Notices[0].Notice})
	}},
	{"notice", "another id in the body", func(m *made) { m.plain.Notices[0].ID = "evt_9" }},
	{"notice", "a notice that nobody asked for", func(m *made) { m.told(m.plain, 1350, "evt_3", m.w2) }},
	{"notice", "a notice of another state", func(m *made) { m.plain.Notices[0].Type = "wait.cancelled" }},
	{"notice", "a late callback that was not late", func(m *made) {
		m.Noticed(m.plain, lateNotice(300, "evt_5", m.plain.Sends[2].Message, m.plain.Sends[2].CallbackID, 201))
	}},
	{"answer", "an open answered 503", func(m *made) { m.Opened(m.plain, &Open{Span: span(500, 510), Ask: &Ask{ID: "a9"}, Status: 503}) }},
	{"answer", "a hold that ends while the wait is open", func(m *made) { *m.w5 = *newWait("w5", m.early.Opens[0].Ask, 210) }},
	{"answer", "a cancel refused of an open wait", func(m *made) { m.plain.Cancels[1].Span = span(2050, 2055) }},
	{"answer", "a callback answered 500", func(m *made) { m.plain.Sends[2].Status = 500 }},
	{"answer", "a callback without an id", func(m *made) { m.plain.Sends[2].CallbackID = "" }},
}

// A client that left may have its request done all the same, as long as there is a
// process to do it.
func TestCheckKnowsThatAClientLeft(t *testing.T) {
	for created, want := range map[int]int{2800: 0, 3100: 1} {
		m := newMade()
		a := &Ask{ID: "a9", Mode: "poll", Timeout: time.Minute}
		m.Opened(m.early, &Open{Span: cut(2500, 2600), Ask: a})
		m.got(m.early, span(20100, 20105), "w9", newWait("w9", a, created))
		if found := laws(m.Check(true, m.Names()...)); len(found) != want {
			t.Errorf("opened at %d: found %q, want %d", created, found, want)
		}
	}
}

// What is only under way is no violation before the end.
func TestCheckWaitsForNotices(t *testing.T) {
	m := newMade()
	m.plain.Notices = nil
	if found := m.Check(false, m.Names()...); len(found) > 0 {
		t.Errorf("found %q before the end", laws(found))
	}
}
