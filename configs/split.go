package configs

import (
	"strings"

	"hookgate/gateway"
)

// split is a file of which the tenants were cut out, so that each can be read by itself.
type split struct {
	rest  string // all but what is below tenants
	line  int    // of the key tenants, from 1
	parts []string
}

// plainKey begins a tenant that may be cut out: a plain name, with a value behind it or
// below it. A merge key, a quoted or a tagged name, and an anchor are left to the whole.
var plainKey = gateway.Pattern(`^[A-Za-z0-9_-]+:(?:[ \n]|$)`)

const tenantsKey = "tenants:"

// splitTenants cuts a text in block style at its tenants; false where it is written in
// another way. What is cut wrongly, within a text of several lines, does not pass for a
// tenant afterwards: quotes and brackets that one part leaves open are a fault of it.
func splitTenants(text string) (s split, ok bool) {
	at := lineOf(text, tenantsKey)
	if at < 0 {
		return s, false
	}
	s.line = 1 + strings.Count(text[:at], "\n")
	below := at + len(tenantsKey)
	for below < len(text) && text[below-1] != '\n' {
		below++
	}
	end := below
	indent, from := 0, -1
	for end < len(text) {
		line := text[end : end+lineLen(text[end:])]
		depth := len(line) - len(strings.TrimLeft(line, " "))
		switch first := strings.TrimLeft(line, " \t\n"); {
		case first == "" || first[0] == '#': // it belongs to whoever comes before
		case depth == 0 && line[0] != '\t':
			return s.done(text, below, from, end)
		case line[depth] == '\t' || from >= 0 && depth < indent:
			return s, false
		case from < 0 || depth == indent:
			if !plainKey().MatchString(line[depth:]) {
				return s, false
			}
			if from >= 0 {
				s.parts = append(s.parts, text[from:end])
			}
			indent, from = depth, end
		}
		end += len(line)
	}
	return s.done(text, below, from, end)
}

// done takes the last tenant, and the rest.
func (s split) done(text string, below, from, end int) (split, bool) {
	if from < 0 {
		return s, false
	}
	s.parts = append(s.parts, text[from:end])
	s.rest = text[:below] + text[end:]
	return s, true
}

// lineOf finds the one line that has a key and nothing but a comment behind it; -1 for
// none, or more than one.
func lineOf(text, key string) int {
	found := -1
	for at := 0; at < len(text); {
		line := text[at : at+lineLen(text[at:])]
		if rest, is := strings.CutPrefix(line, key); is {
			rest = strings.TrimSpace(rest)
			if found >= 0 || rest != "" && rest[0] != '#' {
				return -1
			}
			found = at
		}
		at += len(line)
	}
	return found
}

// lineLen is the length of the first line, with its end.
func lineLen(text string) int {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return i + 1
	}
	return len(text)
}
