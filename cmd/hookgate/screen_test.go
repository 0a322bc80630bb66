package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"hookgate/gateway/client"
)

// A table is no wider than the terminal, whatever is in it, and as wide as it takes where
// there is none; the widest columns are cut, and then the last ones left out.
func TestTablesFit(t *testing.T) {
	columns := []column{{"ID", "id", nil}, {"STATE", "state", nil}, {"URL", "url", nil}, {"WHY", "why", orDash}}
	row := []byte(`{"id":"x1","state":"succeeded","url":"https://example.com/` + strings.Repeat("a", 100) + `","why":"zwölf Boxkämpfer\nund mehr"}`)
	for _, width := range []int{0, 200, 80, 40, 20, 8, 3} {
		var out strings.Builder
		s := &screen{out: &out, width: width}
		s.table(columns, [][]string{s.row(columns, row), s.row(columns, []byte(`{"id":"x2"}`))})
		for line := range strings.Lines(out.String()) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); width > 0 && n > max(width, len("ID")) {
				t.Errorf("in %d columns a line has %d: %s", width, n, line)
			}
		}
		if n := strings.Count(out.String(), "\n"); n != 3 {
			t.Errorf("%d lines for 3 rows:\n%s", n, out.String())
		}
		if whole := strings.Contains(out.String(), strings.Repeat("a", 100)); whole != (width == 0 || width == 200) {
			t.Errorf("in %d columns the URL is whole: %t", width, whole)
		}
	}
}

// Colour is for terminals: a writer that is none has none, and what is painted is as wide as
// before.
func TestColours(t *testing.T) {
	var out strings.Builder
	if s := newScreen(&out, &out, &running{}); s.colour || s.state("dead") != "dead" {
		t.Error("colours for a writer that is no terminal")
	}
	s := &screen{out: &out, colour: true}
	if s.state("dead") != "\x1b[31mdead\x1b[0m" || s.state("whatever") != "whatever" {
		t.Errorf("%q", s.state("dead"))
	}
}

// What a stranger wrote moves no cursor and begins no line of ours.
func TestStrangersTextStaysInItsCell(t *testing.T) {
	s := &screen{}
	got := s.row([]column{{"A", "a", nil}, {"B", "b", commas}}, []byte(`{"a":"\u001b[2Jx\ny\u009b\u202e","b":["\r1","2"]}`))
	if got[0] != " [2Jx y  " || got[1] != " 1,2" {
		t.Errorf("%q", got)
	}
	const told, want = "{\"key\":\"x\x7f\u009b2Jé \"}", `{"key":"x\u007f\u009b2Jé "}` // of which JSON lets all stand
	var out bytes.Buffer
	s = &screen{out: &out, json: true}
	s.line([]byte(told))
	s.document([]byte(told))
	err := s.rows(nil, func(yield func(json.RawMessage, error) bool) { yield(json.RawMessage(told), nil) })
	if err != nil || strings.Count(out.String(), want) != 2 || strings.Count(out.String(), want[7:len(want)-1]) != 3 {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestTimesAreRelative(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	s := &screen{now: func() time.Time { return now }}
	for at, want := range map[string]string{
		"2026-07-01T11:59:59.500Z": "now", "2026-07-01T11:59:55Z": "5s ago", "2026-07-01T12:03:00Z": "in 3m", "2026-06-29T12:00:00Z": "2d ago", "2026-07-01T09:30:00Z": "2h ago",
	} {
		if got := when(s, gjson.Result{Type: gjson.String, Str: at}); got != want {
			t.Errorf("%s: %s, want %s", at, got, want)
		}
	}
	s.utc = true
	if got := when(s, gjson.Result{Type: gjson.String, Str: "2026-07-01T14:00:00+02:00"}); got != "2026-07-01T12:00:00.000Z" {
		t.Errorf("in UTC: %s", got)
	}
	if got := when(s, gjson.Result{}); got != "-" {
		t.Errorf("none: %s", got)
	}
}

// A command may stay for long: each print has its own now. What has ended has nothing to
// come, also where its deadline was later.
func TestTimesAreOfEachPrint(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		s := newScreen(&out, &out, &running{})
		at := gjson.Result{Type: gjson.String, Str: time.Now().UTC().Format(time.RFC3339)}
		time.Sleep(time.Minute)
		if got := when(s, at); got != "1m ago" {
			t.Errorf("a minute later: %s", got)
		}
		now, later := time.Now().UTC().Format(time.RFC3339), time.Now().Add(time.Minute).UTC().Format(time.RFC3339)
		time.Sleep(5 * time.Second)
		s.members([]byte(`{"state":"resumed","expires_at":"` + later + `","ended_at":"` + now + `"}`))
		if want := "state       resumed\nexpires_at  " + later + "\nended_at    " + now + " (5s ago)\n"; out.String() != want {
			t.Errorf("of an ended wait:\n%swant:\n%s", out.String(), want)
		}
		out.Reset()
		s.members([]byte(`{"state":"waiting","expires_at":"` + later + `","ended_at":null}`))
		if !strings.Contains(out.String(), "(in 55s)") {
			t.Errorf("of an open wait:\n%s", out.String())
		}
		for ended, want := range map[string]string{"null": "in 55s", `"` + now + `"`: "-"} {
			if got := deadline(s, gjson.Parse(`{"expires_at":"`+later+`","ended_at":`+ended+`}`)); got != want {
				t.Errorf("the deadline of a wait that ended at %s: %s, want %s", ended, got, want)
			}
		}
	})
}

