package respond

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"hookgate/gateway/fields"
	"hookgate/gateway/mapping"
)

// policy is the Content-Security-Policy of all that a browser may show or run: nothing runs in it, whatever was put
// where. One that a source sets goes beside it and can only forbid more: its host is that
// of other tenants and of the operator's routes, too.
const policy = "default-src 'none'; img-src https: data:; style-src https: 'unsafe-inline'; font-src https:; base-uri 'none'; form-action 'none'"

func (a *answer) compileHeaders(set map[string]string, builder *mapping.Builder, check func(name, value string) error, f *faults) {
	if len(set) > mostHeaders {
		f.add("headers", "has %d: at most %d", len(set), mostHeaders)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if len(name) > maxName {
			f.add("headers", "has a name of %d bytes: at most %d", len(name), maxName)
			continue
		}
		place, refused := fields.Member("headers", name), Refuses(name)
		h := header{name, template(set[name], place, builder, f)}
		text, is := h.value.Constant()
		switch err := check(name, text); {
		case err != nil:
			f.add(place, "%v", err)
		case refused != "":
			f.add(place, "%s", refused)
		case !is && Steers(name):
			f.add(place, "has expressions, and steers browsers: write its value as it is to be")
		case len(text) > mostValue:
			f.add(place, "has %d bytes: at most %d", len(text), mostValue)
		case slices.ContainsFunc(a.headers, func(other header) bool { return strings.EqualFold(other.name, name) }):
			f.add(place, "is there twice, in another case")
		}
		a.headers = append(a.headers, h)
	}
}

// compileLocation compiles where a browser goes on. Its beginning says to whom: no
// expression stands in it, so that no sender chooses.
func (a *answer) compileLocation(text string, builder *mapping.Builder, f *faults) {
	if text == "" {
		return
	}
	a.location = template(text, "location", builder, f).Escaping(mapping.EscapeURL)
	begins := text
	if i := strings.IndexByte(text, '{'); i >= 0 {
		begins = text[:i]
	}
	a.base = origin(begins, begins == text)
	if a.base == "" || !visible(begins) {
		f.add("location", `must begin with "https://", a host and "/", or with "/", before any expression: whoever calls must not choose where it leads`)
	}
}

// origin gives what says to whom a location leads; "" where that is not said.
func origin(begins string, whole bool) string {
	if strings.HasPrefix(begins, "/") {
		if local(begins) {
			return "/"
		}
		return ""
	}
	u, err := url.Parse(begins)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return ""
	}
	scheme, rest, _ := strings.Cut(begins, "://")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		return scheme + "://" + rest[:end+1]
	}
	if !whole {
		return "" // an expression would go on with the host
	}
	return begins
}

// leads tells whether a location that was rendered leads where it was written to.
func (a *answer) leads(location string) bool {
	return visible(location) && strings.HasPrefix(location, a.base) && (a.base != "/" || local(location)) && len(location) <= mostValue
}

// local tells whether a path stays one, and does not begin as a host does: browsers take
// a backslash for a slash.
func local(path string) bool { return len(path) < 2 || path[1] != '/' && path[1] != '\\' }

// visible tells whether all of a text may stand in a URL.
func visible(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c >= 0x7f || c == '\\' })
}
