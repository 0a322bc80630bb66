package rawjson

import "unicode/utf8"

// Valid says whether b is one JSON value (RFC 8259) in UTF-8, nested at most
// MaxDepth deep. It takes no more stack for a deep one.
//
// gjson.ValidBytes is not asked: it calls itself for every level, so a body of
// brackets makes it use a hundred times the body's size of stack, and it takes
// any bytes in a string. This is one loop with the open brackets in a fixed
// array.
func Valid(b []byte) bool {
	return utf8.Valid(b) && grammatical(b)
}

func grammatical(b []byte) bool {
	var open [MaxDepth]byte
	depth := 0
	i := skipBlank(b, 0)
	for {
		// A value starts at i.
		if i >= len(b) {
			return false
		}
		ok := true
		switch c := b[i]; c {
		case '{', '[':
			if depth == MaxDepth {
				return false
			}
			next := skipBlank(b, i+1)
			if next < len(b) && b[next] == c+2 { // the closing bracket: '{'+2 is '}'
				i = next + 1
				break
			}
			open[depth] = c
			depth++
			if i = next; c == '{' {
				if i, ok = validName(b, i); !ok {
					return false
				}
			}
			continue
		case '"':
			i, ok = validString(b, i)
		default:
			i, ok = validScalar(b, i)
		}
		if !ok {
			return false
		}
		if i, depth, ok = validAfter(b, i, &open, depth); !ok || depth == 0 {
			return ok
		}
	}
}

// validAfter checks what stands between a value and the next one. At depth 0
// the text is over.
func validAfter(b []byte, i int, open *[MaxDepth]byte, depth int) (next, deep int, ok bool) {
	for {
		i = skipBlank(b, i)
		if depth == 0 {
			return i, 0, i == len(b)
		}
		if i >= len(b) {
			return i, depth, false
		}
		brace := open[depth-1]
		switch b[i] {
		case ',':
			i = skipBlank(b, i+1)
			if brace == '{' {
				i, ok = validName(b, i)
				return i, depth, ok
			}
			return i, depth, true
		case brace + 2:
			i++
			depth--
		default:
			return i, depth, false
		}
	}
}

func skipBlank(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// validName checks a member's name and colon, and gives the start of its value.
func validName(b []byte, i int) (int, bool) {
	if i >= len(b) || b[i] != '"' {
		return i, false
	}
	i, ok := validString(b, i)
	if !ok {
		return i, false
	}
	if i = skipBlank(b, i); i >= len(b) || b[i] != ':' {
		return i, false
	}
	return skipBlank(b, i+1), true
}

func validString(b []byte, i int) (int, bool) {
	for i = plainRun(b, i+1); i < len(b); i = plainRun(b, i+1) {
		switch b[i] {
		case '"':
			return i + 1, true
		case '\\':
			i++
			if i >= len(b) {
				return i, false
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if _, ok := hex4(b, i+1); !ok {
					return i, false
				}
				i += 4
			default:
				return i, false
			}
		default:
			return i, false
		}
	}
	return i, false
}

func validScalar(b []byte, i int) (int, bool) {
	switch b[i] {
	case 't':
		return validWord(b, i, "true")
	case 'f':
		return validWord(b, i, "false")
	case 'n':
		return validWord(b, i, "null")
	}
	return NumberEnd(b, i)
}

func validWord(b []byte, i int, word string) (int, bool) {
	end := i + len(word)
	return end, end <= len(b) && string(b[i:end]) == word
}

// NumberEnd passes over the number that starts at b[i]; ok is false where none does.
func NumberEnd(b []byte, i int) (int, bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	if i >= len(b) || b[i] < '0' || b[i] > '9' {
		return i, false
	}
	if b[i] == '0' {
		i++
	} else {
		i = skipDigits(b, i)
	}
	if i < len(b) && b[i] == '.' {
		start := i + 1
		if i = skipDigits(b, start); i == start {
			return i, false
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		start := i
		if i = skipDigits(b, start); i == start {
			return i, false
		}
	}
	return i, true
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

// IsNumber says whether b is the text of a JSON number and nothing else.
func IsNumber(b []byte) bool {
	end, ok := NumberEnd(b, 0)
	return ok && end == len(b)
}
