package console

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"hookgate/gateway/markup"
)

// templates are the pages by their names: each is the frame and the parts, with one page's
// own template. They are made when somebody first asks for a page: a megabyte, and a third of
// the time to start.
var templates = sync.OnceValue(loadTemplates)

func loadTemplates() map[string]*markup.Set {
	base := markup.New(functions, methods)
	parse(base, "templates/frame.html")
	parse(base, "templates/parts.html")
	all := map[string]*markup.Set{}
	for file := range files() {
		name, is := strings.CutSuffix(path.Base(file), ".html")
		if !is || name == "frame" || name == "parts" {
			continue
		}
		all[name] = base.Clone()
		parse(all[name], file)
	}
	return all
}

// parse adds a file of ours to a set.
func parse(s *markup.Set, file string) {
	if err := s.Parse(path.Base(file), files()[file]); err != nil {
		panic("console: " + err.Error())
	}
}

// functions are what templates may call. Those that give markup.HTML write nothing into
// it but what they have formatted or escaped themselves.
var functions = markup.Functions{
	"when":   when,
	"until":  until,
	"took":   took,
	"timeof": func(t time.Time) *time.Time { return &t },
	"number": number,
	"count":  func(n int) string { return number(float64(n)) },
	"pretty": pretty,
	"cut":    cut,
	"short":  short,
	"plural": func(n any, one, many string) string {
		if p, is := n.(*int); is {
			n = *p
		}
		return counted(n.(int), one, many)
	},
	"state": stateOf,
	"spark": spark,
	"trend": trend,
	"size":  sized,
	"tiny":  tiny,
	"level": level,
	"exact": func(t *time.Time) string { return t.UTC().Format(exactTime) },
	"day":   func(t *time.Time) string { return t.UTC().Format("2 Jan 15:04 UTC") },
	"percent": func(share float64) string {
		if share < 0 {
			return "–"
		}
		return strconv.FormatFloat(share, 'f', 1, 64) + " %"
	},
	"share": func(share *float64) string {
		if share == nil {
			return "–"
		}
		return strconv.FormatFloat(100**share, 'f', 1, 64) + " %"
	},
	"seconds": func(n *float64) string {
		if n == nil {
			return "–"
		}
		return span(time.Duration(*n) * time.Second)
	},
	"reverse": func(all []attempt) []attempt {
		all = slices.Clone(all)
		slices.Reverse(all)
		return all
	},
	"args": func(all ...any) []any { return all },
	"field": func(name, label, value, hint, wrong string) formField {
		return formField{name, label, value, hint, wrong}
	},
	"attempt": func(v *view, a attempt) shownAttempt {
		return shownAttempt{a, v}
	},
	"join":  strings.Join,
	"plain": func(p *string) string { return or(p, "") },
	"seg":   url.PathEscape,
}

// counted says how many there are.
func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return number(float64(n)) + " " + many
}

// formField is one field of a form.
type formField struct{ Name, Label, Value, Hint, Wrong string }

// or gives what p leads to, and otherwise for nil.
func or(p *string, otherwise string) string {
	if p == nil {
		return otherwise
	}
	return *p
}

const exactTime = "2006-01-02T15:04:05.000Z07:00"

// when shows a moment: how long ago it was, the exact one beside it for who looks closer.
func when(t *time.Time, now time.Time) markup.HTML {
	if t == nil || t.IsZero() {
		return `<span class="none">–</span>`
	}
	exact := t.UTC().Format(exactTime)
	return markup.HTML(`<time datetime="` + exact + `" title="` + exact + `">` + relative(now.Sub(*t)) + `</time>`) //nolint:gosec // figures and words of ours
}

// until is when for a moment to come: it ticks.
func until(t *time.Time, now time.Time) markup.HTML {
	if t == nil || t.IsZero() {
		return `<span class="none">–</span>`
	}
	exact := t.UTC().Format(exactTime)
	return markup.HTML(`<time role="timer" datetime="` + exact + `" title="` + exact + `">` + relative(now.Sub(*t)) + `</time>`) //nolint:gosec // as above
}

// relative says how long ago something was, or in what time it will be.
func relative(d time.Duration) string {
	if d < 0 {
		return "in " + span(-d)
	}
	if d < time.Second {
		return "now"
	}
	return span(d) + " ago"
}