// What is due and not tried, or rests with its endpoint, says what that waits for.
func TestWhyWhatIsDueWaits(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	s := &screen{now: func() time.Time { return now }}
	for endpoint, want := range map[string]string{
		`{"enabled":true,"breaker":{"state":"closed","open_until":null}}`:                               "due",
		`{"enabled":true,"breaker":{"state":"open","open_until":"2026-07-01T12:05:00.000Z"}}`:           "when the breaker lets (in 5m)",
		`{"enabled":true,"breaker":{"state":"open","open_until":"2026-07-01T11:59:00.000Z"}}`:           "due",
		`{"enabled":true,"mode":"pull"}`:                                                                "due, when it is pulled",
		`{"enabled":true,"paused":true,"breaker":{"state":"open","open_until":"2026-07-01T12:05:00Z"}}`: "due, but paused",
		`{"enabled":false}`: "due, but disabled",
	} {
		if got := dueText(s, gjson.Parse(`"2026-07-01T11:58:00.000Z"`), gjson.Parse(endpoint)); got != want {
			t.Errorf("of %s: %s, want %s", endpoint, got, want)
		}
	}
	open := `{"enabled":true,"breaker":{"state":"open","open_until":"2026-07-01T12:05:00.000Z"}}`
	for next, want := range map[string]string{"12:05:00.001": "when the breaker lets (in 5m)", "12:07:00.000": "in 7m"} {
		if got := dueText(s, gjson.Parse(`"2026-07-01T`+next+`Z"`), gjson.Parse(open)); got != want {
			t.Errorf("next at %s: %s, want %s", next, got, want)
		}
	}
}

// An open breaker is listed with when it lets a request through.
func TestEndpointsAreListedWithTheirBreaker(t *testing.T) {
	s := &screen{now: func() time.Time { return time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC) }}
	e := gjson.Parse(`{"enabled":true,"breaker":{"state":"open","open_until":"2026-07-01T12:05:00.000Z"}}`)
	if got := endpointListed(s, e); got != "breaker open, tries in 5m" {
		t.Error(got)
	}
	s.utc = true
	if got := endpointListed(s, e); got != "breaker open until 2026-07-01T12:05:00.000Z" {
		t.Error(got)
	}
	if got := endpointListed(s, gjson.Parse(`{"enabled":true,"breaker":{"state":"closed","open_until":null}}`)); got != "enabled" {
		t.Error(got)
	}
}

// The lines of tail stand below each other, also those of what has no id, and those of the
// configuration say what was changed.
func TestLinesOfTheStream(t *testing.T) {
	var out strings.Builder
	a := &question{screen: newScreen(&out, &out, &running{utc: true})}
	for _, text := range []string{
		`{"at":"2026-07-01T12:00:00.000Z","kind":"wait","id":"wait_01KG9S7T7XK0000000000000AB","tenant":"acme","conversation_key":"42","state":"waiting"}`,
		`{"at":"2026-07-01T12:00:00.000Z","kind":"event","id":"evt_01KG9S7T7XK0000000000000AB","tenant":"acme","conversation_key":"42","type":"note"}`,
		`{"at":"2026-07-01T12:00:00.000Z","kind":"config","id":null,"tenant":"acme","result":"changed","object":"tenants/acme/endpoints/crm","action":"create","change":null}`,
	} {
		var line client.Line
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		line.Text = []byte(text)
		a.happened(line)
	}
	lines := strings.Split(out.String(), "\n")
	if at := strings.Index(lines[0], "acme/42"); at < 0 || strings.Index(lines[1], "acme/42") != at || strings.Index(lines[2], "acme  ") != at {
		t.Errorf("not below each other:\n%s", out.String())
	}
	if !strings.HasSuffix(lines[2], "acme  result=changed object=tenants/acme/endpoints/crm action=create") {
		t.Errorf("of the configuration:\n%s", lines[2])
	}
}
