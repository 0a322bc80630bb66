package gateway_test

import (
	"testing"
	"time"

	"hookgate/gateway"
)

func TestParseDate(t *testing.T) {
	const half, whole = "2024-05-01T02:30:00.000Z", "2024-05-01T00:00:00.000Z"
	for text, want := range map[string]string{
		"2024-05-01t02:30:00z": half, "2024-05-01T02:30:00+0000": half, "2024-05-01T02:30Z": half, "Wed, 01 May 2024 02:30:00 GMT": half, "20240501T023000Z": half,
		"2024-05-01T02:30:00Z": half, "2024-05-01T04:30:00+02:00": half, "2024-05-01T04:30:00+02": half, "2024-04-30T21:30:00-0500": half, "2024-05-01 02:30:00": half,
		"2024-05-01T02:30": half, "2024-05-01 02:30": half, "2024-05-01 02:30:00 UTC": half, "2024-05-01 04:30:00 +0200": half, " 2024-05-01T02:30:00.0Z ": half,
		"20240501t0230z": half, "20240501T043000+0200": half, "20240501T023000.000Z": half, "20240501T0230": half, "2024-05-01T023000Z": half,
		"2024-05-01": whole, "2024-05-01T00:00:00,000Z": whole,
		"2024-05-01T02:30:00.123456789Z": "2024-05-01T02:30:00.123Z", "2023-09-01 14:13:32.141788": "2023-09-01T14:13:32.141Z", "2024-02-29": "2024-02-29T00:00:00.000Z",
		"Wed, 1 May 2024 02:30 +0000": half, "1 May 2024 04:30:00 +0200": half, "wed, 01 may 2024 02:30:00 gmt": half, "Tue, 30 Apr 2024 21:30:00 CDT": half,
		"Wed, 01 May 2024 02:30:00 +0000 (UTC)": half, "Wednesday, 01-May-24 02:30:00 GMT": half, "Wed May  1 02:30:00 2024": half, "Wed May 1 02:30:00 UTC 2024": half,
		"01 May 24 02:30:00 UT": half, "Sun, 06 Nov 1994 08:49:37 GMT": "1994-11-06T08:49:37.000Z",
		"1714530600": half, "1714530600000": half, "1714530600.5": "2024-05-01T02:30:00.500Z", "0": "1970-01-01T00:00:00.000Z", "-1": "1969-12-31T23:59:59.000Z", "1.7145306e9": half,
		"20240501": "1970-08-23T06:21:41.000Z", // a number is Unix time
		"":         "", "yesterday": "", "2024-05-01T": "", "2024-13-01": "", "2023-02-29": "", "2024-05-01T24:00:00Z": "", "2024-05-01T02:60:00Z": "", "2024-05-01T02:30:00X": "",
		"2024-05-01T02:30:00+25:00": "", "2024-05-01T02:30:00+": "", "2024-05-01T02:30:00.Z": "", "2024-5-1": "", "24-05-01": "", "20240501T": "", "20240501 023000": "", "2024-0501": "",
		"Wed, 32 May 2024 02:30:00 GMT": "", "Wed, 01 Mai 2024 02:30:00 GMT": "", "Foo, 01 May 2024 02:30:00 GMT": "", "Wed, 01 May 2024 02:30:00 XYZ": "", "Wed, May 2024": "", "01/05/2024": "",
		"1e16": "", "NaN": "", "0x10": "", "+1": "", "1_000": "", "2024-05-01T02:30:00Z and more": "", "0000-01-01T00:00:00+01:00": "", "9999-12-31T23:59:59-01:00": "",
	} {
		got := ""
		if at, ok := gateway.ParseDate(text); ok {
			got = at.Format(gateway.TimeFormat)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// FuzzParseDate: whatever is a date is in UTC, and what it is shown as is the same date.
func FuzzParseDate(f *testing.F) {
	for _, text := range []string{"2024-05-01t02:30:00z", "20240501T0230+01", "Wed, 01-May-24 02:30:00 GMT", "Wed May  1 02:30:00 2024", "-1.5e9", "1 Jan 049 1:1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, ok := gateway.ParseDate(text)
		if !ok {
			return
		}
		shown := at.Format(gateway.TimeFormat)
		if again, ok := gateway.ParseDate(shown); at.Location() != time.UTC || !ok || !again.Equal(at.Truncate(time.Millisecond)) {
			t.Fatalf("%q is %s, which is %s (%v)", text, shown, again, ok)
		}
	})
}
