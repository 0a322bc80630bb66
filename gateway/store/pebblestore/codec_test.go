package pebblestore

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// FuzzDecode reads records from any bytes. None panics; and what can be read is
// written so that it reads the same.
func FuzzDecode(f *testing.F) {
	now := time.Unix(1_770_000_000, 123).UTC()
	id := floorULID(now)
	var e encoder
	for _, encode := range []func(){
		func() {
			e.wait(&gateway.Wait{State: gateway.StateWaiting, Aliases: []string{"a"}, CreatedAt: now, Callback: &gateway.TakenCallback{Body: gateway.Raw("{}")}})
		},
		func() { e.mark(&gateway.Mark{CallbackID: "cb_1", Expires: now, Answer: gateway.Raw("{}")}, 7) },
		func() {
			e.parked(&gateway.Parked{Source: "s", Marks: make([]gateway.MarkKey, 2), Header: []gateway.HeaderField{{Name: "n"}}})
		},
		func() { e.names(&gateway.Names{All: []string{"a", "b"}, Used: now}) },
		func() { e.event(&gateway.Event{Type: "t", Body: gateway.Raw("{}")}) },
		func() {
			e.event(&gateway.Event{Type: "relay", Relay: &gateway.Relayed{Route: "r", Method: "POST", Path: "/", Sealed: []byte{1}}})
		},
		func() {
			e.delivery(&gateway.Delivery{EventIDs: []string{"evt_1"}, Attempts: 3}, &gateway.Attempt{Number: 3, Status: 204})
		},
		func() { e.attempt(&gateway.Attempt{Status: 500}) },
		func() {
			e.pendingCall(&gateway.PendingCall{Webhook: "w", WaitID: "wait_1", Sent: true, CreatedAt: now, Request: gateway.Raw("{}")})
		},
		func() { e.hold(&gateway.Hold{Delivery: "dlv_1", Until: now}) },
		func() { e.status(&gateway.EndpointStatus{Paused: true, OpenUntil: now, Trips: 2}) },
	} {
		e.b = nil
		encode()
		f.Add(e.b)
		f.Add(e.b[:len(e.b)/2])
	}
	f.Add([]byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, value []byte) {
		again(t, value, func(v []byte) (*gateway.Wait, error) { return decodeWait("t", id[:], v) }, (*encoder).wait)
		again(t, value, func(v []byte) (*gateway.PendingCall, error) { return decodePendingCall("t", id[:], v) }, (*encoder).pendingCall)
		again(t, value, func(v []byte) (*gateway.Parked, error) { return decodeParked("t", id[:], v, false) }, (*encoder).parked)
		again(t, value, func(v []byte) (*keptDelivery, error) {
			d, last, err := decodeDelivery("t", id[:], v)
			return &keptDelivery{d, last}, err
		}, func(e *encoder, k *keptDelivery) { e.delivery(k.d, k.last) })
		again(t, value, func(v []byte) (*gateway.Hold, error) { h, err := decodeHold(id[:8], v); return &h, err }, (*encoder).hold)
		again(t, value, func(v []byte) (*gateway.EndpointStatus, error) { s, err := decodeStatus(v); return &s, err }, (*encoder).status)
		again(t, value, func(v []byte) (*gateway.Event, error) { d, err := decodeEvent("t", id[:], v); return &d, err }, (*encoder).event)
		again(t, value, func(v []byte) (*gateway.Attempt, error) { d, err := decodeAttempt(1, v, true); return &d, err }, (*encoder).attempt)
		again(t, value, func(v []byte) (*gateway.Names, error) { d, err := decodeNames("t", v); return &d, err }, (*encoder).names)
		again(t, value, func(v []byte) (*gateway.Trace, error) { d, err := decodeTrace("t", "k", now, "i", v); return &d, err }, (*encoder).trace)
		again(t, value, func(v []byte) (*gateway.Mark, error) {
			d, _, err := decodeMark("t", gateway.MarkKey{}, v)
			return &d, err
		},
			func(e *encoder, m *gateway.Mark) { e.mark(m, 1) })
		if _, err := decodeEnded(value); err == nil && len(value) == 0 {
			t.Error("nothing was read as an end")
		}
		due, err := peekDue(value)
		if d, _, whole := decodeDelivery("t", id[:], value); whole == nil && (err != nil || !due.Equal(d.NextAttemptAt)) {
			t.Errorf("a delivery that is due at %s was seen as due at %s: %v", d.NextAttemptAt, due, err)
		}
		open, err := peekWait(value)
		if w, whole := decodeWait("t", id[:], value); whole == nil && (err != nil || open != (w.State == gateway.StateWaiting)) {
			t.Errorf("a wait in state %q was seen as open %v: %v", w.State, open, err)
		}
	})
}

// keptDelivery is what the record of a delivery holds.
type keptDelivery struct {
	d    *gateway.Delivery
	last *gateway.Attempt
}

func again[T any](t *testing.T, value []byte, decode func([]byte) (*T, error), encode func(*encoder, *T)) {
	t.Helper()
	first, err := decode(value)
	if err != nil {
		return
	}
	var e encoder
	encode(&e, first)
	second, err := decode(e.b)
	if err != nil || !reflect.DeepEqual(first, second) {
		t.Errorf("%T: read %+v, then %+v, %v", first, first, second, err)
	}
}

// TestCorruptRecord names what is corrupt and nothing of its content.
func TestCorruptRecord(t *testing.T) {
	s := mustOpen(t, Options{Dir: t.TempDir()})
	w := openWait(time.Now(), 10)
	b := s.newBatch(64)
	defer b.free()
	b.begin(kindWait, w.Tenant)
	b.id(kindWait, gateway.PrefixWait, w.ID)
	b.enc.b = append(b.enc.b, "\x01\x07waiting-sekrit"...)
	b.put()
	if err := s.commit(b, true); err != nil {
		t.Fatal(err)
	}
	_, err := s.Wait(w.Tenant, w.ID)
	var e *gateway.Error
	if !errors.As(err, &e) || e.Code != gateway.CodeInternal || e.Err.Error() != "corrupt record in the store: wait" {
		t.Errorf("got %#v", err)
	}
	if _, err := s.Waits(store.Query{Tenant: w.Tenant, Bodies: true}, func(*gateway.Wait) bool { return true }); err == nil {
		t.Error("a list went past it")
	}
}
