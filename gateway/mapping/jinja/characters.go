package jinja

import (
	"strings"
	"unicode"
)

// characterTests are the is…() of Python: all characters are so, and there is one.
var characterTests = map[string]func(string) bool{
	"isdigit": all(unicode.IsDigit), "isdecimal": all(unicode.IsDigit), "isnumeric": all(unicode.IsNumber), "isalpha": all(unicode.IsLetter),
	"isalnum": all(func(c rune) bool { return unicode.IsLetter(c) || unicode.IsNumber(c) }), "isspace": all(unicode.IsSpace),
	"isascii": isASCII, "islower": inCase(unicode.IsUpper), "isupper": inCase(unicode.IsLower), "istitle": isTitle,
	"isprintable": func(s string) bool { return !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) }) },
	"isidentifier": func(s string) bool {
		return s != "" && !unicode.IsDigit(rune(s[0])) && all(func(c rune) bool { return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) })(s)
	},
}

func all(is func(rune) bool) func(string) bool {
	return func(s string) bool {
		return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return !is(c) })
	}
}

// inCase says whether there are letters with cases, and none of the other case.
func inCase(other func(rune) bool) func(string) bool {
	return func(s string) bool {
		letters := false
		for _, c := range s {
			if other(c) || unicode.IsTitle(c) {
				return false
			}
			letters = letters || unicode.IsUpper(c) || unicode.IsLower(c)
		}
		return letters
	}
}

func isTitle(s string) bool { return inSome(s) && pythonTitle(s) == s }

func inSome(s string) bool {
	return strings.ContainsFunc(s, func(c rune) bool { return unicode.IsUpper(c) || unicode.IsLower(c) })
}
