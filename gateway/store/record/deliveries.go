package record

import (
	"encoding/binary"
	"time"

	"hookgate/gateway"
)

// The versions of an event beside the first: that of a relayed request, which goes on with
// what is known of the request; and those of either with its place in a trace at the end.
const (
	recordRelayed       = 2
	recordTraced        = 3
	recordRelayedTraced = 4
)

// recordLined is set in the version of an event that is Lined.
const recordLined = 0x80

// Event appends an event.
func (e *Encoder) Event(v *gateway.Event) {
	version := byte(First)
	switch {
	case v.Relay != nil && v.Span != nil:
		version = recordRelayedTraced
	case v.Relay != nil:
		version = recordRelayed
	case v.Span != nil:
		version = recordTraced
	}
	if v.Lined {
		version |= recordLined
	}
	e.B = append(e.B, version)
	e.Text(v.Type)
	e.Text(v.Kind)
	e.Text(v.ConversationKey)
	e.Time(v.AcceptedAt)
	e.Raw(v.Body)
	if r := v.Relay; r != nil {
		e.Text(r.Route)
		e.Text(r.Method)
		e.Text(r.Path)
		e.Raw(r.Sealed)
	}
	if v.Span != nil {
		e.span(v.Span)
	}
}

// DecodeEvent reads an event; id is the ULID of its id.
func DecodeEvent(tenant string, id, value []byte) (gateway.Event, error) {
	d := OpenRecord(value)
	version := d.Byte()
	lined := version&recordLined != 0
	if version &^= recordLined; version < First || version > recordRelayedTraced {
		d.Fail()
	}
	v := gateway.Event{
		Lined: lined,
		ID:    FormatID(gateway.PrefixEvent, id), Tenant: tenant,
		Type: d.Text(), Kind: d.Text(), ConversationKey: d.Text(), AcceptedAt: d.Time(), Body: d.Raw(),
	}
	if version == recordRelayed || version == recordRelayedTraced {
		v.Relay = &gateway.Relayed{Route: d.Text(), Method: d.Text(), Path: d.Text(), Sealed: d.Raw()}
	}
	if version >= recordTraced {
		v.Span = d.span()
	}
	return v, d.Done("event")
}

// Delivery appends a delivery. When it is due comes first, for PeekDue. last is an attempt that the
// record has with it, or nil: of one that has not ended, that is the attempt which is lent.
func (e *Encoder) Delivery(v *gateway.Delivery, last *gateway.Attempt) {
	if !v.State.Ended() {
		last = v.Lent
	}
	event, state, is := short(v)
	if is {
		e.B = append(e.B, recordShort)
	} else {
		e.Version()
	}
	e.B = AppendMoment(e.B, v.NextAttemptAt)
	e.Text(v.Endpoint)
	if is {
		e.B = append(append(e.B, event[:]...), state)
	} else {
		e.Texts(v.EventIDs)
	}
	e.Text(v.EventType)
	e.Text(v.ConversationKey)
	if !is {
		e.Text(string(v.State))
	}
	e.Number(uint64(v.Attempts))
	e.Number(uint64(v.Base))
	e.Time(v.CreatedAt)
	switch {
	case !is:
		e.Time(v.EndedAt)
	case state&hasEnded != 0:
		e.B = binary.AppendVarint(e.B, Nanos(v.EndedAt)-Nanos(v.CreatedAt))
	}
	if last == nil {
		e.B = append(e.B, noAttempt)
	} else {
		e.B = append(e.B, recordPacked)
		e.Number(uint64(last.Number))
		e.attemptMembers(last, carried(v))
	}
	e.Also(v.Also)
}

// carried is the id of the event of a delivery that has one; else "".
func carried(v *gateway.Delivery) string {
	if len(v.EventIDs) == 1 {
		return v.EventIDs[0]
	}
	return ""
}

// Also appends the other conversations of a delivery, to the end of a record. Where there
// are none it is as it was before there were any.
func (e *Encoder) Also(also *gateway.Also) {
	if also == nil {
		return
	}
	for _, conversation := range *also {
		e.B = binary.BigEndian.AppendUint64(e.B, conversation)
	}
}

// DecodeAlso reads the hashes that are the rest of a record; ok is false where they are
// none.
func DecodeAlso(rest string) (also *gateway.Also, ok bool) {
	const size = 8
	if len(rest) == 0 || len(rest)%size != 0 {
		return nil, len(rest) == 0
	}
	list := make(gateway.Also, 0, len(rest)/size)
	for ; len(rest) > 0; rest = rest[size:] {
		list = append(list, binary.BigEndian.Uint64([]byte(rest[:size])))
	}
	return &list, true
}

