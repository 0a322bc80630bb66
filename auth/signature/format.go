package signature

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strings"
)

// format is how one header holds a time and signatures together, as an operator wrote it
// (SPEC 15): a list, "t={timestamp},v1={signature}", whose items are known by what stands
// before them, may come in any order and be several signatures; or two parts in their
// order, "{timestamp}:{signature}".
type format struct {
	items []item
	joint string // between the items, as it was written
	list  byte   // parts the items of a list; 0: there are two parts, in their order
}

// item is a part of a format: one of the two values, or a word that stands there as it is.
type item struct {
	before, after string
	kind          byte // literal, partTimestamp, partSignature
}

const (
	timestampWord = "{timestamp}"
	signatureWord = "{signature}"
	listMarks     = ",;&| " // that can part a list: no time and no signature has them
	mostFormat    = 256     // bytes
)

// parseFormat reads a format; alphabet is what its signatures are written with.
func parseFormat(text, alphabet string) (*format, error) {
	text = strings.Trim(text, " ") // as a header's value arrives
	at, sig := strings.Index(text, timestampWord), strings.Index(text, signatureWord)
	switch words := strings.NewReplacer(timestampWord, "", signatureWord, "").Replace(text); {
	case len(text) > mostFormat:
		return nil, fmt.Errorf("has %d bytes: use at most %d", len(text), mostFormat)
	case strings.Count(text, timestampWord) != 1, strings.Count(text, signatureWord) != 1, strings.ContainsAny(words, "{}"):
		return nil, errors.New("must have {timestamp} once and {signature} once, and no other word in braces")
	case strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c >= 0x7f }):
		return nil, errors.New("has a character that is no visible ASCII: no header can carry it")
	}
	first, second, words := at, sig, [2]string{timestampWord, signatureWord}
	if at > sig {
		first, second, words = sig, at, [2]string{signatureWord, timestampWord}
	}
	between := text[first+len(words[0]) : second]
	if p := listFormat(text, between); p != nil {
		return p, nil
	}
	if strings.Trim(between, alphabet) == "" {
		return nil, errors.New("needs between {timestamp} and {signature} what no signature can hold, as a full stop")
	}
	return &format{joint: between, items: []item{
		{before: text[:first], kind: kindOf(words[0])}, {after: text[second+len(words[1]):], kind: kindOf(words[1])},
	}}, nil
}

func kindOf(word string) byte {
	if word == timestampWord {
		return partTimestamp
	}
	return partSignature
}

// listFormat reads a format that is a list; nil where the items could not be told apart.
func listFormat(text, between string) *format {
	mark := strings.IndexAny(between, listMarks)
	if mark < 0 {
		return nil
	}
	p := &format{list: between[mark]}
	if i := strings.IndexAny(between, listMarks[:len(listMarks)-1]); i >= 0 { // a space beside another mark is but a space
		p.list = between[i]
	}
	var names []string
	for _, one := range strings.Split(text, string(p.list)) {
		if one = strings.Trim(one, " "); one == "" {
			continue
		}
		i := newItem(one)
		if p.items = append(p.items, i); i.kind != literal {
			names = append(names, i.before)
		}
	}
	if len(names) != 2 || names[0] == "" || names[1] == "" || strings.HasPrefix(names[0], names[1]) || strings.HasPrefix(names[1], names[0]) {
		return nil
	}
	p.joint = string(p.list)
	if strings.Contains(between, p.joint+" ") {
		p.joint += " "
	}
	return p
}

func newItem(text string) item {
	for _, word := range []string{timestampWord, signatureWord} {
		if before, after, is := strings.Cut(text, word); is {
			return item{before: before, after: after, kind: kindOf(word)}
		}
	}
	return item{before: text, kind: literal}
}

// value gives what an item of a header has at this place; false where it is another.
func (i *item) value(text []byte) ([]byte, bool) {
	if i.kind == literal {
		return nil, string(text) == i.before
	}
	if len(text) < len(i.before)+len(i.after) || !strings.HasPrefix(string(text[:len(i.before)]), i.before) || !bytes.HasSuffix(text, []byte(i.after)) {
		return nil, false
	}
	return text[len(i.before) : len(text)-len(i.after)], true
}

// values yields what a header has at the places of a kind.
func (p *format) values(header []byte, kind byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for n, text := range p.parts(header) {
			for i := range p.items {
				if p.items[i].kind != kind || p.list == 0 && i != n {
					continue
				}
				if value, is := p.items[i].value(text); is && !yield(value) {
					return
				}
			}
		}
	}
}

// parts yields the parts of a header, with their places.
func (p *format) parts(header []byte) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		if p.list == 0 {
			if at := p.border(header); at >= 0 && yield(0, header[:at]) {
				yield(1, header[at+len(p.joint):])
			}
			return
		}
		for n, more := 0, true; more; n++ {
			var one []byte
			one, header, more = bytes.Cut(header, []byte{p.list})
			if one = bytes.Trim(one, " \t"); len(one) > 0 && !yield(n, one) {
				return
			}
		}
	}
}

// border is where the two parts of a header meet: no signature has what stands there,
// but a time may, and what stands before the first of them or behind the second.
func (p *format) border(header []byte) int {
	from, to := len(p.items[0].before), len(header)-len(p.items[1].after)
	if from > to {
		return -1
	}
	find := bytes.Index
	if p.items[0].kind == partTimestamp {
		find = bytes.LastIndex
	}
	at := find(header[from:to], []byte(p.joint))
	if at < 0 {
		return -1
	}
	return from + at
}

// timestamp gives the one time of a header; false where there is none, or more than one,
// or what must stand beside it does not.
func (p *format) timestamp(header []byte) (text []byte, ok bool) {
	n := 0
	for value := range p.values(header, partTimestamp) {
		text, n = value, n+1
	}
	for i := range p.items {
		if p.items[i].kind == literal && !p.has(header, &p.items[i]) {
			return nil, false
		}
	}
	return text, n == 1
}

func (p *format) has(header []byte, word *item) bool {
	for _, text := range p.parts(header) {
		if _, is := word.value(text); is {
			return true
		}
	}
	return false
}

// signed tells whether a header has a signature at all.
func (p *format) signed(header []byte) bool {
	for range p.values(header, partSignature) {
		return true
	}
	return false
}

// append writes a header of a time and signatures, of which a format of two parts has
// room for one.
func (p *format) append(to, timestamp []byte, signatures [][]byte) []byte {
	from := len(to)
	join := func() {
		if len(to) > from {
			to = append(to, p.joint...)
		}
	}
	for _, i := range p.items {
		values := [][]byte{timestamp}
		switch i.kind {
		case literal:
			values = [][]byte{nil}
		case partSignature:
			if values = signatures; p.list == 0 {
				values = signatures[:1]
			}
		}
		for _, value := range values {
			join()
			to = append(append(append(to, i.before...), value...), i.after...)
		}
	}
	return to
}
