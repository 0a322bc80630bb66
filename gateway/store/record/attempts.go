package record

import (
	"time"

	"hookgate/gateway"
)

// Versions of an attempt. In the record of its delivery the version stands in the place
// of a flag, for which one of the first version was yes.
const (
	noAttempt    = 0
	recordTold   = 2 // with its address, its detail and both headers
	recordPacked = 3 // the values of headers are packed
)

// Attempt appends an attempt.
func (e *Encoder) Attempt(a *gateway.Attempt) {
	e.B = append(e.B, recordPacked)
	e.attemptMembers(a, "")
}

// attemptMembers appends all but the number; event is the id of the one that was carried,
// if the reader will know it.
func (e *Encoder) attemptMembers(a *gateway.Attempt, event string) {
	e.Time(a.At)
	e.Number(uint64(a.Duration))
	e.Number(uint64(a.Status))
	e.Text(a.Error)
	e.Text(a.Detail)
	e.Text(a.Address)
	by := packingOf(a.At, event)
	e.fields(a.RequestHeaders, by)
	e.fields(a.ResponseHeaders, by)
	e.Raw(a.ResponseBody)
}

func (d *Decoder) attemptMembers(version byte, number int, event string) gateway.Attempt {
	a := gateway.Attempt{
		Number: number, At: d.Time(), Duration: time.Duration(d.Number()), Status: int(d.Number()), Error: d.Text(), BodyUnread: d.skims,
	}
	switch version {
	case First:
	case recordTold, recordPacked:
		a.Detail, a.Address = d.Text(), d.Text()
		var by *packing
		if version == recordPacked {
			p := packingOf(a.At, event)
			by = &p
		}
		a.RequestHeaders, a.ResponseHeaders = d.fields(by), d.fields(by)
	default:
		d.Fail()
	}
	a.ResponseBody = d.body()
	return a
}

// DecodeAttempt leaves out what was said, unless it is asked for.
func DecodeAttempt(number int, value []byte, said bool) (gateway.Attempt, error) {
	d := OpenRecord(value)
	if !said {
		d = openSkimmer(value)
	}
	a := d.attemptMembers(d.Byte(), number, "")
	return a, d.Done("attempt")
}

// fields appends the fields of a header: of a name that is common its place in the list.
func (e *Encoder) fields(header [][2]string, by packing) {
	e.Number(uint64(len(header)))
	for i := range header {
		place := places.of(header[i][0])
		e.Number(place)
		if place == 0 {
			e.Text(header[i][0])
		}
		e.packed(header[i][1], by)
	}
}

// fields reads the fields of a header; nil for none. A skimmer gives nil. by is nil where
// values are not packed.
func (d *Decoder) fields(by *packing) [][2]string {
	n := d.Number()
	if n > uint64(len(d.rest)) { // each takes two bytes at least
		d.Fail()
	}
	if n == 0 || d.bad {
		return nil
	}
	var list [][2]string
	if !d.skims {
		list = make([][2]string, 0, n)
	}
	for range n {
		name, value := d.name(), d.value(by)
		if !d.skims {
			list = append(list, [2]string{d.own(name), value})
		}
	}
	return list
}

// value gives the value of a field; a skimmer may give nothing.
func (d *Decoder) value(by *packing) string {
	switch {
	case by != nil:
		return d.packed(*by)
	case d.skims:
		d.next()
		return ""
	}
	return d.Text()
}

// name gives the name of a field as it lies in rest.
func (d *Decoder) name() string {
	switch place := d.Number(); {
	case place == 0:
		return d.next()
	case place <= uint64(len(names)):
		return names[place-1]
	}
	d.Fail()
	return ""
}

// names are those of which records have the places alone, from 1: to be added to at the
// end, and never changed.
var names = [...]string{
	"Content-Type", "User-Agent", "Hookgate-Attempt", "webhook-id", "webhook-timestamp", "webhook-signature", "Authorization", "X-Webhook-Token",
	"Date", "Server", "Content-Length", "Connection", "Keep-Alive", "Transfer-Encoding", "Content-Encoding", "Vary", "Cache-Control",
	"Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options", "X-Powered-By", "X-Request-Id", "ETag", "Via", "Location", "Retry-After",
	"Set-Cookie", "Access-Control-Allow-Origin", "Content-Security-Policy", "Referrer-Policy", "X-XSS-Protection", "Alt-Svc", "CF-RAY", "Expires",
	"Pragma", "Accept-Encoding", "Accept", "Idempotency-Key", "date", "server", "content-type", "content-length",
}

var places = newWords(names[:], 1)
