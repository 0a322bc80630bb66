package configs

import (
	"slices"
	"strings"

	"hookgate/gateway"
)

// maxExcerpt bounds a source line in a report, in characters.
const maxExcerpt = 160

// excerpt gives the line of a mistake and a caret below its column, both on
// lines of their own; nothing where there is no such line, or no such place in
// what is shown of it.
func (d *document) excerpt(at position) string {
	if at.line > len(d.lines) || at.column > maxExcerpt {
		return ""
	}
	line := []rune(d.lines[at.line-1])
	secrets := d.hiddenIn(at.line)
	if d.broken || slices.ContainsFunc(secrets, func(h hidden) bool { return !h.exact }) {
		line, secrets = maskAfterName(line), nil
	}
	// A line may have a hundred thousand: those behind what is shown of it are not asked for each character.
	secrets = slices.DeleteFunc(secrets, func(h hidden) bool { return h.start.line == at.line && h.start.column > maxExcerpt })
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

// printable keeps what would steer the terminal from it.
func printable(r rune) string {
	if r != '\t' && gateway.Steers(r) {
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
