package signature

import (
	"bytes"
	"slices"
	"sync"
	"time"
)

// Message is what is to be signed: one attempt of a delivery.
type Message struct {
	ID   string // the same for every attempt; has no full stop
	At   time.Time
	Body []byte
	// Method and URL are of the request that it goes with; only the senders of
	// providers that sign them ask.
	Method, URL string
}

// Signer signs what goes out. Many goroutines may use it.
type Signer struct {
	fields *digest // nil: type none
	maker  maker
	token  *tokenMaker // of types that sign with tokens, which have no fields
	rooms  sync.Pool
	whole  func(m *Message, set func(name string, value []byte)) // in place of all that; nil: none
}

// maker is the part of a type that makes the value of the signature header.
type maker interface {
	sign(to []byte, c *content) []byte
}

// idHeader carries the id of whatever goes out (SPEC 14).
const idHeader = "webhook-id"

// signing lists the types of `sign` (SPEC 7).
var signing = []scheme{
	{name: "none"},
	{name: "standard", reads: []string{"secrets"}},
	{name: "standard-ed25519", reads: []string{"secrets"}},
	{name: "hmac", reads: []string{"header", "algorithm", "encoding", "prefix", "signed", "timestamp_header", "timestamp_unit", "format", "secrets"}},
}

// CompileSigner makes the signer of c, or says all that is wrong with c.
//
// Type standard sets webhook-id, webhook-timestamp and webhook-signature, with a
// signature for each secret; so does standard-ed25519, with whsk_ keys. Type hmac sets its header and, as far as its
// template has them, webhook-id and the timestamp header; its header has room for
// one signature, that of the first secret.
func CompileSigner(c Config) (*Signer, []Fault) { return compileSigner(c, signing) }

// compileSigner makes the signer of one of the types.
func compileSigner(c Config, types []scheme) (*Signer, []Fault) {
	var f faults
	s := find(types, c.Type, &f)
	if s == nil {
		return nil, f
	}
	f.unread(&c, s.reads)
	if slices.Contains(names(tokenSending), c.Type) {
		token := newTokenMaker(&c, &f)
		if len(f) > 0 {
			return nil, f
		}
		return &Signer{token: token}, nil
	}
	var g *digest
	var m maker
	private, asymmetric := asymmetricOf(c.Type)
	switch {
	case c.Type == "none":
	case asymmetric:
		a := newAsymmetricSigner(private, &c, &f)
		g, m = a.digest, a
	case c.Type == "hmac":
		g = newDigest(describe(&c, &f), &c, &f)
		if g.template.count(partID) > 0 {
			g.id = idHeader
		}
		for _, kind := range []byte{partMethod, partURL, partPath, partHeader} {
			if g.template.count(kind) > 0 {
				f.add("signed", "may have {body}, {timestamp} and {id} when it signs")
				break
			}
		}
		checkTimestamp(&c, g.template, &f)
		m = g
	default:
		g = familyDigest(c.Type, &c, &f)
		m = g
	}
	if len(f) > 0 {
		return nil, f
	}
	return newSigner(g, m), nil
}

func newSigner(fields *digest, m maker) *Signer {
	return &Signer{fields: fields, maker: m, rooms: sync.Pool{New: func() any {
		room := new(room)
		room.request.URL = func() string { return room.url }
		return room
	}}}
}

// room is where one signing writes its values, and says what is signed.
type room struct {
	id, timestamp, signature []byte
	content                  content
	request                  Request
	url                      string
}

// Sign calls set with each header field that the message needs. A value holds
// until set returns.
func (s *Signer) Sign(m Message, set func(name string, value []byte)) {
	if s.token != nil {
		s.token.sign(m, set)
		return
	}
	g := s.fields
	switch {
	case s.whole != nil:
		whole := m // a copy: a message that is signed otherwise stays on the stack
		s.whole(&whole, set)
		return
	case g == nil:
		return
	}
	room := s.rooms.Get().(*room)
	defer s.rooms.Put(room)
	room.id = append(room.id[:0], m.ID...)
	if g.stamped() {
		room.timestamp = g.clock.write(room.timestamp[:0], m.At)
	}
	room.request.Method, room.url = m.Method, m.URL
	room.content = content{body: m.Body, timestamp: room.timestamp, id: room.id, request: &room.request, asSigned: g.asSigned}
	room.signature = s.maker.sign(room.signature[:0], &room.content)
	room.content = content{} // the body is the caller's
	if g.id != "" {
		set(g.id, room.id)
	}
	if g.timestamp != "" {
		set(g.timestamp, room.timestamp)
	}
	for i := range g.fixed {
		set(g.fixed[i].name, []byte(g.fixed[i].value))
	}
	set(g.header, room.signature)
}

// sign appends the value of the signature header.
func (g *digest) sign(to []byte, c *content) []byte {
	parts := g.template.parts(c)
	if g.format != nil {
		return g.signFormat(to, c.timestamp, parts[:len(g.template)])
	}
	if g.stamp != "" {
		to = append(append(to, g.stamp...), c.timestamp...)
	}
	for i, k := range g.keys {
		if i > 0 && g.list == 0 {
			break
		}
		if len(to) > 0 {
			to = append(to, g.list)
		}
		if g.secretAt >= 0 {
			parts[g.secretAt] = k.secret
		}
		mac := k.take()
		to = append(to, g.prefix...)
		to = append(to, mac.text(parts[:len(g.template)], g.encoding)...)
		k.leave(mac)
	}
	return to
}

// signFormat appends the value of a header of a format.
func (g *digest) signFormat(to, timestamp []byte, parts [][]byte) []byte {
	signatures := make([][]byte, len(g.keys))
	for i, k := range g.keys {
		mac := k.take()
		signatures[i] = bytes.Clone(mac.text(parts, g.encoding))
		k.leave(mac)
	}
	return g.format.append(to, timestamp, signatures)
}
