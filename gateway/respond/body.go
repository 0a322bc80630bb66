package respond

import (
	"encoding/json"
	"mime"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

const plainText = "text/plain; charset=utf-8"

// compileBody compiles a body as its content type escapes.
func (a *answer) compileBody(spec gateway.OwnAnswer, builder *mapping.Builder, f *faults) {
	if spec.Body == nil {
		if spec.ContentType != "" {
			f.add("content_type", "is of body, which is missing")
		}
		return
	}
	a.body, a.kind = template(*spec.Body, "body", builder, f), spec.ContentType
	if a.kind == "" {
		a.kind = plainText
	}
	essence, params, err := mime.ParseMediaType(a.kind)
	if err != nil || !strings.Contains(essence, "/") || strings.ContainsFunc(a.kind, func(c rune) bool { return c < ' ' || c >= 0x7f }) {
		f.add("content_type", "is no media type, as text/plain")
		return
	}
	switch charset, said := params["charset"]; {
	case said && !strings.EqualFold(charset, "utf-8"):
		f.add("content_type", "has a charset that is not utf-8, which the answer is in")
	case !said && strings.HasPrefix(essence, "text/"):
		a.kind += "; charset=utf-8" // what guesses the charset can read markup where none is
	}
	if text, is := a.body.Constant(); is && len(text) > mostRendered {
		f.add("body", "has %d bytes: at most %d", len(text), mostRendered)
	}
	switch escape, safe := escapeFor(essence); {
	case escape == mapping.EscapeJSON && constant(a.body) && !json.Valid([]byte(*spec.Body)):
		f.add("body", "is no JSON, as content_type says")
	case !safe && !constant(a.body):
		f.add("body", "has expressions, which cannot be put safely into %s: use text, HTML, XML or JSON, or none", essence)
	default:
		a.xml, a.json = escape == mapping.EscapeHTML, escape == mapping.EscapeJSON
		a.shows = a.xml || !safe // multipart/x-mixed-replace has pages in it, a script is a worker's
		a.body = a.body.Escaping(escape)
	}
}

// escapeFor says how what is printed is escaped in a type, and whether there is a way.
func escapeFor(essence string) (e mapping.Escape, safe bool) {
	_, sub, _ := strings.Cut(essence, "/")
	switch {
	case essence == "text/html", sub == "xml", strings.HasSuffix(sub, "+xml"):
		return mapping.EscapeHTML, true
	case sub == "json", strings.HasSuffix(sub, "+json"):
		return mapping.EscapeJSON, true
	case essence == "text/plain", essence == "text/csv":
		return mapping.EscapeNone, true
	}
	return mapping.EscapeNone, false
}

// without leaves out of XML and HTML the characters that neither can hold (XML 1.0,
// section 2.2): one alone would make the rest unreadable.
func without(text []byte) []byte {
	kept := text[:0]
	for _, c := range text {
		if c >= ' ' || c == '\t' || c == '\n' || c == '\r' {
			kept = append(kept, c)
		}
	}
	return kept
}