// span shows a time in its two largest units at most.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + "\u00a0s"
	case d < time.Hour:
		return fmt.Sprintf("%d\u00a0min %02d\u00a0s", d/time.Minute, d%time.Minute/time.Second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%d\u00a0h %02d\u00a0min", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%d\u00a0d %02d\u00a0h", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// took shows how long something took, in milliseconds.
func took(ms float64) string {
	switch {
	case ms == 0: // attempts are told in whole milliseconds
		return "<\u00a01\u00a0ms"
	case ms < 10 && ms == math.Trunc(ms):
		return strconv.FormatFloat(ms, 'f', 0, 64) + "\u00a0ms"
	case ms < 10:
		return strconv.FormatFloat(ms, 'f', 1, 64) + "\u00a0ms"
	case ms < 10_000:
		return strconv.FormatFloat(ms, 'f', 0, 64) + "\u00a0ms"
	}
	return span(time.Duration(ms) * time.Millisecond)
}

// sized shows a number of bytes.
func sized(n float64) string {
	unit := 0
	for units := len(sizes) - 1; n >= 1024 && unit < units; unit++ {
		n /= 1024
	}
	if unit == 0 {
		return number(n) + "\u00a0bytes"
	}
	return strconv.FormatFloat(n, 'f', 1, 64) + "\u00a0" + sizes[unit]
}

var sizes = []string{"", "KiB", "MiB", "GiB", "TiB"}

// number shows a figure with a thin space between thousands.
func number(n float64) string {
	if n != math.Trunc(n) {
		return strconv.FormatFloat(n, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "\u202f" + digits[i:]
	}
	return digits
}

// cut shortens a text that is only looked over.
func cut(most int, text string) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}

// short shortens an id of ours to its kind and its end, which tells it from its neighbours.
func short(id string) string {
	prefix, rest, is := strings.Cut(id, "_")
	if !is || len(rest) < 20 {
		return id
	}
	return prefix + "_…" + rest[len(rest)-8:]
}

// mostShown bounds what is shown of one body, in bytes: who wrote it need not be a friend
// of whoever looks.
const mostShown = 128 << 10

// pretty sets JSON out in lines; what is none stays as it is, and so does what would become
// large by it: of lists in lists each line begins with as many spaces as they are deep.
func pretty(raw json.RawMessage) string {
	var out bytes.Buffer
	if indented(raw) > mostShown || json.Indent(&out, raw, "", "  ") != nil {
		return cutText(string(raw))
	}
	return cutText(out.String())
}

// cutText cuts what is too long to be shown.
func cutText(text string) string {
	if len(text) <= mostShown {
		return text
	}
	return strings.ToValidUTF8(text[:mostShown], "") + "\n… cut here: the API shows it whole"
}

// indented gives how long a text of JSON is at most when it is set out in lines; of any
// other text something.
func indented(raw []byte) (n int) {
	depth, quoted, escaped := 0, false, false
	for _, c := range raw {
		n++
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped, quoted = c == '\\', c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			depth++
			n += 1 + 2*depth
		case c == '}' || c == ']':
			depth = max(0, depth-1)
			n += 1 + 2*depth
		case c == ',':
			n += 1 + 2*depth
		case c == ':':
			n++
		}
	}
	return n
}

// stateShown is a state as people see it: a sign, a word, and what it means.
type stateShown struct{ Sign, Word, Kind string }

// Kinds of states; each has its colour, and each colour one meaning.
const (
	isGood = "good" // it went well, and is over
	isWait = "wait" // something is to come
	isBad  = "bad"  // somebody has to look
	isNone = "none" // over, without meaning
)

var states = map[string]stateShown{
	"resumed": {"✓", "resumed", isGood}, "succeeded": {"✓", "succeeded", isGood}, "success": {"✓", "success", isGood}, "SUCCESS": {"✓", "SUCCESS", isGood}, "done": {"✓", "done", isGood},
	"closed": {"✓", "closed", isGood}, "enabled": {"✓", "enabled", isGood}, "verified": {"✓", "verified", isGood}, "found": {"✓", "found", isGood}, "ok": {"✓", "ok", isGood},
	"waiting": {"◔", "waiting", isWait}, "pending": {"◔", "pending", isWait}, "retrying": {"↻", "retrying", isWait}, "parked": {"◔", "parked", isWait}, "running": {"↻", "running", isWait},
	"half_open": {"◐", "half open", isWait}, "half-open": {"◐", "half open", isWait}, "paused": {"‖", "paused", isWait}, "default": {"○", "default", isWait},
	"dead": {"✕", "dead", isBad}, "failure": {"✕", "failure", isBad}, "FAILURE": {"✕", "FAILURE", isBad}, "timed_out": {"!", "timed out", isBad}, "open": {"✕", "open", isBad}, "late": {"!", "late", isBad},
	"unauthenticated": {"✕", "not verified", isBad}, "disabled": {"✕", "disabled", isBad}, "unverified": {"✕", "not verified", isBad}, "missing": {"✕", "missing", isBad}, "failed": {"✕", "failed", isBad},
	"opened":    {"✕", "opened", isBad},
	"reopened":  {"✕", "reopened", isBad},
	"ends_soon": {"◔", "ends soon", isWait},
	"ended":     {"✕", "ended", isBad},
	"low":       {"◔", "low", isWait},
	"good":      {"✓", "good", isGood},
	"healthy":   {"✓", "healthy", isGood},
	"unhealthy": {"✕", "unhealthy", isBad},
	"ready":     {"✓", "ready", isGood},
	"draining":  {"↻", "draining", isWait},
	"gone":      {"✕", "gone", isBad},
	"owner":     {"◆", "owner", isNone},
	"differs":   {"!", "differs", isBad},
	"cancelled": {"⊘", "cancelled", isNone}, "duplicate": {"=", "duplicate", isNone}, "ignored": {"○", "ignored", isNone}, "refused": {"✕", "refused", isBad}, "not judged": {"?", "not judged", isNone},
}

// stateOf shows a word of the API; one that is not listed here was refused.
func stateOf(word string) stateShown {
	if s, is := states[word]; is {
		return s
	}
	if word == "" {
		return stateShown{"–", "none", isNone}
	}
	return stateShown{"✕", strings.ReplaceAll(word, "_", " "), isBad}
}
