package console

import (
	"testing"
	"time"

	"hookgate/gateway"
)

// What was pulled and acknowledged has neither status nor error, and went well.
func TestAttemptWords(t *testing.T) {
	ok, gone, lease := 204, 500, "lease"
	class := "5xx"
	for name, c := range map[string]struct {
		attempt    attempt
		word, last string
	}{
		"pushed":       {attempt{Status: &ok}, "ok", "204"},
		"refused":      {attempt{Status: &gone, Error: &class}, "failed", "500"},
		"acknowledged": {attempt{}, "ok", "ok"},
		"lease lapsed": {attempt{Error: &lease}, "failed", "lease"},
	} {
		d := delivery{Attempts: []attempt{c.attempt}}
		l := line{Kind: "attempt", Status: c.attempt.Status, Error: c.attempt.Error}
		if c.attempt.Word() != c.word || l.Word() != c.word || d.Last() != c.last {
			t.Errorf("%s: %s, on the axis %s, last %s; want %s and %s", name, c.attempt.Word(), l.Word(), d.Last(), c.word, c.last)
		}
	}
}

// The next attempt does not lie behind, and none is promised where somebody has to act first.
func TestNextAttempt(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) *time.Time { t := now.Add(d); return &t }
	open := func(until time.Duration) endpoint {
		e := endpoint{Verified: true}
		e.Breaker = &breakerShown{State: "open", OpenUntil: at(until)}
		return e
	}
	for name, c := range map[string]struct {
		next     *time.Time
		endpoint endpoint
		due      time.Duration
		waitsFor string
	}{
		"its pause goes on":             {at(time.Minute), endpoint{Verified: true}, time.Minute, ""},
		"its turn":                      {at(-time.Minute), endpoint{Verified: true}, 0, ""},
		"the breaker is open":           {at(-time.Minute), open(30 * time.Second), 30 * time.Second, ""},
		"the breaker opens before":      {at(time.Minute), open(30 * time.Second), time.Minute, ""},
		"a probe is due":                {at(-time.Minute), open(-time.Second), 0, ""},
		"nobody has pulled it":          {at(-time.Minute), endpoint{Verified: true, Mode: "pull"}, 0, "when pulled"},
		"it is lent":                    {at(time.Minute), endpoint{Verified: true, Mode: "pull"}, time.Minute, ""},
		"paused":                        {at(-time.Minute), endpoint{Verified: true, Paused: true}, 0, "paused"},
		"the endpoint is not verified":  {at(-time.Minute), endpoint{}, 0, "unverified"},
		"paused, and its pause goes on": {at(time.Minute), endpoint{Verified: true, Paused: true}, time.Minute, ""},
	} {
		d := delivery{State: "retrying", Next: c.next}
		if due := d.due(&c.endpoint, now); !due.Equal(now.Add(c.due)) {
			t.Errorf("%s: due %s, want %s", name, due.Sub(now), c.due)
		}
		if got := d.waitsFor(&c.endpoint, now); got != c.waitsFor {
			t.Errorf("%s: it waits for %q, want %q", name, got, c.waitsFor)
		}
	}
	ended := delivery{State: "dead", Next: at(0)}
	if ended.due(&endpoint{}, now) != nil || ended.waitsFor(&endpoint{Mode: "pull"}, now) != "" {
		t.Error("what has ended is due again")
	}
}

// What is delivered to the platform, or by a route, goes to no endpoint that has a page.
func TestDeliveriesOfNoEndpoint(t *testing.T) {
	for id, has := range map[string]bool{"crm": true, gateway.PlatformEndpoint: false, gateway.RouteLane("whatsapp"): false} {
		if got := (&delivery{Endpoint: id}).HasPage(); got != has {
			t.Errorf("%s has a page: %t, want %t", id, got, has)
		}
	}
}

// The newest attempt that failed is told, whichever list has it, and whether one went well since.
func TestLastError(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	at := func(minute int) *time.Time {
		t := now.Add(time.Duration(minute) * time.Minute)
		return &t
	}
	status, class, connect := 503, "5xx", "connect"
	failed := func(number, minute int) attempt {
		return attempt{Number: number, At: at(minute), Status: &status, Error: &class}
	}
	fresh := []delivery{{ID: "waits"}, {ID: "new", Attempts: []attempt{failed(1, 2)}}}
	retried := []delivery{{ID: "old", Attempts: []attempt{failed(1, 1), {Number: 2, At: at(5), Error: &connect}}}}
	well := []delivery{{ID: "good", Attempts: []attempt{failed(1, 3), {Number: 2, At: at(4), Status: new(int)}}}}
	for name, c := range map[string]struct {
		lists          [][]delivery
		want, delivery string
		well           *time.Time
	}{
		"none":              {[][]delivery{{{ID: "waits"}}, nil}, "", "", nil},
		"of one that waits": {[][]delivery{fresh, retried}, "connect", "old", nil},
		"well since":        {[][]delivery{fresh, well}, "503, 5xx", "good", at(4)},
		"well before":       {[][]delivery{well, retried}, "connect", "old", nil},
	} {
		got := lastErrorOf(c.lists...)
		switch {
		case c.want == "" && got != nil:
			t.Errorf("%s: %+v", name, got)
		case c.want != "" && (got == nil || got.Answer() != c.want || got.Delivery != c.delivery || (got.Well == nil) != (c.well == nil) || c.well != nil && !got.Well.Equal(*c.well)):
			t.Errorf("%s: %+v, want %+v", name, got, c)
		}
	}
}
