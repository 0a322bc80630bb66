package pebblestore

import (
	"time"

	"hookgate/gateway"
)

// postEvents notes new events.
func (l *laters) postEvents(b *batch, list []gateway.Event) {
	b.later = b.later[:0]
	for i := range list {
		b.noteEvent(&list[i])
	}
	l.post(&l.events, b)
}

// postDeliveries notes new deliveries that are made with some events.
func (l *laters) postDeliveries(b *batch, list []gateway.Delivery, events []gateway.Event) {
	b.later = b.later[:0]
	led := leaders{events: events}
	for i := range list {
		b.noteDelivery(&list[i], led.lead(&list[i]))
	}
	l.post(&l.deliveries, b)
}

// postNotice notes a notice.
func (l *laters) postNotice(b *batch, n *gateway.Notice) {
	b.later = b.later[:0]
	b.noteEvent(&n.Event)
	l.post(&l.events, b)
	b.later = b.later[:0]
	b.noteDelivery(&n.Delivery, follows(&n.Delivery, &n.Event))
	l.post(&l.deliveries, b)
}

// postWait notes a wait. One that ended was noted as it opened, unless it ended by that.
func (l *laters) postWait(b *batch, w *gateway.Wait) {
	u, _ := gateway.ParseID(gateway.PrefixWait, w.ID)
	if w.State != gateway.StateWaiting && w.EndedAt.Sub(w.CreatedAt) > openedEnded && l.waits.below(u) {
		return
	}
	b.later = b.later[:0]
	b.noteWait(w)
	l.post(&l.waits, b)
}

// postCallbacks notes callbacks; of one that was noted before, its outcome now.
func (l *laters) postCallbacks(b *batch, list []gateway.Callback) {
	b.later = b.later[:0]
	for i := range list {
		noteCallback(b, &list[i])
	}
	l.post(&l.callbacks, b)
}

// postCall notes a call; of one that was pending, its outcome now.
func (l *laters) postCall(b *batch, c *gateway.Call) {
	b.later = b.later[:0]
	noteCall(b, c)
	l.post(&l.calls, b)
}

// openedEnded is how long a wait may last that ended by its opening, whose callback was
// there already. One that did not, and ended as soon, is posted twice at worst.
const openedEnded = 100 * time.Millisecond

// hashed is the hash of a value that a thing has; 0: nobody can ask for it.
func hashed(of facet, value, kind string) uint64 {
	if value == "" {
		return 0
	}
	return valueHash(of, value, kind)
}

func (b *batch) noteEvent(v *gateway.Event) {
	u, _ := gateway.ParseID(gateway.PrefixEvent, v.ID) // who puts a thing says what is wrong with it
	one := unposted{tenant: v.Tenant, u: u, values: [3]uint64{hashed(facetType, v.Type, ""), 0, hashed(facetConversation, v.ConversationKey, "")}}
	if v.Kind != "" {
		one.values[1] = hashed(facetKind, v.Type, v.Kind)
	}
	b.later = append(b.later, one)
}

func (b *batch) noteDelivery(d *gateway.Delivery, follows bool) {
	u, _ := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	one := unposted{tenant: d.Tenant, u: u, values: [3]uint64{hashed(facetEndpoint, d.Endpoint, "")}}
	if !follows {
		one.values[1], one.values[2] = hashed(facetType, d.EventType, ""), hashed(facetConversation, d.ConversationKey, "")
	}
	b.later = append(b.later, one)
}

func (b *batch) noteWait(w *gateway.Wait) {
	u, _ := gateway.ParseID(gateway.PrefixWait, w.ID)
	one := unposted{tenant: w.Tenant, u: u, values: [3]uint64{hashed(facetSource, w.Source, ""), hashed(facetConversation, w.ConversationKey, "")}}
	b.later = append(b.later, one)
	for _, alias := range w.Aliases {
		b.later = append(b.later, unposted{tenant: w.Tenant, u: u, values: [3]uint64{hashed(facetConversation, alias, "")}})
	}
}

func noteCallback(b *batch, c *gateway.Callback) {
	u, _ := gateway.ParseID(gateway.PrefixCallback, c.ID)
	b.later = append(b.later, unposted{tenant: c.Tenant, u: u, values: [3]uint64{
		hashed(facetSource, c.Source, ""), hashed(facetOutcome, string(c.Outcome), ""), hashed(facetConversation, c.ConversationKey, ""),
	}})
}

func noteCall(b *batch, c *gateway.Call) {
	u, _ := gateway.ParseID(gateway.PrefixCall, c.ID)
	b.later = append(b.later, unposted{tenant: c.Tenant, u: u, values: [3]uint64{
		hashed(facetWebhook, c.Webhook, ""), hashed(facetOutcome, string(c.Outcome), c.Reason), hashed(facetConversation, c.ConversationKey, ""),
	}})
}
