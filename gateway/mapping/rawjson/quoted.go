package rawjson

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says what is wrong with a text that somebody wrote, and where.
type SyntaxError struct {
	At   int // in bytes
	Rule string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("at %d: %s", e.At, e.Rule) }

// Faultf is a fault at a place of a text.
func Faultf(at int, format string, args ...any) *SyntaxError {
	return &SyntaxError{At: at, Rule: fmt.Sprintf(format, args...)}
}

// Quoted reads the string in either quotes that opens at text[at], with the
// escapes of JSON and of both quotes.
func Quoted(text string, at int) (value string, end int, err error) {
	quote := text[at]
	var b strings.Builder
	for i := at + 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == quote:
			return b.String(), i + 1, nil
		case c < ' ':
			return "", i, Faultf(i, "a control character is written as an escape")
		case c != '\\':
			b.WriteByte(c)
		default:
			used, err := escape(&b, text, i)
			if err != nil {
				return "", i, err
			}
			i += used
		}
	}
	return "", len(text), Faultf(at, "the quote is not closed")
}

// escape reads the escape at text[i], and says how many bytes come after the
// backslash.
func escape(b *strings.Builder, text string, i int) (int, error) {
	if i+1 == len(text) {
		return 0, Faultf(i, "the quote is not closed")
	}
	if c := text[i+1]; strings.IndexByte(`"'\/bfnrt`, c) >= 0 {
		b.Write(AppendUnescaped(nil, []byte{'\\', c}))
		return 1, nil
	}
	if text[i+1] != 'u' {
		return 0, Faultf(i, `\%c is no escape`, text[i+1])
	}
	r, used := escapedRune([]byte(text), i+2)
	if whole, ok := hex4([]byte(text), i+2); r == utf8.RuneError && (!ok || whole != r) {
		return 0, Faultf(i, `\u takes four hexadecimal digits, or two such for a surrogate pair`)
	}
	b.WriteRune(r)
	return used + 1, nil
}
