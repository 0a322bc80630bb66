package pebblestore

import (
	"errors"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// TestCorruptRecord names what is corrupt and nothing of its content.
func TestCorruptRecord(t *testing.T) {
	s := mustOpen(t, Options{Dir: t.TempDir()})
	w := openWait(time.Now(), 10)
	b := s.newBatch(64)
	defer b.free()
	b.begin(kindWait, w.Tenant)
	b.id(kindWait, gateway.PrefixWait, w.ID)
	b.enc.B = append(b.enc.B, "\x01\x07waiting-sekrit"...)
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
