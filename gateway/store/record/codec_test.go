package record

import (
	"reflect"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

func spanOf() *gateway.SpanContext {
	return gateway.ParseSpanContext([]byte("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), []byte("a=1"))
}

// What has no place in a trace is written as before there were any, and so is read by what
// was released before.
func TestUntracedRecordsAreAsBefore(t *testing.T) {
	versions := map[string][2]byte{}
	for _, span := range []*gateway.SpanContext{nil, spanOf()} {
		at := 0
		if span != nil {
			at = 1
		}
		for name, encode := range map[string]func(*Encoder){
			"event":   func(e *Encoder) { e.Event(&gateway.Event{Span: span}) },
			"relayed": func(e *Encoder) { e.Event(&gateway.Event{Span: span, Relay: &gateway.Relayed{}}) },
			"wait":    func(e *Encoder) { e.Wait(&gateway.Wait{Span: span, State: gateway.StateWaiting}) },
			"call":    func(e *Encoder) { e.PendingCall(&gateway.PendingCall{Span: span}) },
		} {
			var e Encoder
			encode(&e)
			v := versions[name]
			v[at] = e.B[0]
			versions[name] = v
			if name == "wait" {
				if open, err := PeekWait(e.B); !open || err != nil {
					t.Errorf("an open wait: %v, %v", open, err)
				}
			}
		}
	}
	want := map[string][2]byte{"event": {1, 3}, "relayed": {2, 4}, "wait": {1, 2}, "call": {1, 2}}
	if !reflect.DeepEqual(versions, want) {
		t.Errorf("versions %v, want %v", versions, want)
	}
}

// FuzzDecode reads records from any bytes. None panics; and what can be read is
// written so that it reads the same.
func FuzzDecode(f *testing.F) {
	now := time.Unix(1_770_000_000, 123).UTC()
	id := ulid.ULID{1, 2, 3}
	var e Encoder
	for _, encode := range []func(){
		func() {
			e.Wait(&gateway.Wait{State: gateway.StateWaiting, Aliases: []string{"a"}, CreatedAt: now, Callback: &gateway.TakenCallback{Body: gateway.Raw("{}")}})
		},
		func() { e.Mark(&gateway.Mark{CallbackID: "cb_1", Expires: now, Answer: gateway.Raw("{}")}, 7) },
		func() { e.Parked(&gateway.Parked{Source: "s", Aliases: []string{"a", "b"}}) },
		func() {
			e.Parked(&gateway.Parked{Source: "s", Marks: make([]gateway.MarkKey, 2), Header: []gateway.HeaderField{{Name: "n"}}})
		},
		func() { e.Names(&gateway.Names{All: []string{"a", "b"}, Used: now}) },
		func() { e.Event(&gateway.Event{Type: "t", Body: gateway.Raw("{}")}) },
		func() {
			e.Event(&gateway.Event{Type: "relay", Relay: &gateway.Relayed{Route: "r", Method: "POST", Path: "/", Sealed: []byte{1}}})
		},
		func() {
			e.Delivery(&gateway.Delivery{EventIDs: []string{"evt_1"}, Attempts: 3}, &gateway.Attempt{Number: 3, Status: 204, Address: "a:1", RequestHeaders: [][2]string{{"Content-Type", "a"}, {"x", ""}}})
		},
		func() {
			e.Attempt(&gateway.Attempt{Status: 500, Detail: "d", ResponseHeaders: [][2]string{{"Date", "now"}, {"y", "z"}}})
		},
		func() {
			e.PendingCall(&gateway.PendingCall{Webhook: "w", WaitID: "wait_1", Sent: true, CreatedAt: now, Request: gateway.Raw("{}")})
		},
		func() {
			e.Delivery(&gateway.Delivery{EventIDs: []string{"evt_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, State: gateway.DeliveryDead, CreatedAt: now, EndedAt: now}, nil)
		},
		func() {
			e.Event(&gateway.Event{Type: "t", Body: gateway.Raw("{}"), Span: spanOf().Linked(spanOf())})
		},
		func() {
			e.Event(&gateway.Event{Type: "relay", Relay: &gateway.Relayed{Route: "r"}, Span: spanOf()})
		},
		func() { e.Wait(&gateway.Wait{State: gateway.StateWaiting, Span: spanOf()}) },
		func() { e.PendingCall(&gateway.PendingCall{Webhook: "w", Span: spanOf()}) },
		func() { e.Hold(&gateway.Hold{Delivery: "dlv_1", Until: now}) },
		func() { e.Status(&gateway.EndpointStatus{Paused: true, OpenUntil: now, Trips: 2}) },
	} {
		e.B = nil
		encode()
		f.Add(e.B)
		f.Add(e.B[:len(e.B)/2])
	}
	f.Add([]byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, value []byte) {
		again(t, value, func(v []byte) (*gateway.Wait, error) { return DecodeWait("t", id[:], v) }, (*Encoder).Wait)
		again(t, value, func(v []byte) (*gateway.PendingCall, error) { return DecodePendingCall("t", id[:], v) }, (*Encoder).PendingCall)
		again(t, value, func(v []byte) (*gateway.Parked, error) { return DecodeParked("t", id[:], v, false) }, (*Encoder).Parked)
		again(t, value, func(v []byte) (*keptDelivery, error) {
			d, last, err := DecodeDelivery("t", id[:], v)
			return &keptDelivery{d, last}, err
		}, func(e *Encoder, k *keptDelivery) { e.Delivery(k.d, k.last) })
		again(t, value, func(v []byte) (*gateway.Hold, error) { h, err := DecodeHold(id[:8], v); return &h, err }, (*Encoder).Hold)
		again(t, value, func(v []byte) (*gateway.EndpointStatus, error) { s, err := DecodeStatus(v); return &s, err }, (*Encoder).Status)
		again(t, value, func(v []byte) (*gateway.Event, error) { d, err := DecodeEvent("t", id[:], v); return &d, err }, (*Encoder).Event)
		again(t, value, func(v []byte) (*gateway.Attempt, error) { d, err := DecodeAttempt(1, v, true); return &d, err }, (*Encoder).Attempt)
		again(t, value, func(v []byte) (*gateway.Names, error) { d, err := DecodeNames("t", v); return &d, err }, (*Encoder).Names)
		again(t, value, func(v []byte) (*gateway.Trace, error) { d, err := DecodeTrace("t", "k", now, "i", v); return &d, err }, (*Encoder).Trace)
		again(t, value, func(v []byte) (*gateway.Mark, error) {
			d, _, err := DecodeMark("t", gateway.MarkKey{}, v)
			return &d, err
		},
			func(e *Encoder, m *gateway.Mark) { e.Mark(m, 1) })
		if _, err := DecodeEnded(value); err == nil && len(value) == 0 {
			t.Error("nothing was read as an end")
		}
		due, err := PeekDue(value)
		if d, _, whole := DecodeDelivery("t", id[:], value); whole == nil && (err != nil || !due.Equal(d.NextAttemptAt)) {
			t.Errorf("a delivery that is due at %s was seen as due at %s: %v", d.NextAttemptAt, due, err)
		}
		open, err := PeekWait(value)
		if w, whole := DecodeWait("t", id[:], value); whole == nil && (err != nil || open != (w.State == gateway.StateWaiting)) {
			t.Errorf("a wait in state %q was seen as open %v: %v", w.State, open, err)
		}
	})
}

// keptDelivery is what the record of a delivery holds.
type keptDelivery struct {
	d    *gateway.Delivery
	last *gateway.Attempt
}

func again[T any](t *testing.T, value []byte, decode func([]byte) (*T, error), encode func(*Encoder, *T)) {
	t.Helper()
	first, err := decode(value)
	if err != nil {
		return
	}
	var e Encoder
	encode(&e, first)
	second, err := decode(e.B)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("%T: read %+v, then %+v, %v", first, first, second, err)
	}
}

// An attempt as it was written before it told more is read as one that tells nothing.
func TestAttemptOfTheFirstVersion(t *testing.T) {
	at := time.Unix(1_770_000_000, 0).UTC()
	members := func(e *Encoder) {
		e.Time(at)
		e.Number(uint64(time.Second))
		e.Number(500)
		e.Text("5xx")
		e.Raw([]byte("no luck"))
	}
	want := gateway.Attempt{Number: 2, At: at, Duration: time.Second, Status: 500, Error: "5xx", ResponseBody: []byte("no luck")}
	var e Encoder
	e.Version()
	members(&e)
	if got, err := DecodeAttempt(2, e.B, true); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	var d Encoder
	d.Delivery(&gateway.Delivery{State: gateway.DeliveryDead, CreatedAt: at}, nil)
	d.B = d.B[:len(d.B)-1]
	d.Flag(true)
	d.Number(2)
	members(&d)
	if _, last, err := DecodeDelivery("t", make([]byte, 16), d.B); err != nil || !reflect.DeepEqual(*last, want) {
		t.Errorf("%+v, %v", last, err)
	}
}
