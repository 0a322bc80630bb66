package jinja

import (
	"html"
	"regexp"
	"strings"
)

func escape(r *run, v Value, _ []Value) (Value, error) {
	if v.kind == String && v.flag {
		return v, nil
	}
	s, err := r.say(v)
	if err != nil {
		return undefined, err
	}
	return forceEscape(r, s, nil)
}

func forceEscape(r *run, s string, _ []Value) (Value, error) {
	made, err := r.made(htmlEscapes.Replace(s))
	made.flag = err == nil && r.escape <= EscapeHTML
	return made, err
}

var (
	htmlComment = regexp.MustCompile(`(?s)<!--.*?-->`)
	htmlTag     = regexp.MustCompile(`(?s)<.*?>`)
)

// withoutTags is Markup.striptags: no comments, no tags, space folded, entities decoded.
func withoutTags(s string) string {
	s = htmlTag.ReplaceAllLiteralString(htmlComment.ReplaceAllLiteralString(s, ""), "")
	return html.UnescapeString(strings.Join(strings.Fields(s), " "))
}

func xmlAttributes(r *run, v Value, given []Value) (Value, error) {
	if v.kind != Dict {
		return undefined, errOperand
	}
	d, err := r.members(v)
	if err != nil {
		return undefined, err
	}
	var parts []string
	for i, key := range d.keys {
		value := d.values[i]
		if value.kind == None || value.kind == Undefined {
			continue
		}
		if strings.ContainsAny(key.print(), " \t\n\r\v\f/>=") {
			return undefined, errArguments
		}
		if err := r.printable(value, 0); err != nil {
			return undefined, err
		}
		parts = append(parts, escaped(key).source+`="`+escaped(value).text()+`"`)
	}
	out := strings.Join(parts, " ")
	if out != "" && given[0].or(boolean(true)).truth() {
		out = " " + out
	}
	return r.made(out)
}
