package record

import (
	"encoding/binary"
	"net/http"
	"strconv"
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

var formOf = func() map[string]uint64 {
	m := make(map[string]uint64, len(values))
	for i, value := range values {
		m[value] = packedValues + uint64(i)
	}
	return m
}()

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
	if form, found := formOf[value]; found {
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
	var again [len(http.TimeFormat)]byte
	switch len(value) {
	case len("1795962756"):
		n, err := strconv.ParseInt(value, 10, 64)
		return packedSeconds, n, err == nil && string(strconv.AppendInt(again[:0], n, 10)) == value
	case len(http.TimeFormat):
		at, ok := dateOf(value)
		return packedDate, at.Unix(), ok && string(at.AppendFormat(again[:0], http.TimeFormat)) == value
	}
	return 0, 0, false
}

// months are their names in a date, in order.
const months = "JanFebMarAprMayJunJulAugSepOctNovDec"

// dateOf reads what may be a date of HTTP, which is as long as one. Who asks compares.
func dateOf(s string) (at time.Time, ok bool) {
	month := 0
	for i := 0; i < len(months); i += 3 {
		if months[i:i+3] == s[8:11] {
			month = 1 + i/3
		}
	}
	number := func(from, to int) (n int) {
		for _, c := range []byte(s[from:to]) {
			n = 10*n + int(c-'0')
		}
		return n
	}
	return time.Date(number(12, 16), time.Month(month), number(5, 7), number(17, 19), number(20, 22), number(23, 25), 0, time.UTC), month > 0
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
