package api

import (
	"slices"
	"strconv"
	"time"

	"hookgate/gateway"
)

// extentOf says how much of a delivery the caller is shown, of what was asked for.
func (c *call) extentOf(d *gateway.Delivery, asked extent) extent {
	if c.seesLane(d.Endpoint) {
		return asked
	}
	return min(asked, plain)
}

// delivery appends a delivery as it is shown (SPEC 7); next is when it is tried next.
func (t *text) delivery(d *gateway.Delivery, attempts []gateway.Attempt, e extent, next gateway.Time) {
	t.append(1<<10+6*(len(d.Tenant)+len(d.Endpoint)+len(d.EventType)+len(d.ConversationKey))+64*len(d.EventIDs), func(dst []byte) []byte {
		dst = gateway.AppendString(append(dst, `{"id":`...), d.ID)
		dst = gateway.AppendMember(dst, "tenant", d.Tenant)
		dst = gateway.AppendMember(dst, "endpoint", d.Endpoint)
		dst = appendStrings(append(dst, `,"event_ids":`...), d.EventIDs)
		dst = gateway.AppendMember(dst, "event_type", d.EventType)
		dst = gateway.AppendOptional(dst, "conversation_key", d.ConversationKey)
		return gateway.AppendMember(dst, "state", string(d.State))
	})
	t.raw(`,"attempts":[`)
	for i := range attempts {
		if i > 0 {
			t.raw(",")
		}
		t.attempt(&attempts[i], e)
	}
	t.append(256, func(dst []byte) []byte {
		dst = next.AppendJSON(append(dst, `],"next_attempt_at":`...))
		dst = gateway.At(d.CreatedAt).AppendJSON(append(dst, `,"created_at":`...))
		dst = timeOf(d.EndedAt).AppendJSON(append(dst, `,"ended_at":`...))
		return append(dst, '}')
	})
}

// attempt appends an attempt. A body that is not shown is left out: "" would say that
// the answer had none.
func (t *text) attempt(a *gateway.Attempt, e extent) {
	t.append(256+6*(len(a.Error)+len(a.Detail)+len(a.Address)), func(dst []byte) []byte {
		dst = strconv.AppendInt(append(dst, `{"number":`...), int64(a.Number), 10)
		dst = gateway.At(a.At).AppendJSON(append(dst, `,"at":`...))
		dst = strconv.AppendInt(append(dst, `,"duration_ms":`...), a.Duration.Milliseconds(), 10)
		dst = append(dst, `,"status":`...)
		if a.Status == 0 {
			dst = append(dst, "null"...) // there was no answer
		} else {
			dst = strconv.AppendInt(dst, int64(a.Status), 10)
		}
		dst = gateway.AppendOptional(dst, "error", a.Error) // null: 2xx
		dst = gateway.AppendOptional(dst, "detail", a.Detail)
		return gateway.AppendOptional(dst, "address", a.Address)
	})
	if e == full && !a.BodyUnread {
		t.said("request_headers", a.RequestHeaders)
		t.said("response_headers", a.ResponseHeaders)
		t.raw(`,"response_body":`)
		t.string(a.ResponseBody)
	}
	t.raw("}")
}

// said appends a header as a member; null where nothing was said.
func (t *text) said(name string, header [][2]string) {
	t.raw(`,"` + name + `":`)
	if header == nil {
		t.raw("null")
		return
	}
	t.append(gateway.FieldsSize(header), func(dst []byte) []byte { return gateway.AppendFields(dst, header) })
}

// veil takes from attempts what tells of the platform and its network, where the caller
// is not shown it.
func (c *call) veil(d *gateway.Delivery, attempts []gateway.Attempt) {
	if c.seesLane(d.Endpoint) {
		return
	}
	for i := range attempts {
		attempts[i].Detail, attempts[i].Address = "", ""
	}
}

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = gateway.AppendString(dst, s)
	}
	return append(dst, ']')
}

func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

func timeOf(t time.Time) gateway.Time {
	if t.IsZero() {
		return gateway.Time{}
	}
	return gateway.At(t)
}

// fitBodies leaves out what was said of all attempts but the last ones of which that has
// so many bytes as they are shown. It gives the bytes of those that it leaves.
func fitBodies(attempts []gateway.Attempt, most int) (size int) {
	for i := range slices.Backward(attempts) {
		a := &attempts[i]
		n := gateway.StringSize(a.ResponseBody) + gateway.FieldsSize(a.RequestHeaders) + gateway.FieldsSize(a.ResponseHeaders)
		if size+n > most {
			for j := range attempts[:i+1] {
				attempts[j].Unsay()
			}
			break
		}
		size += n
	}
	return size
}
