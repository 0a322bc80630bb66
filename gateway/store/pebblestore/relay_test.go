package pebblestore

import (
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// TestEventRecords holds the codec to what lies on disks: the record of an event
// from before there were relays, which is still what an ordinary event is written
// as, and that of a relayed request.
func TestEventRecords(t *testing.T) {
	at := time.Date(2026, time.March, 14, 15, 9, 26, 535_000_000, time.UTC)
	id := floorULID(at)
	event := gateway.Event{
		ID: record.FormatID(gateway.PrefixEvent, id[:]), Tenant: "acme", Type: "message", Kind: "text", ConversationKey: "42", AcceptedAt: at,
		Body: gateway.Raw(`{"a":1}`),
	}
	relayed := event
	relayed.Type, relayed.Kind, relayed.Body = gateway.EventRelay, "", gateway.Raw("\x00\xff\r\n")
	relayed.Relay = &gateway.Relayed{Route: "whatsapp", Method: "POST", Path: "/channels/whatsapp", Sealed: []byte("\x01sealed")}
	for _, c := range []struct {
		event  gateway.Event
		record string
	}{
		{event, "01076d657373616765047465787402343280bf8bf2f1eede9c31077b2261223a317d"},
		{relayed, "020572656c61790002343280bf8bf2f1eede9c310400ff0d0a087768617473617070" + "04504f5354122f6368616e6e656c732f7768617473617070" + "07017365616c6564"},
	} {
		var e record.Encoder
		e.Event(&c.event)
		if got := hex.EncodeToString(e.B); got != c.record {
			t.Errorf("%s is written as\n%s, want\n%s", c.event.Type, got, c.record)
		}
		value, err := hex.DecodeString(c.record)
		if err != nil {
			t.Fatal(err)
		}
		got, err := record.DecodeEvent("acme", id[:], value)
		if err != nil || !reflect.DeepEqual(got, c.event) {
			t.Errorf("read %+v, %v, want %+v", got, err, c.event)
		}
	}
	if _, err := record.DecodeEvent("acme", id[:], []byte{3}); err == nil {
		t.Error("a record of a version to come was read")
	}
}
