package jsonpath

import (
	"fmt"
	"hookgate/gateway/mapping/pattern"
	"strings"
)

// iRegexp compiles an I-Regexp (RFC 9485). RE2 knows all of I-Regexp; only the dot
// differs, which here spares \r as well.
func iRegexp(with *pattern.Compiler, text string, whole bool) (*pattern.Regexp, error) {
	if len(text) > pattern.MaxLength {
		return nil, fmt.Errorf("a regular expression has at most %d bytes", pattern.MaxLength)
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && i+1 < len(text):
			b.WriteByte(c)
			i++
			c = text[i]
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '.' && !class:
			b.WriteString(`[^\n\r]`)
			continue
		}
		b.WriteByte(c)
	}
	if whole {
		return with.Compile(`\A(?:` + b.String() + `)\z`)
	}
	return with.Compile(b.String())
}
