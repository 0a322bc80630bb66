package mapping

import (
	"strings"
	"unicode"
)

// The bounds of one tag. Its expression is parsed and run by calls within calls,
// and a fault in it is told once for each of them.
const (
	maxTag      = 4 << 10
	maxBrackets = 64
)

// piece is a part of a template.
type piece struct {
	kind pieceKind
	at   int    // where it starts
	text string // of a text; of an output its expression; of a statement what follows the word
	from int    // where text starts
	word string // of a statement
}

type pieceKind uint8

const (
	endPiece pieceKind = iota
	textPiece
	outputPiece
	statementPiece
)

// scanner takes a template apart. The library would do it too, but drops a last
// newline, makes \r\n to \n, and knows no newline within a tag.
type scanner struct {
	text string
	at   int
	trim bool // the tag before took the space after it
}

func (s *scanner) next() (piece, error) {
	for s.at < len(s.text) {
		start := s.at
		if s.at = nextTag(s.text, start); s.at > start {
			if text := s.trimmed(s.text[start:s.at], s.at); text != "" {
				return piece{kind: textPiece, at: start, text: text}, nil
			}
			continue
		}
		p, err := s.tag()
		if err != nil || p.kind != endPiece {
			return p, err
		}
	}
	return piece{kind: endPiece, at: len(s.text)}, nil
}

// nextTag finds the first {{, {% or {# at or after i.
func nextTag(text string, i int) int {
	for ; i < len(text); i++ {
		brace := strings.IndexByte(text[i:], '{')
		if brace < 0 {
			break
		}
		i += brace
		if opensTag(text[i:]) {
			return i
		}
	}
	return len(text)
}

func opensTag(text string) bool {
	return len(text) > 1 && text[0] == '{' && (text[1] == '{' || text[1] == '%' || text[1] == '#')
}

// blank is what the mark - takes away on its side of a tag.
const blank = " \t\r\n"

// trimmed is the text before the tag at next, without what the tags around take.
func (s *scanner) trimmed(text string, next int) string {
	if s.trim {
		text = strings.TrimLeft(text, blank)
	}
	if strings.HasPrefix(s.text[min(next+2, len(s.text)):], "-") {
		text = strings.TrimRight(text, blank)
	}
	return text
}

// tag reads the tag that opens at s.at. A comment is no piece.
func (s *scanner) tag() (piece, error) {
	open := s.at
	switch s.text[open+1] {
	case '#':
		return piece{}, s.comment()
	case '{':
		p, err := s.inner(open, "}}")
		p.kind = outputPiece
		return p, err
	}
	p, err := s.inner(open, "%}")
	if err != nil {
		return p, err
	}
	p.kind = statementPiece
	rest := strings.TrimLeft(p.text, blank)
	p.from += len(p.text) - len(rest)
	p.word = rest[:wordEnd(rest)]
	p.text = rest[len(p.word):]
	p.from += len(p.word)
	if p.word == "raw" {
		return s.raw(p)
	}
	return p, nil
}

func (s *scanner) comment() error {
	const mark = len("{#")
	end := strings.Index(s.text[s.at+mark:], "#}")
	if end < 0 {
		return pathError(s.at, "the comment is not closed: #} is missing")
	}
	end += s.at + mark
	s.trim = end > s.at+mark && s.text[end-1] == '-'
	s.at = end + mark
	return nil
}

// inner reads up to the end of a tag.
func (s *scanner) inner(open int, closing string) (piece, error) {
	start := open + len(closing)
	if start < len(s.text) && (s.text[start] == '-' || s.text[start] == '+' && closing == "%}") {
		start++
	}
	end, err := tagEnd(s.text, open, start, closing)
	if err != nil {
		return piece{}, err
	}
	text := s.text[start:end]
	s.at = end + len(closing)
	if s.trim = strings.HasSuffix(text, "-"); s.trim || closing == "%}" && strings.HasSuffix(text, "+") {
		text = text[:len(text)-1]
	}
	return piece{at: open, from: start, text: text}, nil
}

// tagEnd finds the end of a tag, which no string hides, and refuses what no
// expression can have: the library would take it for a part of a name.
func tagEnd(text string, open, start int, closing string) (int, error) {
	depth := 0
	var quote, before rune
	for i, r := range text[start:min(len(text), start+maxTag)] {
		at := start + i
		switch {
		case quote != 0:
			if r == quote && before != '\\' {
				quote = 0
			}
			before = r
		case strings.HasPrefix(text[at:], closing):
			return at, nil
		case r == '"' || r == '\'':
			quote, before = r, 0
		case r == '(' || r == '[':
			if depth++; depth > maxBrackets {
				return 0, pathError(at, "brackets are nested at most %d deep", maxBrackets)
			}
		case r == ')' || r == ']':
			depth--
		case !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.,|:+-*/%~<>=! \t\r\n", r):
			return 0, pathError(at, "%q cannot stand in an expression", r)
		}
	}
	if start+maxTag < len(text) {
		return 0, pathError(open, "what is between %s and %s has at most %d KiB", text[open:open+2], closing, maxTag>>10)
	}
	return 0, pathError(open, "the tag is not closed: %s is missing", closing)
}

// wordEnd is where the word ends that text starts with.
func wordEnd(text string) int {
	for i, r := range text {
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return i
		}
	}
	return len(text)
}

// raw reads up to the endraw: what is between is a text, whatever it looks like.
func (s *scanner) raw(p piece) (piece, error) {
	if strings.TrimSpace(p.text) != "" {
		return p, pathError(p.from, "nothing stands behind raw")
	}
	from := s.at
	for at := from; ; at += len("{%") {
		found := strings.Index(s.text[at:], "{%")
		if found < 0 {
			return p, pathError(p.at, "the raw is not closed: {%% endraw %%} is missing")
		}
		at += found
		rest, trimBefore := strings.CutPrefix(s.text[at+len("{%"):], "-")
		rest, isEnd := strings.CutPrefix(strings.TrimLeft(strings.TrimPrefix(rest, "+"), blank), "endraw")
		rest = strings.TrimLeft(rest, blank)
		rest, trimAfter := strings.CutPrefix(rest, "-")
		rest, closed := strings.CutPrefix(strings.TrimPrefix(rest, "+"), "%}")
		if !isEnd || !closed {
			continue
		}
		text := s.text[from:at]
		if s.trim {
			text = strings.TrimLeft(text, blank)
		}
		if trimBefore {
			text = strings.TrimRight(text, blank)
		}
		s.at, s.trim = len(s.text)-len(rest), trimAfter
		if text == "" {
			return piece{}, nil
		}
		return piece{kind: textPiece, at: from, text: text}, nil
	}
}
