package proxy

import "strings"

// lower gives a letter's lower case, and any other byte as it is.
var lower = func() (t [256]byte) {
	for c := range t {
		t[c] = byte(c)
		if 'A' <= c && c <= 'Z' {
			t[c] |= 0x20
		}
	}
	return t
}()

// folded is lower that takes _ for -: to servers that hand fields on in variables
// (CGI, WSGI) X_Forwarded_For is X-Forwarded-For.
var folded = func() [256]byte {
	t := lower
	t['_'] = '-'
	return t
}()

// is reports whether name is want, which is in lower case and has no _.
func is(name []byte, want string) bool {
	return len(name) == len(want) && begins(name, want)
}

// begins reports whether name begins with want, which is in lower case and has no _.
func begins(name []byte, want string) bool {
	if len(name) < len(want) {
		return false
	}
	for i := range len(want) {
		if folded[name[i]] != want[i] {
			return false
		}
	}
	return true
}

// names is a set of names of fields, as is wants them.
type names []string

func (n *names) add(name string) {
	*n = append(*n, strings.ReplaceAll(strings.ToLower(name), "_", "-"))
}

func (n names) has(name []byte) bool {
	for _, want := range n {
		if is(name, want) {
			return true
		}
	}
	return false
}