// DecodeDelivery reads a delivery, and the attempt that its record has with it, or nil;
// id is the ULID of its id.
func DecodeDelivery(tenant string, id, value []byte) (*gateway.Delivery, *gateway.Attempt, error) {
	d := OpenRecord(value)
	version := d.Byte()
	v := &gateway.Delivery{ID: FormatID(gateway.PrefixDelivery, id), Tenant: tenant, NextAttemptAt: d.Moment(), Endpoint: d.Text()}
	switch version {
	case First:
		v.EventIDs, v.EventType, v.ConversationKey = d.Texts(), d.Text(), d.Text()
		v.State, v.Attempts, v.Base = gateway.DeliveryState(d.Text()), int(d.Number()), int(d.Number())
		v.CreatedAt, v.EndedAt = d.Time(), d.Time()
	case recordShort:
		d.short(v)
	default:
		d.Fail()
	}
	var last *gateway.Attempt
	if version := d.Byte(); version != noAttempt {
		a := d.attemptMembers(version, int(d.Number()), carried(v))
		last = &a
	}
	if !v.State.Ended() {
		v.Lent, last = last, nil
	}
	if also, ok := DecodeAlso(d.rest); ok {
		v.Also, d.rest = also, ""
	}
	return v, last, d.Done("delivery")
}

// PeekDue reads only when a delivery is due.
func PeekDue(value []byte) (at time.Time, err error) {
	if len(value) < 9 || value[0] != First && value[0] != recordShort {
		return at, Corrupt("unfinished delivery")
	}
	return MomentAt(value[1:]), nil
}

// PeekIsOf reads only whether a delivery may be of an endpoint; no is sure.
func PeekIsOf(value []byte, endpoint string) bool {
	const at = 9 // version and moment
	if len(value) <= at {
		return true // decoding will tell
	}
	size := len(endpoint)
	if size < 0x80 { // its length is one byte
		return int(value[at]) == size && len(value) > at+size && string(value[at+1:at+1+size]) == endpoint
	}
	return true
}

// Moment reads what AppendMoment appended.
func (d *Decoder) Moment() time.Time {
	if len(d.rest) < 8 {
		d.Fail()
		return time.Time{}
	}
	at := MomentAt([]byte(d.rest[:8]))
	d.rest = d.rest[8:]
	return at
}

// Hold appends a hold.
func (e *Encoder) Hold(h *gateway.Hold) {
	e.Version()
	e.Text(h.Delivery)
	e.Time(h.Until)
}

// DecodeHold reads a hold; conversation is its hash, big-endian.
func DecodeHold(conversation, value []byte) (gateway.Hold, error) {
	d := NewDecoder(value)
	if len(conversation) != 8 {
		d.Fail()
		return gateway.Hold{}, d.Done("hold")
	}
	h := gateway.Hold{Conversation: binary.BigEndian.Uint64(conversation), Delivery: d.Text(), Until: d.Time()}
	return h, d.Done("hold")
}

// Status appends the status of an endpoint.
func (e *Encoder) Status(v *gateway.EndpointStatus) {
	e.Version()
	e.Flag(v.Paused)
	e.Text(v.DisabledReason)
	e.B = append(e.B, v.ProvedFor[:]...)
	e.Text(v.VerificationError)
	e.Time(v.FailingSince)
	e.Time(v.OpenUntil)
	e.Number(uint64(v.Trips))
	e.Time(v.RestUntil)
	e.Time(v.PacedTo)
	if !v.ProbedAt.IsZero() { // a reader without probes reads what has none
		e.Time(v.ProbedAt)
		e.Text(v.Probed)
	}
}

// DecodeStatus reads the status of an endpoint.
func DecodeStatus(value []byte) (v gateway.EndpointStatus, err error) {
	d := NewDecoder(value)
	v.Paused = d.Flag()
	v.DisabledReason = d.Text()
	v.ProvedFor = d.markKey()
	v.VerificationError = d.Text()
	v.FailingSince = d.Time()
	v.OpenUntil = d.Time()
	v.Trips = int(d.Number())
	if d.rest != "" { // format 2 had no more
		v.RestUntil, v.PacedTo = d.Time(), d.Time()
	}
	if d.rest != "" {
		v.ProbedAt, v.Probed = d.Time(), d.Text()
	}
	return v, d.Done("status of an endpoint")
}
