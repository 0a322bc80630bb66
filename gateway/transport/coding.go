package transport

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"sync"

	"hookgate/gateway/wire"
)

// accepted is what Accept-Encoding says where the request has no word of its own.
const accepted = "gzip, deflate"

// maxCodings bounds how many codings of one body are undone.
const maxCodings = 4

// coded is how much of a body in some coding is read, to have so much of it as it is:
// what cannot be made smaller grows by less than this, and an endless row of empty
// blocks must end.
func coded(most int) int { return most + most/8 + 64<<10 }

// inflate undoes the codings of a body, the last first, to at most so many bytes. A
// body that stays as it is has a note that says why: a coding that is not known, or
// one that is named and not there.
func inflate(body []byte, codings []byte, room *room) (plain []byte, cut bool, note string, err error) {
	var names [maxCodings]string
	n := 0
	for list := codings; len(list) > 0; {
		var item []byte
		item, list = wire.CutItem(list)
		switch name := codingOf(item); {
		case name == "":
		case n == maxCodings:
			return body, false, "the body has too many content codings: it is kept as it came", nil
		default:
			names[n] = name
			n++
		}
	}
	for n--; n >= 0 && len(body) > 0; n-- {
		open := coders[names[n]]
		if open == nil {
			return body, cut, "the body is in the content coding " + names[n] + ", which was not asked for: it is kept as it came", nil
		}
		at := room.most
		if n > 0 {
			at = coded(room.most)
		}
		next, more, err := open(body, at, room)
		if errors.Is(err, errNotCoded) {
			return body, cut, "the body is not in " + names[n] + ", as Content-Encoding says: it is kept as it came", nil
		}
		if body, cut = next, more || cut; err != nil {
			return body, cut, "", err
		}
	}
	return body, cut, "", nil
}

// codingOf gives the name of a coding; "" for none. One that is not known is cut to
// what can be shown.
func codingOf(item []byte) string {
	switch {
	case len(item) == 0 || wire.Is(item, "identity"):
		return ""
	case wire.Is(item, "gzip") || wire.Is(item, "x-gzip"):
		return "gzip"
	case wire.Is(item, "deflate"):
		return "deflate"
	case !wire.All(item, wire.Token):
		return "?"
	}
	return string(item[:min(len(item), 32)])
}

// coders undo one coding each.
var coders = map[string]func(body []byte, most int, room *room) (plain []byte, cut bool, err error){
	"gzip":    gunzip,
	"deflate": undeflate,
}

var (
	errNotCoded = errors.New("the body is not in its coding")
	errCoding   = errors.New("its body cannot be inflated")
)

var gunzippers = sync.Pool{New: func() any { return new(gzip.Reader) }}

// gunzip takes several members, one behind the other, and forgives what is no member
// behind the first.
func gunzip(body []byte, most int, room *room) ([]byte, bool, error) {
	if len(body) < 2 || body[0] != 0x1f || body[1] != 0x8b {
		return nil, false, errNotCoded
	}
	z := gunzippers.Get().(*gzip.Reader) //nolint:forcetypeassert // the pool holds nothing else
	defer gunzippers.Put(z)
	from := bytes.NewReader(body)
	var plain bytes.Buffer
	inflated, members := room.reader(z), 0
	for ; z.Reset(from) == nil; members++ {
		z.Multistream(false)
		_, err := io.Copy(&plain, io.LimitReader(inflated, int64(most)+1-int64(plain.Len())))
		if plain.Len() > most {
			return plain.Bytes()[:most], true, nil
		}
		if errors.Is(err, errNoRoom) {
			return nil, false, err
		}
		if err != nil {
			return plain.Bytes(), false, errCoding
		}
	}
	if members == 0 {
		return nil, false, errCoding
	}
	return plain.Bytes(), false, nil
}

// undeflate takes what the standard says (zlib), and what servers send as well: the
// same without its frame.
func undeflate(body []byte, most int, room *room) ([]byte, bool, error) {
	var from io.ReadCloser
	if zlibHeader(body) {
		z, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, false, errCoding
		}
		from = z
	} else {
		from = flate.NewReader(bytes.NewReader(body))
	}
	defer func() { _ = from.Close() }()
	plain, cut, err := readMost(room.reader(from), most)
	switch {
	case errors.Is(err, errNoRoom):
		return nil, false, err
	case err == nil || cut:
		return plain, cut, nil
	case len(plain) == 0:
		return nil, false, errNotCoded
	}
	return plain, false, errCoding
}

// zlibHeader is RFC 1950, section 2.2.
func zlibHeader(body []byte) bool {
	return len(body) >= 2 && body[0]&0x0f == 8 && (int(body[0])<<8|int(body[1]))%31 == 0
}
