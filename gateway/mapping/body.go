package mapping

import (
	"fmt"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/mapping/jinja"
	"hookgate/gateway/mapping/rawjson"
)

// MaxBody is the longest body of a webhook in bytes of JSON.
const MaxBody = 256 << 10

// maxBodyFaults is how many faults of one body are told.
const maxBodyFaults = 20

// Body compiles the body of a request: a string is one template; of anything else
// the strings are templates, names of members are not. Faults are placed within
// it: "a.b[0]", or "" for the body itself.
func (b *Builder) Body(raw gateway.Raw) (*Body, []gateway.Fault) {
	switch {
	case len(raw) > MaxBody:
		return nil, []gateway.Fault{{Message: fmt.Sprintf("a body has at most %d KiB", MaxBody>>10)}}
	case !rawjson.Valid(raw):
		return nil, []gateway.Fault{{Message: fmt.Sprintf("a body is JSON, nested at most %d deep", rawjson.MaxDepth)}}
	}
	start := rawjson.SkipSpace(raw, 0)
	out := &Body{raw: raw[start:rawjson.SkipValue(raw, start)]}
	if rawjson.KindOf(out.raw) == String {
		t, err := b.Template(rawjson.Unescaped(out.raw[1 : len(out.raw)-1]))
		if err != nil {
			return nil, []gateway.Fault{{Message: err.Error()}}
		}
		out.text = t
		return out, nil
	}
	faults := b.leaves(out)
	if faults != nil {
		return nil, faults
	}
	return out, nil
}

// Body is a compiled request body. It never changes.
type Body struct {
	raw    []byte    // as it was written
	text   *Template // of a body that is one string
	leaves []leaf    // the strings with something to render in them, in their order
}

// leaf is a string of the body that is rendered.
type leaf struct {
	start, end int // the string with its quotes, in raw
	template   *Template
	lone       *jinja.Expression // of a template that is one {{ … }} and keeps the type
}

// leaves compiles the strings that are values. In valid JSON that is each string
// that no colon follows.
func (b *Builder) leaves(body *Body) (faults []gateway.Fault) {
	raw := body.raw
	for i := 0; i < len(raw); {
		if raw[i] != '"' {
			i++
			continue
		}
		start := i
		i, _ = rawjson.SkipString(raw, start)
		if next := rawjson.SkipSpace(raw, i); next < len(raw) && raw[next] == ':' {
			continue
		}
		t, err := b.Template(rawjson.Unescaped(raw[start+1 : i-1]))
		if err != nil {
			faults = append(faults, gateway.Fault{Path: placeIn(raw, start), Message: err.Error()})
			if len(faults) == maxBodyFaults {
				return faults
			}
			continue
		}
		if _, constant := t.Constant(); constant && !changes(t, raw[start:i]) {
			continue
		}
		body.leaves = append(body.leaves, leaf{start, i, t, t.lone()})
	}
	return faults
}

// changes says whether a template without expressions still is not what was
// written: a comment or a raw block is in it.
func changes(t *Template, written []byte) bool {
	text, _ := t.Constant()
	return text != rawjson.Unescaped(written[1:len(written)-1])
}

// IsText says whether the body is one template, which may render to anything; nil is
// none.
func (b *Body) IsText() bool { return b != nil && b.text != nil }

// IsObject says whether it is an object whatever it renders to.
func (b *Body) IsObject() bool { return b != nil && b.text == nil && b.raw[0] == '{' }

// Append appends the rendered body. The error is a *RenderError, its Path within
// the body, and dst then comes back as it was.
func (b *Body) Append(dst []byte, v *Values) ([]byte, error) {
	if b.text != nil {
		return b.text.Append(dst, v)
	}
	if err := v.open(); err != nil {
		return v.finish(dst, dst, "", err)
	}
	out, written := dst, 0
	end := len(dst) + maxRendered - v.written
	for i := range b.leaves {
		l := &b.leaves[i]
		out = append(out, b.raw[written:l.start]...)
		written = l.end
		var err error
		if out, err = l.append(out, end-len(out), v); err != nil {
			return v.finish(dst, dst, placeIn(b.raw, l.start), err)
		}
	}
	if out = append(out, b.raw[written:]...); len(out) > end {
		return v.finish(dst, dst, "", jinja.ErrSize)
	}
	return v.finish(dst, out, "", nil)
}

// append appends what the leaf renders to, as JSON of about so many bytes.
func (l *leaf) append(out []byte, most int, v *Values) (_ []byte, err error) {
	if l.lone != nil {
		out, found, err := l.lone.AppendJSON(out, most, (*environment)(v))
		if err == nil && !found {
			out = append(out, "null"...)
		}
		return out, err
	}
	if v.leaf, err = l.template.append(v.leaf[:0], most, v); err != nil {
		return out, err
	}
	return appendJSONText(out, v.leaf), nil
}

// placeIn gives the path of the value that starts at target.
func placeIn(raw []byte, target int) string {
	place := ""
	for at := 0; at < target; {
		part, inside := holder(raw, at, target)
		place += part
		at = inside
	}
	return strings.TrimPrefix(place, ".")
}

// holder finds what of the object or array at raw[at] holds target, and where
// that starts.
func holder(raw []byte, at, target int) (part string, inside int) {
	i := at + 1
	if raw[at] == '[' {
		for n := 0; ; n++ {
			start, ok := rawjson.NextItem(raw, i)
			if i = rawjson.SkipValue(raw, start); target < i || !ok {
				return index("", n), start
			}
		}
	}
	for {
		m, next, ok := rawjson.NextMember(raw, i)
		if i = next; target < i || !ok {
			name := rawjson.Unescaped(m.Name)
			if isWord(name) {
				return "." + name, next - len(m.Value)
			}
			return "[" + string(gateway.AppendString(nil, name)) + "]", next - len(m.Value)
		}
	}
}

// isWord says whether a name needs no quotes in a path.
func isWord(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) || r == '-' })
}
