package record

import (
	"encoding/binary"
	"time"

	"hookgate/gateway"
)

// outcomes are to be added to at the end, and never changed.
var outcomes = [...]gateway.Outcome{
	gateway.OutcomeResumed, gateway.OutcomeParked, gateway.OutcomeLate, gateway.OutcomeIgnored,
}

// endingCallback is the version of a callback that tells of the end of its wait.
const endingCallback = 2

// Callback appends a callback that lists show.
func (e *Encoder) Callback(c *gateway.Callback) {
	ends := !c.End.CreatedAt.IsZero()
	if ends {
		e.B = append(e.B, endingCallback)
	} else {
		e.Version()
	}
	e.Time(c.ReceivedAt)
	outcome := byte(len(outcomes))
	for i, o := range outcomes {
		if o == c.Outcome {
			outcome = byte(i)
		}
	}
	if e.B = append(e.B, outcome); int(outcome) == len(outcomes) {
		e.Text(string(c.Outcome))
	}
	e.Text(c.Source)
	e.Text(c.ConversationKey)
	e.Text(c.WaitID)
	if !ends {
		return
	}
	e.Text(string(c.End.Branch))
	e.Text(c.End.Match)
	for _, at := range [...]time.Time{c.End.CreatedAt, c.End.ExpiresAt, c.End.EndedAt} {
		e.B = binary.AppendVarint(e.B, Nanos(at)-Nanos(c.ReceivedAt))
	}
}

// DecodeCallback reads a callback; id is the ULID of its id.
func DecodeCallback(tenant string, id, value []byte) (gateway.Callback, error) {
	d := OpenRecord(value)
	version := d.Byte()
	if version != First && version != endingCallback {
		d.Fail()
	}
	c := gateway.Callback{ID: FormatID(gateway.PrefixCallback, id), Tenant: tenant, ReceivedAt: d.Time()}
	switch outcome := int(d.Byte()); {
	case outcome < len(outcomes):
		c.Outcome = outcomes[outcome]
	case outcome == len(outcomes):
		c.Outcome = gateway.Outcome(d.Text())
	default:
		d.Fail()
	}
	c.Source, c.ConversationKey, c.WaitID = d.Text(), d.Text(), d.Text()
	if version == endingCallback {
		c.End = gateway.WaitEnd{Branch: gateway.Branch(d.Text()), Match: d.Text()}
		for _, at := range [...]*time.Time{&c.End.CreatedAt, &c.End.ExpiresAt, &c.End.EndedAt} {
			*at = FromNanos(Nanos(c.ReceivedAt) + d.signed())
		}
	}
	return c, d.Done("callback")
}
