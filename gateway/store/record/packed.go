package record

import (
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// The fields of an attempt's headers are mostly what they were in the one before: the same
// values, the moment of the attempt in two forms, the id of the event. Such a value is
// written as a form, a byte or two, where the text would be thirty; it is read as the very
// text that it was. So is an attempt that succeeded half as large, and there are many.

// Forms of a value. What is not less is the length of a text that follows.
const (
	packedID      = 0  // the id of the event
	packedSeconds = 1  // seconds since 1970, in decimal, from those of the attempt on
	packedDate    = 2  // a date of HTTP, likewise
	packedValues  = 4  // values, from here on
	packedForms   = 64 // there are so many at most
)

// values are those that are written as forms: to be added to at the end, and never changed.
var values = [...]string{
	"***", "application/json", "application/cloudevents+json", "application/json; charset=utf-8", "text/plain; charset=utf-8", "text/plain",
	"text/html; charset=utf-8", "text/html", "0", "1", "2", "3", "4", "15", "keep-alive", "close", "chunked", "gzip", "nginx", "cloudflare",
	"Apache", "Express", "fasthttp", "nosniff", "no-cache", "no-store", "Accept-Encoding", "Origin", "*", "application/cloudevents-batch+json",
}

var formOf = newWords(values[:], packedValues)

// words finds the numbers of a few words, by their length: there are ten fields and more in each
// attempt, and a map would look at all of a value to say that it is none of them.
type words [][]numbered

type numbered struct {
	word   string
	number uint64
}

func newWords(list []string, first uint64) (w words) {
	for i, word := range list {
		for len(w) <= len(word) {
			w = append(w, nil)
		}
		w[len(word)] = append(w[len(word)], numbered{word, first + uint64(i)})
	}
	return w
}

// of gives the number of a word; 0 for none.
func (w words) of(word string) uint64 {
	if len(word) < len(w) {
		for i := range w[len(word)] {
			if is := &w[len(word)][i]; is.word == word {
				return is.number
			}
		}
	}
	return 0
}

// packing is what values are written by: when the attempt was, and the id of its event.
type packing struct {
	at int64 // seconds
	id string
}

func packingOf(at time.Time, id string) packing { return packing{at.Unix(), id} }

// packed appends a value.
func (e *Encoder) packed(value string, by packing) {
	if value == by.id && value != "" {
		e.Number(packedID)
		return
	}
	if form := formOf.of(value); form != 0 {
		e.Number(form)
		return
	}
	if form, seconds, found := moment(value); found {
		e.Number(form)
		e.B = binary.AppendVarint(e.B, seconds-by.at)
		return
	}
	e.Number(packedForms + uint64(len(value)))
	e.B = append(e.B, value...)
}

// moment reads a value that is a moment in one of two forms, and no other text.
func moment(value string) (form uint64, seconds int64, found bool) {
	switch len(value) {
	case len("1795962756"):
		n, ok := digits(value)
		return packedSeconds, int64(n), ok && value[0] != '0'
	case len(http.TimeFormat):
		at, ok := knownDate(value)
		return packedDate, at, ok
	}
	return 0, 0, false
}

// digits reads some that are digits alone.
func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = 10*n + int(c)
	}
	return n, true
}

// dated is a date and its moment.
type dated struct {
	text    string
	seconds int64
}

// lastDate is the one that was read last: what endpoints answer has the date of its second.
var lastDate atomic.Pointer[dated]

// knownDate is dateOf, which reads a text once.
func knownDate(s string) (seconds int64, ok bool) {
	if last := lastDate.Load(); last != nil && last.text == s {
		return last.seconds, true
	}
	if seconds, ok = dateOf(s); ok {
		lastDate.Store(&dated{strings.Clone(s), seconds})
	}
	return seconds, ok
}

// months are their names in a date, in order.
const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// dateOf reads a text of the length of a date of HTTP: one that formatting gives again, and no
// other.
func dateOf(s string) (seconds int64, ok bool) {
	month := 0
	for i := 0; i < len(months); i += 3 {
		if months[i:i+3] == s[8:11] {
			month = 1 + i/3
		}
	}
	day, ok1 := digits(s[5:7])
	year, ok2 := digits(s[12:16])
	hour, ok3 := digits(s[17:19])
	minute, ok4 := digits(s[20:22])
	second, ok5 := digits(s[23:25])
	if month == 0 || !(ok1 && ok2 && ok3 && ok4 && ok5) || hour > 23 || minute > 59 || second > 59 ||
		s[3:5] != ", " || s[7] != ' ' || s[11] != ' ' || s[16] != ' ' || s[19] != ':' || s[22] != ':' || s[25:] != " GMT" {
		return 0, false
	}
	at := time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return at.Unix(), at.Day() == day && at.Weekday().String()[:3] == s[:3]
}

// packed reads a value; a skimmer may give nothing.
func (d *Decoder) packed(by packing) string {
	form := d.Number()
	switch {
	case form >= packedForms:
		if text := d.some(form - packedForms); !d.skims {
			return d.own(text)
		}
		return ""
	case form == packedID && by.id != "":
		return by.id
	case form == packedSeconds, form == packedDate:
		at := by.at + d.signed()
		switch {
		case d.skims:
			return ""
		case form == packedSeconds:
			return strconv.FormatInt(at, 10)
		}
		return time.Unix(at, 0).UTC().Format(http.TimeFormat)
	case form >= packedValues && form < packedValues+uint64(len(values)):
		return values[form-packedValues]
	}
	d.Fail()
	return ""
}
