package record

import (
	"math/rand/v2"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// packedAttempt is one with values of every form, and with some that only look like one.
func packedAttempt(at time.Time, event string) *gateway.Attempt {
	return &gateway.Attempt{
		Number: 1, At: at, Duration: time.Millisecond, Status: 200, Address: "203.0.113.7:443", ResponseBody: []byte("ok"),
		RequestHeaders: [][2]string{
			{"Content-Type", "application/json"}, {"User-Agent", "hookgate/1.0"}, {"Hookgate-Attempt", "1"}, {"webhook-id", event},
			{"webhook-timestamp", "1795962756"}, {"webhook-signature", "***"}, {"X-Empty", ""}, {"X-Number", "0000000001"}, {"X-Number", "-795962756"},
		},
		ResponseHeaders: [][2]string{
			{"Date", "Sun, 29 Nov 2026 14:32:36 GMT"}, {"Expires", "Thu, 01 Jan 1970 00:00:00 GMT"}, {"Date", "Mon, 29 Nov 2026 14:32:36 GMT"},
			{"Date", "Sun, 29 Nov 2026 14:32:36 CET"}, {"Date", "Sun, 30 Feb 2026 14:32:36 GMT"}, {"Date", "Sun, 29 Nov 12026 14:32:3 GMT"},
			{"X-Long", strings.Repeat("x", 200)}, {"X-Date", strings.Repeat("9", len(http.TimeFormat))}, {"x-name", "evt_other"},
		},
	}
}

// Values of headers come back as they were, in the record of the delivery and beside it.
func TestPackedValues(t *testing.T) {
	at := time.Unix(1795962756, 789).UTC()
	d := &gateway.Delivery{EventIDs: []string{"evt_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, State: gateway.DeliverySucceeded, CreatedAt: at, EndedAt: at}
	for _, event := range []string{d.EventIDs[0], "dlv_01ARZ3NDEKTSV4RRFFQ69G5FAV", "***", ""} {
		want := packedAttempt(at, event)
		var e Encoder
		e.Delivery(d, want)
		if _, got, err := DecodeDelivery("t", make([]byte, 16), e.B); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("with its delivery: %v\n got %+v\nwant %+v", err, got, want)
		}
		e.B = nil
		e.Attempt(want)
		if got, err := DecodeAttempt(1, e.B, true); err != nil || !reflect.DeepEqual(&got, want) {
			t.Errorf("beside it: %v\n got %+v\nwant %+v", err, got, want)
		}
		if got, err := DecodeAttempt(1, e.B, false); err != nil || got.RequestHeaders != nil || got.ResponseHeaders != nil || !got.At.Equal(at) {
			t.Errorf("skimmed: %+v, %v", got, err)
		}
	}
}

// What an attempt tells is small where it is what attempts mostly tell.
func TestPackedIsSmall(t *testing.T) {
	at := time.Unix(1795962756, 789).UTC()
	d := &gateway.Delivery{EventIDs: []string{"evt_01ARZ3NDEKTSV4RRFFQ69G5FAV"}, State: gateway.DeliverySucceeded, CreatedAt: at, EndedAt: at}
	told := packedAttempt(at, d.EventIDs[0])
	told.RequestHeaders, told.ResponseHeaders = told.RequestHeaders[:6], told.ResponseHeaders[:1]
	bare := *told
	bare.RequestHeaders, bare.ResponseHeaders = nil, nil
	var a, b Encoder
	a.Delivery(d, told)
	b.Delivery(d, &bare)
	if more := len(a.B) - len(b.B); more > 32 {
		t.Errorf("seven fields took %d bytes", more)
	}
}

// An attempt whose values are not packed, as the version before wrote it.
func TestAttemptToldUnpacked(t *testing.T) {
	at := time.Unix(1_770_000_000, 0).UTC()
	var e Encoder
	e.B = append(e.B, recordTold)
	e.Time(at)
	e.Number(uint64(time.Second))
	e.Number(204)
	e.Text("")
	e.Text("detail")
	e.Text("a:1")
	e.Number(2)
	e.Number(places.of("Date"))
	e.Text("now")
	e.Number(0)
	e.Text("x-other")
	e.Text("1")
	e.Number(0)
	e.Raw(nil)
	want := gateway.Attempt{
		Number: 2, At: at, Duration: time.Second, Status: 204, Detail: "detail", Address: "a:1",
		RequestHeaders: [][2]string{{"Date", "now"}, {"x-other", "1"}},
	}
	if got, err := DecodeAttempt(2, e.B, true); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := DecodeAttempt(2, e.B, false); err != nil || got.Detail != "detail" {
		t.Errorf("skimmed: %+v, %v", got, err)
	}
}

// A form that no version wrote is a fault.
func TestPackedForms(t *testing.T) {
	for form := range uint64(packedForms) {
		var e Encoder
		e.Number(form)
		e.Number(0)
		d := OpenRecord(e.B)
		value := d.packed(packingOf(time.Unix(1795962756, 0), ""))
		known := form == packedSeconds || form == packedDate || form >= packedValues && int(form-packedValues) < len(values)
		if d.Bad() == known || known == (value == "") {
			t.Errorf("form %d: %q, bad %v", form, value, d.Bad())
		}
	}
	if len(values) > packedForms-packedValues {
		t.Errorf("%d values, and forms for %d", len(values), packedForms-packedValues)
	}
}

// A text is taken for a moment if, and only if, that is written so.
func TestMomentsAreThemselves(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	taken := 0
	for range 200_000 {
		at := time.Unix(rng.Int64N(4e9)-1e9, 0).UTC()
		text := []byte(at.Format(http.TimeFormat))
		if rng.IntN(4) == 0 {
			text = strconv.AppendInt(nil, at.Unix(), 10)
		}
		if rng.IntN(2) == 0 {
			text[rng.IntN(len(text))] = "0123456789 :,-+SMTWFGJDA"[rng.IntN(24)]
		}
		form, seconds, found := moment(string(text))
		if !found {
			if at, err := time.Parse(http.TimeFormat, string(text)); err == nil && at.Format(http.TimeFormat) == string(text) {
				t.Fatalf("%q is a moment", text)
			}
			continue
		}
		taken++
		again := strconv.FormatInt(seconds, 10)
		if form == packedDate {
			again = time.Unix(seconds, 0).UTC().Format(http.TimeFormat)
		}
		if again != string(text) {
			t.Fatalf("%q is taken for %q", text, again)
		}
	}
	if taken < 50_000 {
		t.Errorf("%d were taken for moments", taken)
	}
}
