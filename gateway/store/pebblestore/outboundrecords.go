package pebblestore

import (
	"encoding/binary"
	"time"

	"hookgate/gateway"
)

// recordRelayed is the version of a relayed request's event: that of any other, and
// then what it knows of the request.
const recordRelayed = 2

func (e *encoder) event(v *gateway.Event) {
	if v.Relay == nil {
		e.version()
	} else {
		e.b = append(e.b, recordRelayed)
	}
	e.text(v.Type)
	e.text(v.Kind)
	e.text(v.ConversationKey)
	e.time(v.AcceptedAt)
	e.raw(v.Body)
	if r := v.Relay; r != nil {
		e.text(r.Route)
		e.text(r.Method)
		e.text(r.Path)
		e.raw(r.Sealed)
	}
}

func decodeEvent(tenant string, id, value []byte) (gateway.Event, error) {
	d := openRecord(value)
	version := d.byte()
	if version != recordVersion && version != recordRelayed {
		d.fail()
	}
	v := gateway.Event{
		ID: formatID(gateway.PrefixEvent, id), Tenant: tenant,
		Type: d.text(), Kind: d.text(), ConversationKey: d.text(), AcceptedAt: d.time(), Body: d.raw(),
	}
	if version == recordRelayed {
		v.Relay = &gateway.Relayed{Route: d.text(), Method: d.text(), Path: d.text(), Sealed: d.raw()}
	}
	return v, d.done(kindEvent)
}

// delivery puts when it is due first, for peekDue. last is an attempt that the
// record has with it, or nil.
func (e *encoder) delivery(v *gateway.Delivery, last *gateway.Attempt) {
	e.version()
	e.b = appendMoment(e.b, v.NextAttemptAt)
	e.text(v.Endpoint)
	e.texts(v.EventIDs)
	e.text(v.EventType)
	e.text(v.ConversationKey)
	e.text(string(v.State))
	e.number(uint64(v.Attempts))
	e.number(uint64(v.Base))
	e.time(v.CreatedAt)
	e.time(v.EndedAt)
	e.flag(last != nil)
	if last != nil {
		e.number(uint64(last.Number))
		e.attemptMembers(last)
	}
}

func decodeDelivery(tenant string, id, value []byte) (*gateway.Delivery, *gateway.Attempt, error) {
	d := newDecoder(value)
	v := &gateway.Delivery{
		ID: formatID(gateway.PrefixDelivery, id), Tenant: tenant, NextAttemptAt: d.moment(),
		Endpoint: d.text(), EventIDs: d.texts(), EventType: d.text(), ConversationKey: d.text(),
		State: gateway.DeliveryState(d.text()), Attempts: int(d.number()), Base: int(d.number()),
		CreatedAt: d.time(), EndedAt: d.time(),
	}
	var last *gateway.Attempt
	if d.flag() {
		a := d.attemptMembers(int(d.number()))
		last = &a
	}
	return v, last, d.done(kindDelivery)
}

// peekDue reads only when a delivery is due.
func peekDue(value []byte) (at time.Time, err error) {
	if len(value) < 9 || value[0] != recordVersion {
		return at, corrupt(kindUnfinished)
	}
	return momentAt(value[1:]), nil
}

func (d *decoder) moment() time.Time {
	if len(d.rest) < 8 {
		d.fail()
		return time.Time{}
	}
	at := momentAt([]byte(d.rest[:8]))
	d.rest = d.rest[8:]
	return at
}

func (e *encoder) attempt(a *gateway.Attempt) {
	e.version()
	e.attemptMembers(a)
}

func (e *encoder) attemptMembers(a *gateway.Attempt) {
	e.time(a.At)
	e.number(uint64(a.Duration))
	e.number(uint64(a.Status))
	e.text(a.Error)
	e.raw(a.ResponseBody)
}

func (d *decoder) attemptMembers(number int) gateway.Attempt {
	return gateway.Attempt{
		Number: number, At: d.time(), Duration: time.Duration(d.number()),
		Status: int(d.number()), Error: d.text(), ResponseBody: d.body(), BodyUnread: d.skims,
	}
}

// decodeAttempt leaves out the answer's body, unless it is asked for.
func decodeAttempt(number int, value []byte, body bool) (gateway.Attempt, error) {
	d := newSkimmer(value)
	if body {
		d = newDecoder(value)
	}
	a := d.attemptMembers(number)
	return a, d.done(kindAttempt)
}

func (e *encoder) hold(h *gateway.Hold) {
	e.version()
	e.text(h.Delivery)
	e.time(h.Until)
}

func decodeHold(conversation, value []byte) (gateway.Hold, error) {
	d := newDecoder(value)
	if len(conversation) != 8 {
		d.fail()
		return gateway.Hold{}, d.done(kindHold)
	}
	h := gateway.Hold{Conversation: binary.BigEndian.Uint64(conversation), Delivery: d.text(), Until: d.time()}
	return h, d.done(kindHold)
}

func (e *encoder) status(v *gateway.EndpointStatus) {
	e.version()
	e.flag(v.Paused)
	e.text(v.DisabledReason)
	e.b = append(e.b, v.ProvedFor[:]...)
	e.text(v.VerificationError)
	e.time(v.FailingSince)
	e.time(v.OpenUntil)
	e.number(uint64(v.Trips))
}

func decodeStatus(value []byte) (v gateway.EndpointStatus, err error) {
	d := newDecoder(value)
	v.Paused = d.flag()
	v.DisabledReason = d.text()
	v.ProvedFor = d.markKey()
	v.VerificationError = d.text()
	v.FailingSince = d.time()
	v.OpenUntil = d.time()
	v.Trips = int(d.number())
	return v, d.done(kindStatus)
}
