package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"golang.org/x/term"

	"hookgate/gateway"
)

// screen prints what a command was asked for: tables that fit the terminal for people, the
// API's own JSON for programs.
type screen struct {
	out, errs io.Writer
	json, utc bool
	width     int // in columns; 0: as wide as it takes
	colour    bool
	now       func() time.Time // asked at each print: a command may stay for hours
	err       error            // the first of writing
}

func newScreen(out, errs io.Writer, r *running) *screen {
	s := &screen{out: out, errs: errs, json: r.json, utc: r.utc, now: time.Now}
	if isTerminal(out) {
		s.colour = os.Getenv("NO_COLOR") == "" // no-color.org
		if file, is := out.(*os.File); is {
			if width, _, err := term.GetSize(int(file.Fd())); err == nil {
				s.width = width
			}
		}
	}
	if columns, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && columns > 0 {
		s.width = columns
	}
	return s
}

func (s *screen) printf(format string, args ...any) {
	text := tame(fmt.Sprintf(format, args...))
	if _, err := io.WriteString(s.out, text); err != nil && s.err == nil {
		s.err = err
	}
}

// document prints JSON as it is, indented.
func (s *screen) document(text []byte) {
	var b bytes.Buffer
	if err := json.Indent(&b, text, "", "  "); err != nil {
		b.Reset()
		b.Write(text)
	}
	s.printf("%s\n", b.Bytes())
}

// line prints JSON on one line, for what comes one after the other.
func (s *screen) line(text []byte) {
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		b.Write(text)
	}
	s.printf("%s\n", b.Bytes())
}

// tame gives a text with those characters escaped that JSON lets stand and that steer who
// shows them. What is below the blank are our own colours and lines.
func tame(text string) string {
	wild := func(r rune) bool { return r >= ' ' && gateway.Steers(r) }
	if !strings.ContainsFunc(text, wild) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if wild(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// column is one of a table: what stands at a path, in a form; nil is as text.
type column struct {
	head, path string
	form       func(*screen, gjson.Result) string
}

// rows prints what a list has: a table, or with --json a list.
func (s *screen) rows(columns []column, all iter.Seq2[json.RawMessage, error]) error {
	var rows [][]string
	first := true
	for one, err := range all {
		switch {
		case err != nil:
			return err
		case s.json && first:
			s.printf("[\n%s", one)
		case s.json:
			s.printf(",\n%s", one)
		default:
			rows = append(rows, s.row(columns, one))
		}
		first = false
	}
	switch {
	case s.json && first:
		s.printf("[]\n")
	case s.json:
		s.printf("\n]\n")
	case len(rows) == 0:
		fmt.Fprintln(s.errs, "none")
	default:
		s.table(columns, rows)
	}
	return nil
}

func (s *screen) row(columns []column, one json.RawMessage) []string {
	cells := make([]string, len(columns))
	for i, c := range columns {
		value := gjson.ParseBytes(one)
		if c.path != "" {
			value = value.Get(c.path)
		}
		if c.form == nil {
			cells[i] = oneLine(value.String())
		} else {
			cells[i] = c.form(s, value)
		}
	}
	return cells
}

// leastWidth is what a column is never cut below.
const leastWidth = 6

// table prints rows below the heads; where they are wider than the terminal, the widest
// columns are cut.
func (s *screen) table(columns []column, rows [][]string) {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = len(c.head)
		for _, row := range rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	columns, widths = s.fitting(columns, widths)
	for s.width > 0 && total(widths) > s.width {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= leastWidth {
			break
		}
		widths[widest]--
	}
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.head
	}
	s.cells(heads, widths, func(text string) string { return s.painted("1", text) })
	for _, row := range rows {
		s.cells(row[:len(columns)], widths, s.state)
	}
}

// fitting leaves out the last columns that have no room on the terminal.
func (s *screen) fitting(columns []column, widths []int) ([]column, []int) {
	least := make([]int, len(widths))
	for i, w := range widths {
		least[i] = min(w, leastWidth)
	}
	n := len(columns)
	for s.width > 0 && n > 1 && total(least[:n]) > s.width {
		n--
	}
	return columns[:n], widths[:n]
}

// gap stands between columns.
const gap = "  "

func total(widths []int) (n int) {
	for _, w := range widths {
		n += w + len(gap)
	}
	return n - len(gap)
}

func (s *screen) cells(texts []string, widths []int, paint func(string) string) {
	var b strings.Builder
	for i, text := range texts {
		text = cut(text, widths[i])
		b.WriteString(paint(text))
		if i < len(texts)-1 {
			b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)) + gap)
		}
	}
	s.printf("%s\n", strings.TrimRight(b.String(), " "))
}

