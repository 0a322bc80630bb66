package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lines splits a text as Python's splitlines() does.
func lines(s string, keep bool) (all []string) {
	for s != "" {
		end := strings.IndexFunc(s, func(c rune) bool {
			return strings.ContainsRune("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029", c)
		})
		if end < 0 {
			return append(all, s)
		}
		_, n := utf8.DecodeRuneInString(s[end:])
		if strings.HasPrefix(s[end:], "\r\n") {
			n = 2
		}
		if keep {
			all = append(all, s[:end+n])
		} else {
			all = append(all, s[:end])
		}
		s = s[end+n:]
	}
	return all
}

func wordwrap(r *run, v Value, given []Value) (Value, error) {
	width, err := given[0].number(79)
	if err != nil || width < 1 {
		return undefined, errArguments
	}
	with := "\n"
	if !given[2].isNone() {
		if with, err = given[2].word("\n"); err != nil {
			return undefined, err
		}
	}
	if v.kind != String {
		return undefined, errOperand
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	w := wrapper{width: width, long: given[1].or(boolean(true)).truth(), hyphens: given[3].or(boolean(true)).truth()}
	all, err := w.text(s, with)
	if err != nil {
		return undefined, err
	}
	return r.made(strings.Join(all, with))
}

// wrapper is Python's textwrap.
type wrapper struct {
	width         int
	long, hyphens bool // words that are too long are cut; words may be cut behind a hyphen
}

// text wraps each line of a text.
func (w *wrapper) text(s, with string) (all []string, err error) {
	size := 0
	for _, line := range lines(s, false) {
		wrapped := w.wrap(line)
		if len(wrapped) == 0 {
			wrapped = []string{""}
		}
		all = append(all, wrapped...)
		if size += len(line) + len(with)*len(wrapped); size > maxText {
			return nil, errMade
		}
	}
	return all, nil
}

// chunks are words, and the space between them.
func (w *wrapper) chunks(s string) (all []string) {
	for s != "" {
		space := unicode.IsSpace(rune(s[0]))
		end := strings.IndexFunc(s, func(c rune) bool { return unicode.IsSpace(c) != space })
		if end < 0 {
			end = len(s)
		}
		chunk := s[:end]
		if s = s[end:]; space || !w.hyphens {
			all = append(all, chunk)
			continue
		}
		for {
			at := hyphen(chunk)
			if at < 0 {
				break
			}
			all, chunk = append(all, chunk[:at]), chunk[at:]
		}
		all = append(all, chunk)
	}
	return all
}

// hyphen gives the place behind the first hyphen at which a word may be cut: there are
// letters on both sides of it.
func hyphen(s string) int {
	for i := 1; i < len(s)-1; i++ {
		if s[i] != '-' {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+1:])
		if unicode.IsLetter(before) && unicode.IsLetter(after) && runes(s[:i]) >= 2 {
			return i + 1
		}
	}
	return -1
}

func (w *wrapper) wrap(s string) (all []string) {
	chunks := w.chunks(s)
	for len(chunks) > 0 {
		if strings.TrimSpace(chunks[0]) == "" && len(all) > 0 {
			chunks = chunks[1:]
			continue
		}
		var line []string
		size := 0
		for len(chunks) > 0 && size+runes(chunks[0]) <= w.width {
			size += runes(chunks[0])
			line, chunks = append(line, chunks[0]), chunks[1:]
		}
		if len(chunks) > 0 && runes(chunks[0]) > w.width {
			line, chunks = w.cut(line, chunks, size)
		}
		if n := len(line); n > 0 && strings.TrimSpace(line[n-1]) == "" {
			line = line[:n-1]
		}
		if len(line) > 0 {
			all = append(all, strings.Join(line, ""))
		}
	}
	return all
}

// cut deals with a word that is longer than a line.
func (w *wrapper) cut(line, chunks []string, size int) ([]string, []string) {
	if !w.long {
		if len(line) == 0 {
			return append(line, chunks[0]), chunks[1:]
		}
		return line, chunks
	}
	room := w.width - size
	word := []rune(chunks[0])
	end := room
	if w.hyphens && len(word) > room {
		if at := strings.LastIndexByte(string(word[:room]), '-'); at > 0 && strings.Trim(string(word[:room])[:at], "-") != "" {
			end = runes(string(word[:room])[:at]) + 1
		}
	}
	line = append(line, string(word[:end]))
	chunks[0] = string(word[end:])
	return line, chunks
}
