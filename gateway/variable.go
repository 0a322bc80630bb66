package gateway

import (
	"unicode"
	"unicode/utf8"
)

// MaxVariableName is how many characters the name of a variable may have.
const MaxVariableName = 64

// IsVariableName says whether a name is 1 to MaxVariableName letters, digits and _ - .
// which every template, form and column can spell.
func IsVariableName(name string) bool {
	if name == "" || utf8.RuneCountInString(name) > MaxVariableName || !utf8.ValidString(name) {
		return false
	}
	for _, r := range name {
		if r != '_' && r != '-' && r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return false
		}
	}
	return true
}
