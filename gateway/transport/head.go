package transport

import (
	"bufio"
	"bytes"
	"errors"
	"strings"
	"sync"

	"hookgate/gateway/wire"
)

// Bounds of the head of an answer (SPEC 15).
const (
	maxAnswerHeader = 64 << 10 // bytes, of all its lines together
	maxBlankLines   = 16       // before the status line
	maxInterim      = 16       // answers of status 1xx before the final one
)

// head is the head of an answer. It takes what receivers are known to send, for its
// status is what counts: line feeds alone, folded fields, lines that are no fields,
// no reason, blank lines before it. What is out of form makes it odd: then nobody
// can say for sure where the answer ends, and its connection is not used again.
type head struct {
	status int
	http10 bool
	odd    bool
	text   []byte // names and values, one behind the other
	fields []field
	line   []byte // that is being read
	read   int    // bytes of all lines
}

// field says where in text a field has its name and its value.
type field struct{ name, value, end int }

var heads = sync.Pool{New: func() any { return &head{text: make([]byte, 0, 2<<10), fields: make([]field, 0, 32)} }}

// maxKept bounds what a pooled head keeps of memory, in bytes.
const maxKept = 16 << 10

func (h *head) free() {
	if cap(h.text) <= maxKept && cap(h.line) <= maxKept {
		heads.Put(h)
	}
}

var (
	errNotHTTP    = errors.New("it is not HTTP")
	errLargeHead  = errors.New("its header is over 64 KiB")
	errInterim    = errors.New("there is no end of interim answers")
	errSwitched   = errors.New("it switches to a protocol that was not asked for")
	errStatus     = errors.New("its status is none of HTTP's")
	errTwoLengths = errors.New("its length can be read in two ways")
)

// readFinal reads heads up to that of the final answer.
func (h *head) readFinal(r *bufio.Reader) error {
	for range maxInterim {
		if err := h.readOne(r); err != nil {
			return err
		}
		switch {
		case h.status == 101:
			return errSwitched
		case h.status < 100 || h.status > 599:
			return errStatus
		case h.status >= 200:
			return nil
		}
	}
	return errInterim
}

// readOne reads a head to its blank line.
func (h *head) readOne(r *bufio.Reader) error {
	h.text, h.fields, h.read, h.odd = h.text[:0], h.fields[:0], 0, false
	if err := h.readStatus(r); err != nil {
		return err
	}
	for {
		line, err := h.next(r)
		if err != nil || len(line) == 0 {
			return err
		}
		h.add(line)
	}
}

// next gives the next line without its end. It is valid until the next one.
func (h *head) next(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		h.line = append(h.line[:0], line...)
		for errors.Is(err, bufio.ErrBufferFull) && len(h.line) <= maxAnswerHeader {
			line, err = r.ReadSlice('\n')
			h.line = append(h.line, line...)
		}
		line = h.line
	}
	if h.read += len(line); h.read > maxAnswerHeader {
		return nil, errLargeHead
	}
	if err != nil {
		return nil, err
	}
	line, carriage := bytes.CutSuffix(line[:len(line)-1], carriageReturn)
	h.odd = h.odd || !carriage
	return line, nil
}

var carriageReturn = []byte("\r")

func (h *head) readStatus(r *bufio.Reader) error {
	for range maxBlankLines {
		line, err := h.next(r)
		if err != nil {
			return err
		}
		if len(line) == 0 {
			h.odd = true
			continue
		}
		return h.statusLine(line)
	}
	return errNotHTTP
}

// statusLine reads a line such as HTTP/1.1 200 OK. Any version will do: some servers
// say that of their other side.
func (h *head) statusLine(line []byte) error {
	const name = "HTTP/"
	if len(line) < len(name) || !strings.EqualFold(string(line[:len(name)]), name) {
		return errNotHTTP
	}
	version, rest, found := bytes.Cut(line[len(name):], space)
	rest = wire.Trim(rest)
	if !found || len(version) == 0 || !wire.All(version[:1], wire.Digit) || len(rest) < 3 || !wire.All(rest[:3], wire.Digit) ||
		len(rest) > 3 && wire.Digit.Has(rest[3]) {
		return errNotHTTP
	}
	h.status = int(rest[0]-'0')*100 + int(rest[1]-'0')*10 + int(rest[2]-'0')
	h.http10 = string(version) == "1.0"
	h.odd = h.odd || !h.http10 && string(version) != "1.1"
	return nil
}

var space = []byte(" ")

// add takes a line behind the status line.
func (h *head) add(line []byte) {
	if line[0] == ' ' || line[0] == '\t' {
		h.fold(line)
		return
	}
	name, value, found := bytes.Cut(line, colon)
	trimmed := wire.Trim(name)
	if !found || !wire.All(trimmed, wire.Token) || len(trimmed) == 0 {
		h.odd = true
		return
	}
	h.odd = h.odd || len(trimmed) != len(name)
	f := field{name: len(h.text)}
	h.text = append(h.text, trimmed...)
	f.value = len(h.text)
	h.text = append(h.text, wire.Trim(value)...)
	f.end = len(h.text)
	h.fields = append(h.fields, f)
}

var colon = []byte(":")

// fold goes on with the value of the field before (RFC 9112 5.2).
func (h *head) fold(line []byte) {
	h.odd = true
	if len(h.fields) == 0 {
		return
	}
	h.text = append(append(h.text, ' '), wire.Trim(line)...)
	h.fields[len(h.fields)-1].end = len(h.text)
}

// get gives the value of the first field of a name, in lower case; "" for none. kept
// are the first fields, which have memory of their own.
func (h *head) get(kept [][2]string, name string) string {
	for i, f := range h.fields {
		switch {
		case !wire.Is(h.name(f), name):
		case i < len(kept):
			return kept[i][1]
		default:
			return string(h.value(f))
		}
	}
	return ""
}

func (h *head) name(f field) []byte  { return h.text[f.name:f.value] }
func (h *head) value(f field) []byte { return h.text[f.value:f.end] }

// kept gives the fields, as many of the first as have so many bytes together, in
// memory of their own.
func (h *head) kept(most int) [][2]string {
	n, end := 0, 0
	for n < len(h.fields) && h.fields[n].end <= most {
		end = h.fields[n].end
		n++
	}
	if n == 0 {
		return nil
	}
	text, list := string(h.text[:end]), make([][2]string, n)
	for i, f := range h.fields[:n] {
		list[i] = [2]string{text[f.name:f.value], text[f.value:f.end]}
	}
	return list
}
