package signature

import (
	"bytes"
	"crypto/sha256"
	"time"
)

// dropboxSign signs the time and the type of an event, within the JSON of a form's part,
// and nothing else (developers.hellosign.com/docs/events/walkthrough, "Event hash").
// So nothing but the single use of a hash keeps one that was seen from being sent again
// with another event: it is the delivery id, and a source may name no other.
var dropboxSign = descriptor{
	name:       "dropbox-sign",
	clock:      tenDigits,
	algorithm:  sha256.New,
	encoding:   hexLower,
	window:     fiveMinutes,
	deliveryID: "event.event_hash",
}

const (
	dropboxPart  = "json"
	dropboxHash  = "event.event_hash"
	dropboxTime  = "event.event_time"
	dropboxHello = "Hello API Event Received"
)

var dropboxSignScheme = scheme{
	name:  dropboxSign.name,
	reads: []string{"secrets", "tolerance"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{
			proof:      &signedEvent{keys: dropboxSign.keys(c, f), window: dropboxSign.tolerance(c, f)},
			deliveryID: dropboxSign.deliveryID,
			onlyID:     true,
			handshake:  dropboxHandshake,
			thanks:     dropboxHello,
			open:       openDropbox,
		}
	},
}

// signedEvent proves by a hash within a part of a form.
type signedEvent struct {
	keys   []*key
	window time.Duration
}

func (p *signedEvent) verify(r *Request) error {
	at, kind, hash, err := readEvent(r)
	if err != nil {
		return err
	}
	moment, ok := dropboxSign.clock.read([]byte(at))
	if !ok || !isPlain(kind, "_") || kind[0] >= '0' && kind[0] <= '9' {
		return refuse(Malformed, dropboxTime) // a digit could be the time's or the type's
	}
	if err := within(p.window, r, moment, dropboxTime); err != nil {
		return err
	}
	for _, k := range p.keys {
		if k.gives([]byte(hash), dropboxSign.encoding, []byte(at), []byte(kind)) {
			return nil
		}
	}
	return refuse(Mismatch, dropboxHash)
}

// openDropbox gives the JSON of a verified form. Its boundary is that by which it was
// verified.
func openDropbox(body []byte) ([]byte, bool) {
	boundary, ok := boundaryOf(body)
	if !ok {
		return nil, false
	}
	text, err := partOf(body, boundary, dropboxPart)
	return text, err == nil
}

func readEvent(r *Request) (at, kind, hash string, err error) {
	text, err := r.part(dropboxPart)
	if err != nil {
		return "", "", "", err
	}
	outer, ok := members(text, "event")
	if !ok {
		return "", "", "", refuse(Malformed, dropboxPart)
	}
	found, ok := texts(outer[0], "event_time", "event_type", "event_hash")
	switch {
	case !ok:
		return "", "", "", refuse(Malformed, dropboxPart)
	case found[2] == "":
		return "", "", "", refuse(MissingField, dropboxHash)
	case found[1] == "":
		return "", "", "", refuse(MissingField, "event.event_type")
	}
	return found[0], found[1], found[2], nil
}

// dropboxHandshake answers the signed event by which Dropbox Sign tries a URL out
// (developers.hellosign.com/docs/events/walkthrough, "Testing").
var dropboxHandshake = handshake{
	asked: func(r *Request) bool { return bytes.Contains(r.Body, []byte(`"callback_test"`)) },
	answer: func(r *Request) (Answer, bool) {
		_, kind, _, err := readEvent(r)
		return echo(dropboxHello), err == nil && kind == "callback_test"
	},
}
