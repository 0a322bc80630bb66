package signature

import (
	"bytes"
	"time"
)

// timestampOf returns the text of the timestamp, which is what is signed, after
// its form and its distance from the clock were checked.
func (g *digest) timestampOf(r *Request, value []byte) (text []byte, err error) {
	field := g.timestamp
	if g.stamp != "" {
		field = g.header
		text, err = g.listed(value)
	} else {
		text, err = r.header(g.timestamp)
	}
	if err != nil {
		return nil, err
	}
	at, ok := unixSeconds(text)
	if !ok {
		return nil, refuse(Malformed, field)
	}
	switch age := r.Now.Sub(at); {
	case age > g.window:
		return nil, refuse(Stale, field)
	case age < -g.window:
		return nil, refuse(Future, field)
	}
	return text, nil
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

// unixSeconds reads a timestamp strictly: digits alone, no sign, no space, and
// no more of them than time.Time is safe with.
func unixSeconds(text []byte) (time.Time, bool) {
	if len(text) == 0 || len(text) > 12 {
		return time.Time{}, false
	}
	var seconds int64
	for _, c := range text {
		if c < '0' || c > '9' {
			return time.Time{}, false
		}
		seconds = seconds*10 + int64(c-'0')
	}
	return time.Unix(seconds, 0), true
}
