package jinja

import (
	"strings"
	"unicode/utf8"
)

// Error says what is wrong with a template, or why it does not render. It quotes no
// value of the document.
type Error struct {
	At           int // the place in the text, in bytes
	Line, Column int // the same, counted from 1; the column in characters
	Rule         string
	Cause        error // ErrSize, or nil: nothing that a caller decides by
}

func (e *Error) Error() string { return e.Rule }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// errorAt is an error at a place of a text.
func errorAt(text string, at int, rule string) *Error {
	at = min(at, len(text))
	start := strings.LastIndexByte(text[:at], '\n') + 1
	return &Error{
		At: at, Line: 1 + strings.Count(text[:at], "\n"), Column: 1 + utf8.RuneCountInString(text[start:at]), Rule: rule,
	}
}
