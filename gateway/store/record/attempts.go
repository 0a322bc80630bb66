package record

import (
	"time"

	"hookgate/gateway"
)

// Versions of an attempt. In the record of its delivery the version stands in the place
// of a flag, for which one of the first version was yes.
const (
	noAttempt  = 0
	recordTold = 2 // with its address, its detail and both headers
)

// Attempt appends an attempt.
func (e *Encoder) Attempt(a *gateway.Attempt) {
	e.B = append(e.B, recordTold)
	e.attemptMembers(a)
}

func (e *Encoder) attemptMembers(a *gateway.Attempt) {
	e.Time(a.At)
	e.Number(uint64(a.Duration))
	e.Number(uint64(a.Status))
	e.Text(a.Error)
	e.Text(a.Detail)
	e.Text(a.Address)
	e.fields(a.RequestHeaders)
	e.fields(a.ResponseHeaders)
	e.Raw(a.ResponseBody)
}

func (d *Decoder) attemptMembers(version byte, number int) gateway.Attempt {
	a := gateway.Attempt{
		Number: number, At: d.Time(), Duration: time.Duration(d.Number()), Status: int(d.Number()), Error: d.Text(), BodyUnread: d.skims,
	}
	switch version {
	case First:
	case recordTold:
		a.Detail, a.Address = d.Text(), d.Text()
		a.RequestHeaders, a.ResponseHeaders = d.fields(), d.fields()
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
	a := d.attemptMembers(d.Byte(), number)
	return a, d.Done("attempt")
}

// fields appends the fields of a header: of a name that is common its place in the list.
func (e *Encoder) fields(header [][2]string) {
	e.Number(uint64(len(header)))
	for i := range header {
		place := places[header[i][0]]
		e.Number(place)
		if place == 0 {
			e.Text(header[i][0])
		}
		e.Text(header[i][1])
	}
}

// fields reads the fields of a header; nil for none. A skimmer gives nil.
func (d *Decoder) fields() [][2]string {
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
		name, value := d.name(), d.next()
		if !d.skims {
			list = append(list, [2]string{d.own(name), d.own(value)})
		}
	}
	return list
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

var places = func() map[string]uint64 {
	m := make(map[string]uint64, len(names))
	for i, name := range names {
		m[name] = uint64(i) + 1
	}
	return m
}()