// cut shortens a text to so many columns.
func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:max(width-1, 0)]) + "…"
}

// stateColours are those of words that say how something went.
var stateColours = map[string]string{
	"succeeded": "32", "resumed": "32", "success": "32", "SUCCESS": "32", "enabled": "32", "created": "32", "ok": "32", "yes": "32",
	"dead": "31", "failure": "31", "FAILURE": "31", "disabled": "31", "refused": "31", "timed_out": "31", "late": "31", "no": "31", "deleted": "31",
	"retrying": "33", "waiting": "33", "pending": "33", "parked": "33", "paused": "33", "updated": "33", "running": "33",
}

func (s *screen) state(text string) string { return s.painted(stateColours[text], text) }

func (s *screen) painted(colour, text string) string {
	if !s.colour || colour == "" || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// members prints one thing, a member a line.
func (s *screen) members(text []byte) {
	if s.json {
		s.document(text)
		return
	}
	width := 0
	gjson.ParseBytes(text).ForEach(func(name, _ gjson.Result) bool {
		width = max(width, utf8.RuneCountInString(name.String()))
		return true
	})
	ended := gjson.GetBytes(text, "ended_at").Type == gjson.String
	gjson.ParseBytes(text).ForEach(func(name, value gjson.Result) bool {
		shown := s.state(valueText(s, value))
		if ended && value.Time().After(s.now()) { // as the deadline of a wait that has ended: it does not come any more
			shown = oneLine(value.String())
		}
		if shown != "" {
			s.printf("%-*s%s%s\n", width, oneLine(name.String()), gap, shown)
		}
		return true
	})
}

// valueText is a value on one line; times are told with how long ago they are.
func valueText(s *screen, v gjson.Result) string {
	switch {
	case v.Type == gjson.Null:
		return ""
	case v.IsObject() || v.IsArray():
		var b bytes.Buffer
		if err := json.Compact(&b, []byte(v.Raw)); err != nil || b.String() == "{}" || b.String() == "[]" {
			return ""
		}
		return b.String()
	}
	if at, err := time.Parse(time.RFC3339Nano, v.String()); err == nil && !s.utc {
		return fmt.Sprintf("%s (%s)", v.String(), relative(at, s.now()))
	}
	return oneLine(v.String())
}

// oneLine has no line of a stranger's text begin a line of ours, nor move the terminal's
// cursor.
func oneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if gateway.Steers(r) {
			return ' '
		}
		return r
	}, text)
}

// The forms of columns.

func when(s *screen, v gjson.Result) string {
	at, err := time.Parse(time.RFC3339Nano, v.String())
	switch {
	case err != nil:
		return "-"
	case s.utc:
		return at.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	return relative(at, s.now())
}

func count(_ *screen, v gjson.Result) string { return strconv.Itoa(len(v.Array())) }

func commas(_ *screen, v gjson.Result) string {
	var texts []string
	for _, one := range v.Array() {
		texts = append(texts, oneLine(one.String()))
	}
	return strings.Join(texts, ",")
}

func orDash(_ *screen, v gjson.Result) string {
	if v.String() == "" {
		return "-"
	}
	return oneLine(v.String())
}

func yesNo(_ *screen, v gjson.Result) string {
	if v.Type == gjson.False {
		return "no"
	}
	return "yes"
}

// relative tells a time as people do: 5s ago, in 3m.
func relative(at, now time.Time) string {
	past := now.Sub(at)
	text := span(max(past, -past))
	switch {
	case text == "0s":
		return "now"
	case past < 0:
		return "in " + text
	}
	return text + " ago"
}

func span(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "d"}, {time.Hour, "h"}, {time.Minute, "m"}} {
		if d >= unit.of {
			return fmt.Sprintf("%d%s", d/unit.of, unit.name)
		}
	}
	return fmt.Sprintf("%ds", d/time.Second)
}
