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

// chunk is how long the word, part of one, or space is that a text begins with.
func (w *wrapper) chunk(s string) int {
	space := isBlank(rune(s[0]))
	end := strings.IndexFunc(s, func(c rune) bool { return isBlank(c) != space })
	if end < 0 {
		end = len(s)
	}
	if !space && w.hyphens {
		if at := hyphen(s[:end]); at >= 0 {
			return at
		}
	}
	return end
}

// isBlank is white space to textwrap, which no other has in it.
func isBlank(c rune) bool { return c == ' ' || c >= '\t' && c <= '\r' }

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

// wrap gives the lines of one, each of which is a part of it.
func (w *wrapper) wrap(s string) (all []string) {
	for s != "" {
		if len(all) > 0 {
			s = strings.TrimLeftFunc(s, isBlank)
		}
		end, full := w.line(s)
		line := s[:end]
		if !full {
			line = strings.TrimRightFunc(line, isBlank)
		}
		if line != "" {
			all = append(all, line)
		}
		s = s[end:]
	}
	return all
}

// line is how much of a text goes on one line. A full one has no room for the beginning
// of the long word that follows: textwrap then leaves the space at its end.
func (w *wrapper) line(s string) (end int, full bool) {
	size := 0
	for end < len(s) {
		n := w.chunk(s[end:])
		count := utf8.RuneCountInString(s[end : end+n])
		if size+count > w.width {
			if count > w.width {
				return end + w.cut(s[end:end+n], size), w.long && size == w.width
			}
			break
		}
		end, size = end+n, size+count
	}
	return end, false
}

// cut is how much of a word that is longer than a line goes behind so many characters.
func (w *wrapper) cut(word string, size int) int {
	if !w.long {
		if size == 0 {
			return len(word)
		}
		return 0
	}
	end := 0
	for range w.width - size {
		_, n := utf8.DecodeRuneInString(word[end:])
		end += n
	}
	if w.hyphens {
		if at := strings.LastIndexByte(word[:end], '-'); at > 0 && strings.Trim(word[:at], "-") != "" {
			return at + 1
		}
	}
	return end
}
