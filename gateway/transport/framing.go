package transport

import (
	"bytes"
	"time"

	"hookgate/gateway/wire"
)

// What the length of a body may be instead of a number.
const (
	chunked    = -1
	untilClose = -2
)

// framing is what an answer's fields say of its body and its connection.
type framing struct {
	length  int64         // in bytes; chunked, or untilClose
	keeps   bool          // the connection outlives the answer
	two     bool          // there are lengths that contradict each other
	rests   time.Duration // how long the connection is kept, as the peer says it; 0: it does not
	codings []byte        // Content-Encoding, all fields of the name in one
}

// framing reads them. A method and a status may leave no body, whatever they say.
func (h *head) framing(bodiless bool) framing {
	f := framing{length: untilClose, keeps: !h.http10}
	transfer := false
	for _, field := range h.fields {
		switch name, value := h.name(field), h.value(field); {
		case wire.Is(name, "connection"):
			f.connection(value)
		case wire.Is(name, "content-length"):
			h.odd = !f.contentLength(value) || h.odd
		case wire.Is(name, "transfer-encoding"):
			transfer = h.transfer(&f, value) || transfer
		case wire.Is(name, "keep-alive"):
			f.rests = keepAlive(value)
		case wire.Is(name, "content-encoding"):
			f.codings = joined(f.codings, value)
		}
	}
	switch {
	case bodiless || h.status == 204 || h.status == 304:
		f.length, f.two = 0, false
	case transfer:
		h.odd = h.odd || f.length != untilClose || h.http10
		f.length, f.two = chunked, false
	}
	f.keeps = f.keeps && !h.odd && f.length != untilClose
	return f
}

// keepAlive gives the timeout of a Keep-Alive field; 0 where it has none.
func keepAlive(value []byte) time.Duration {
	for len(value) > 0 {
		var item []byte
		item, value = wire.CutItem(value)
		name, says, _ := bytes.Cut(item, equals)
		if n, ok := wire.Length(wire.Trim(says)); ok && wire.Is(wire.Trim(name), "timeout") {
			return time.Duration(min(n, int64(time.Hour/time.Second))) * time.Second
		}
	}
	return 0
}

var equals = []byte("=")

// joined appends an item to a list: where there is none yet it is the list, and what lies
// behind it stays as it is. A list of 30,000 items costs what it weighs, and not its square.
func joined(list, value []byte) []byte {
	if list == nil {
		return value[:len(value):len(value)]
	}
	return append(append(list, ','), value...)
}

func (f *framing) connection(value []byte) {
	for len(value) > 0 {
		var option []byte
		switch option, value = wire.CutItem(value); {
		case wire.Is(option, "close"):
			f.keeps = false
			return
		case wire.Is(option, "keep-alive"):
			f.keeps = true
		}
	}
}

// contentLength takes a value, which may be a list of equal ones; false says that
// not every reader would read it so.
func (f *framing) contentLength(value []byte) (plain bool) {
	plain = f.length == untilClose
	for list := value; len(list) > 0; plain = plain && len(list) == 0 {
		var item []byte
		item, list = wire.CutItem(list)
		n, ok := wire.Length(item)
		if !ok {
			plain = false // as if there were none
			continue
		}
		f.two = f.two || f.length != untilClose && f.length != n
		f.length = n
	}
	return plain && len(value) > 0
}

// transfer says whether the last of the transfer codings is chunked. Those before it
// are undone as content codings are.
func (h *head) transfer(f *framing, value []byte) (last bool) {
	for list := value; len(list) > 0; {
		var item []byte
		item, list = wire.CutItem(list)
		if last = wire.Is(item, "chunked"); !last && !wire.Is(item, "identity") && len(item) > 0 {
			f.codings = joined(f.codings, item)
		}
		h.odd = h.odd || !last
	}
	return last
}
