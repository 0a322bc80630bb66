package api

import (
	"math"
	"strconv"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
)

// place is where a line stands in the walk down a timeline; the zero place is above all.
type place struct {
	store.Line // the line that the store has
	// part is what became of an event: the id of a delivery, or that of an attempt; "" is
	// the line itself.
	part string
}

// String gives a place as cursors have it: "<nanoseconds> <id> <part>".
func (p place) String() string {
	return strconv.FormatInt(p.At.UnixNano(), 10) + " " + p.ID + " " + p.part
}

// placeOf is the reverse of String; the zero place for what is no place's text.
func placeOf(text string) (p place) {
	moment, rest, _ := strings.Cut(text, " ")
	id, part, _ := strings.Cut(rest, " ")
	nanos, err := strconv.ParseInt(moment, 10, 64)
	if err != nil || !isLineID(id) || part != "" && !gateway.IsID(gateway.PrefixEvent, id) {
		return place{}
	}
	if p = (place{store.Line{At: time.Unix(0, nanos).UTC(), ID: id}, part}); p.String() != text {
		return place{}
	}
	if delivery, number, tried := strings.Cut(part, "/"); part != "" {
		n, err := strconv.Atoi(number)
		if !gateway.IsID(gateway.PrefixDelivery, delivery) || tried && (err != nil || n < 1 || strconv.Itoa(n) != number) {
			return place{}
		}
	}
	return p
}

func isPlace(text string) bool { return placeOf(text) != place{} }

// isLineID tells whether a text can be the id of a line that a store has.
func isLineID(id string) bool {
	odd := func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	return id != "" && len(id) <= maxLineID && !strings.ContainsFunc(id, odd)
}

const maxLineID = 64 // bytes

// allAttempts is above the number of any attempt.
const allAttempts = math.MaxInt

// rest tells what is left of a delivery below a place: its attempts with a number below
// the one given, and itself; or nothing of it. at is the line of the delivery's event.
func (p place) rest(at store.Line, delivery string) (below int, left bool) {
	if p.part == "" || at.ID != p.ID || !at.At.Equal(p.At) {
		return allAttempts, true
	}
	ended, number, tried := strings.Cut(p.part, "/")
	if delivery != ended {
		return allAttempts, delivery < ended
	}
	below, _ = strconv.Atoi(number)
	return below, tried
}
