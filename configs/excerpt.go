package configs

import (
	"slices"
	"strings"

	"hookgate/gateway"
)

// maxExcerpt bounds a source line in a report, in characters.
const maxExcerpt = 160

// hidden is a value in the file that no report may show, from its start up to
// but not including its end.
type hidden struct {
	start, end position
	exact      bool // start and end are where the source has them
	value      string
}

// excerpt gives the line of a mistake and a caret below its column, both on
// lines of their own; nothing where there is no such line.
func (d *document) excerpt(at position) string {
	if at.line > len(d.lines) {
		return ""
	}
	line := []rune(d.lines[at.line-1])
	secrets := d.hiddenIn(at.line)
	if d.broken || slices.ContainsFunc(secrets, func(h hidden) bool { return !h.exact }) {
		line, secrets = maskAfterName(line), nil
	}
	var shown, caret, blanks strings.Builder // blanks: of a hidden part, shown if nothing hidden follows
	masked := false
	for i := 0; i <= max(len(line), at.column-1) && i < maxExcerpt; i++ {
		if i == at.column-1 {
			shown.WriteString(blanks.String())
			blanks.Reset()
			caret.WriteString(blank(shown.String()))
			caret.WriteByte('^')
		}
		switch {
		case i >= len(line):
			shown.WriteByte(' ')
		case !secrets.have(position{at.line, i + 1}):
			shown.WriteString(blanks.String() + printable(line[i]))
			blanks.Reset()
			masked = false
		case line[i] == ' ' || line[i] == '\t':
			blanks.WriteRune(line[i])
		default:
			if !masked {
				shown.WriteString(blanks.String() + gateway.Masked)
			}
			blanks.Reset()
			masked = true
		}
	}
	if d.hiddenIn(at.line).leak(shown.String()) {
		return ""
	}
	return "\n    " + strings.TrimRight(shown.String(), " \t") + "\n    " + caret.String()
}

// printable keeps control characters from the terminal.
func printable(r rune) string {
	if r < ' ' && r != '\t' || r == 0x7f {
		return "?"
	}
	return string(r)
}

// blank is as wide as s on a terminal.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, s)
}

// maskAfterName hides what follows the first name of a line of which it is not
// known what part is a secret.
func maskAfterName(line []rune) []rune {
	i := 0
	for i < len(line) && (line[i] == ' ' || line[i] == '\t' || line[i] == '-') {
		i++
	}
	if colon := slices.Index(line[i:], ':'); colon >= 0 {
		i += colon + 1
	}
	if strings.TrimSpace(string(line[i:])) == "" {
		return line
	}
	return append(slices.Clone(line[:i]), []rune(" "+gateway.Masked)...)
}

// secrets are the hidden values that reach into one line.
type secrets []hidden

func (d *document) hiddenIn(line int) (found secrets) {
	for _, h := range d.hidden {
		if h.start.line <= line && line <= h.end.line {
			found = append(found, h)
		}
	}
	return found
}

// have says whether a position is within something hidden.
func (s secrets) have(p position) bool {
	return slices.ContainsFunc(s, func(h hidden) bool { return !before(p, h.start) && before(p, h.end) })
}

// leak says whether a line shows a hidden value after all: the columns come from
// a parser that may be wrong about them.
func (s secrets) leak(line string) bool {
	for _, h := range s {
		for part := range strings.Lines(h.value) {
			if part = strings.TrimSpace(part); len(part) >= 4 && strings.Contains(line, part) {
				return true
			}
		}
	}
	return false
}

func before(a, b position) bool {
	return a.line < b.line || a.line == b.line && a.column < b.column
}
