package pebblestore

import (
	"encoding/binary"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

// A list that asks for one endpoint among a million deliveries must not look at each of
// them. So what lists ask for (a facet) has postings: keys without a value, by which all
// that have one value of a facet are found, the newest first. State needs none, for each
// state is a place of its own.
//
// A delivery that follows its event has none of type and conversation (follows.go).
//
// What is new is posted later, of many things at once (later.go); what is older than what
// was posted so, or takes another value, is posted in the batch that writes it. A posting
// is the same whatever becomes of what it is about. Where it says something that is not so any more, the place
// that a list looks into beside it says no. They lie in buckets of days, so that they
// expire as ranges; what outlives its day is posted again where it goes on living.

// facet is what a list may ask for.
type facet byte

const (
	facetEndpoint     facet = 'e'
	facetType         facet = 't'
	facetKind         facet = 'k' // type and kind
	facetConversation facet = 'c'
	facetSource       facet = 's'
	facetOutcome      facet = 'o' // of a callback; of a call with its reason
	facetWebhook      facet = 'w'
)

// valueHash stands for a value of a facet in postings: eight bytes, whatever names look
// like. Two values that share one cost a list a look at what it did not ask for. It is
// FNV-1a, and never changes, for it is kept.
func valueHash(of facet, value, kind string) uint64 {
	const prime = 1099511628211
	h := (uint64(14695981039346656037) ^ uint64(of)) * prime
	for i := range len(value) {
		h = (h ^ uint64(value[i])) * prime
	}
	if kind == "" {
		return h
	}
	h *= prime // a zero byte between them
	for i := range len(kind) {
		h = (h ^ uint64(kind[i])) * prime
	}
	return h
}

// bucket is the day that postings and what they are about lie in.
type bucket uint32

// bucketOfULID is the day for which a ULID was made.
func bucketOfULID(u ulid.ULID) bucket { return bucket(u.Time() / uint64(day.Milliseconds())) }

// postings are those of one thing, in one batch.
type postings struct {
	b      *batch
	kind   byte
	tenant string
	day    bucket
	u      ulid.ULID
	gone   bool // they are removed
}

// one puts or removes one.
func (p *postings) one(of facet, value, kind string) {
	if value == "" {
		return // nobody can ask for it
	}
	p.b.begin(p.kind, p.tenant)
	p.b.key = appendPosting(p.b.key, p.day, valueHash(of, value, kind))
	p.b.key = append(p.b.key, p.u[:]...)
	if p.gone {
		p.b.remove()
	} else {
		p.b.put()
	}
}

func appendPosting(dst []byte, day bucket, hash uint64) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(dst, uint32(day)), hash)
}

// deliveryFacets and eventFacets are what lists of them ask for.
var (
	deliveryFacets = [...]facet{facetEndpoint, facetType, facetConversation}
)

// delivery puts what lists of deliveries ask for.
func (p *postings) delivery(d *gateway.Delivery) {
	for _, of := range deliveryFacets {
		p.ofDelivery(of, d)
	}
}

func (p *postings) ofDelivery(of facet, d *gateway.Delivery) {
	switch of {
	case facetEndpoint:
		p.one(of, d.Endpoint, "")
	case facetType:
		p.one(of, d.EventType, "")
	case facetConversation:
		p.one(of, d.ConversationKey, "")
	}
}

// postDelivery puts the postings of a delivery that is not dead.
func postDelivery(b *batch, kind byte, d *gateway.Delivery) {
	u, _ := gateway.ParseID(gateway.PrefixDelivery, d.ID) // who puts the delivery says what is wrong with it
	p := postings{b: b, kind: kind, tenant: d.Tenant, day: bucketOfULID(u), u: u}
	p.delivery(d)
}

// unpostDelivery removes them, wherever they are.
func unpostDelivery(b *batch, d *gateway.Delivery) {
	u, _ := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	for _, kind := range [...]byte{kindByDelivery, kindKeptBy} {
		p := postings{b: b, kind: kind, tenant: d.Tenant, day: bucketOfULID(u), u: u, gone: true}
		p.delivery(d)
	}
}

// postGrave puts, or removes, the postings of a dead letter, in the day it died.
func postGrave(b *batch, d *gateway.Delivery, gone bool) {
	u, _ := gateway.ParseID(gateway.PrefixDelivery, d.ID)
	p := postings{b: b, kind: kindDeadBy, tenant: d.Tenant, day: bucket(dayOf(d.EndedAt)), u: u, gone: gone}
	p.delivery(d)
}
