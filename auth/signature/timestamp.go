package signature

import (
	"bytes"
	"strconv"
	"time"
)

// timestampOf returns the text of the timestamp, which is what is signed, after
// its form and its distance from the clock were checked.
func (g *digest) timestampOf(r *Request, value []byte) (text []byte, err error) {
	field, is := g.header, true
	switch {
	case g.format != nil:
		if text, is = g.format.timestamp(value); !is {
			err = refuse(Malformed, field)
		}
	case g.stamp != "":
		text, err = g.listed(value)
	default:
		field = g.timestamp
		text, err = r.header(field)
	}
	if err != nil {
		return nil, err
	}
	at, ok := g.clock.read(text)
	if !ok {
		return nil, refuse(Malformed, field)
	}
	return text, within(g.window, r, at, field)
}

// within refuses a moment that is farther from the clock than the window.
func within(window time.Duration, r *Request, at time.Time, field string) error {
	switch age := r.Now.Sub(at); {
	case age > window:
		return &Error{Reason: Stale, Field: field, Age: age, Window: window}
	case age < -window:
		return &Error{Reason: Future, Field: field, Age: age, Window: window}
	}
	return nil
}

// listed finds the one item of the list that is the timestamp.
func (g *digest) listed(value []byte) (text []byte, err error) {
	found := 0
	for item := range g.items(value) {
		if after, is := bytes.CutPrefix(item, []byte(g.stamp)); is {
			text, found = after, found+1
		}
	}
	if found != 1 {
		return nil, refuse(Malformed, g.header)
	}
	return text, nil
}

// clock is how a scheme writes a moment. Each is strict: of the texts that could
// mean one moment few pass, and all in an alphabet that tells where the timestamp
// ends in what is signed.
type clock struct {
	read  func(text []byte) (time.Time, bool)
	write func(to []byte, at time.Time) []byte
}

var (
	seconds = clock{unixSeconds, func(to []byte, at time.Time) []byte {
		return strconv.AppendInt(to, at.Unix(), 10)
	}}
	// tenDigits and milliseconds have as many digits as they have from 2001 to 2286:
	// a digit of what follows cannot be taken for theirs, nor seconds for a moment
	// of 1970.
	tenDigits = clock{func(text []byte) (time.Time, bool) {
		n, ok := number(text)
		return time.Unix(n, 0), ok && len(text) == 10
	}, seconds.write}
	milliseconds = clock{func(text []byte) (time.Time, bool) {
		n, ok := number(text)
		return time.UnixMilli(n), ok && len(text) == 13
	}, func(to []byte, at time.Time) []byte {
		return strconv.AppendInt(to, at.UnixMilli(), 10)
	}}
	// plainSeconds have no leading zero: a moment has one text.
	plainSeconds = clock{func(text []byte) (time.Time, bool) {
		at, ok := unixSeconds(text)
		return at, ok && text[0] != '0'
	}, seconds.write}
	rfc3339 = clock{zulu, func(to []byte, at time.Time) []byte {
		return at.UTC().AppendFormat(to, time.RFC3339)
	}}
)

// unixSeconds reads Unix seconds: digits alone, no sign, no space, and no more of
// them than time.Time is safe with.
func unixSeconds(text []byte) (time.Time, bool) {
	n, ok := number(text)
	return time.Unix(n, 0), ok && len(text) <= 12
}

// number reads up to 15 digits and nothing else.
func number(text []byte) (n int64, ok bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// zulu reads RFC 3339 in UTC, which ends with a Z.
func zulu(text []byte) (at time.Time, ok bool) {
	if len(text) > len("2006-01-02T15:04:05.999999999Z") || !bytes.HasSuffix(text, []byte("Z")) {
		return at, false
	}
	err := at.UnmarshalText(text)
	return at, err == nil
}
