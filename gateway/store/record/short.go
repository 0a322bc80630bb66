package record

import (
	"slices"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

// recordShort is the version of a delivery that has one event, in a state of the list below:
// as nearly all are. The event's id is 16 bytes of it, the state one, and the end counts from
// the beginning. It is written when a delivery is made, and again when it ends.
const recordShort = 2

// states are to be added to at the end, and never changed.
var states = [...]gateway.DeliveryState{
	gateway.DeliveryPending, gateway.DeliveryRetrying, gateway.DeliverySucceeded, gateway.DeliveryDead, gateway.DeliveryCancelled,
}

// hasEnded is set in the byte of the state where a time of the end follows.
const hasEnded = 0x80

// short tells whether a delivery may be written so, and gives its event and state.
func short(v *gateway.Delivery) (event ulid.ULID, state byte, is bool) {
	at := slices.Index(states[:], v.State)
	if at < 0 || len(v.EventIDs) != 1 {
		return event, 0, false
	}
	event, is = gateway.ParseID(gateway.PrefixEvent, v.EventIDs[0])
	state = byte(at)
	if !v.EndedAt.IsZero() {
		state |= hasEnded
	}
	return event, state, is
}

// short reads what follows the endpoint.
func (d *Decoder) short(v *gateway.Delivery) {
	event, state := d.ULID(), d.Byte()
	if at := int(state &^ hasEnded); at < len(states) {
		v.State = states[at]
	} else {
		d.Fail()
	}
	v.EventIDs = []string{FormatID(gateway.PrefixEvent, event[:])}
	v.EventType, v.ConversationKey, v.Attempts, v.Base = d.Text(), d.Text(), int(d.Number()), int(d.Number())
	v.CreatedAt = d.Time()
	if state&hasEnded != 0 {
		v.EndedAt = FromNanos(Nanos(v.CreatedAt) + d.signed())
	}
}
