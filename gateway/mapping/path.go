package mapping

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"hookgate/gateway/mapping/jinja"
	"hookgate/gateway/mapping/jsonpath"
	"hookgate/gateway/mapping/pattern"
	"hookgate/gateway/mapping/rawjson"
)

// MaxPath is the longest path in bytes.
const MaxPath = 1024

// PathError says what is wrong with a path, and where.
type PathError struct {
	At           int // byte offset into the path or template as it was written
	Line, Column int // of a template: the same, counted from 1
	Rule         string
}

func (e *PathError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Rule)
	}
	return fmt.Sprintf("at %d: %s", e.At, e.Rule)
}

func pathError(at int, format string, args ...any) *PathError {
	return &PathError{At: at, Rule: fmt.Sprintf(format, args...)}
}

// moved puts a fault of an expression, or of a part, at its place in the path.
func moved(err error, at int) error {
	var inExpression *jinja.Error
	if errors.As(err, &inExpression) {
		return pathError(at+inExpression.At, "%s", inExpression.Rule)
	}
	var inText *rawjson.SyntaxError
	if errors.As(err, &inText) {
		return pathError(at+inText.At, "%s", inText.Rule)
	}
	return pathError(at, "%v", err)
}

// step goes from a value to one inside it.
type step struct {
	name   string
	index  int
	member bool // take the member called name, of an object
	item   bool // take the item at index, of an array; below 0 counts from the end
}

// compiled is one path, ready to run: exactly one of its fields is set.
type compiled struct {
	steps    []step // of a plain one: found by the one walk
	header   string
	param    string
	query    *jsonpath.Query   // a JSONPath that may find several
	computed *jinja.Expression // of {{ … }}
	either   *either           // of a template
	plain    bool              // none of these
	item     bool              // looks into an item of the request: see itemName
	whole    bool              // leads into a list of such items: see Builder.lists
}

// compilePath finds out which kind of path it is and compiles it. Only an
// expression has paths of its own inside, which add numbers.
func compilePath(path string, with *pattern.Compiler, add func([]step) (Slot, error)) (compiled, error) {
	switch {
	case path == "":
		return compiled{}, pathError(0, "a path is missing")
	case len(path) > MaxPath:
		return compiled{}, pathError(MaxPath, "a path has at most %d bytes", MaxPath)
	case !utf8.ValidString(path):
		return compiled{}, pathError(0, "a path is UTF-8")
	}
	if name, found := strings.CutPrefix(path, "header:"); found {
		return compiled{header: name}, checkHeader(name)
	}
	if name, found := strings.CutPrefix(path, "query:"); found {
		if name == "" {
			return compiled{}, pathError(len("query:"), "the parameter's name is missing")
		}
		return compiled{param: name}, nil
	}
	switch path[0] {
	case '$':
		return compileJSONPath(path, with)
	case '/':
		steps, err := parsePointer(path)
		return compiled{steps: steps}, err
	case '{':
		return compileBraces(path, add)
	}
	p := plainParser{text: path, end: len(path)}
	steps, err := p.parse()
	return compiled{steps: steps}, err
}

// compileJSONPath takes a path that can only find one value as a plain one.
func compileJSONPath(path string, with *pattern.Compiler) (compiled, error) {
	q, err := jsonpath.Parse(path, with)
	if err != nil {
		return compiled{}, moved(err, 0)
	}
	found, plain := q.Steps()
	if !plain {
		return compiled{query: q}, nil
	}
	steps := make([]step, len(found))
	for i, s := range found {
		steps[i] = step{name: s.Name, index: s.Index, member: !s.Item, item: s.Item}
	}
	return compiled{steps: steps}, nil
}

func checkHeader(name string) error {
	at := len("header:")
	if name == "" {
		return pathError(at, "the header's name is missing")
	}
	for i := 0; i < len(name); i++ {
		if !isToken(name[i]) {
			return pathError(at+i, "%q cannot stand in a header's name", name[i])
		}
	}
	return nil
}

// isToken says whether c may stand in a field name (RFC 9110, 5.6.2).
func isToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// compileBraces takes {{ a.b }} as the plain path it holds, and anything else
// between the braces as an expression.
func compileBraces(path string, add func([]step) (Slot, error)) (compiled, error) {
	inner, found := strings.CutPrefix(path, "{{")
	if !found {
		return compiled{}, pathError(0, "an expression starts with {{")
	}
	inner, found = strings.CutSuffix(inner, "}}")
	if !found {
		return compiled{}, pathError(len(path), "an expression ends with }}")
	}
	if steps, ok := plainBetween(inner); ok {
		return compiled{steps: steps}, nil
	}
	x, err := compileExpression(inner, len("{{"), add)
	return compiled{computed: x}, err
}

// plainBetween reads what stands between braces as a plain path, if it is one.
func plainBetween(text string) ([]step, bool) {
	text = strings.Trim(text, " \t\r\n")
	p := plainParser{text: text, end: len(text), strict: true}
	steps, err := p.parse()
	return steps, err == nil
}

// parsePointer reads a JSON Pointer (RFC 6901). A token that is a number may
// mean an item or a member.
func parsePointer(path string) ([]step, error) {
	var steps []step
	at := 1
	for token := range strings.SplitSeq(path[1:], "/") {
		for i := 0; i < len(token); i++ {
			if token[i] == '~' && (i+1 == len(token) || token[i+1] != '0' && token[i+1] != '1') {
				return nil, pathError(at+i, "~ is written ~0, and / is written ~1")
			}
		}
		at += len(token) + 1
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
		steps = append(steps, namedStep(token))
	}
	return steps, nil
}

// namedStep takes a member, or the item where the name is a number.
func namedStep(name string) step {
	s := step{name: name, member: true}
	s.index, s.item = plainIndex(name)
	return s
}

// maxIndexDigits keeps an index far below what overflows; no body has as many items.
const maxIndexDigits = 9

// stepsKey tells steps apart.
func stepsKey(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		fmt.Fprintf(&b, "%q%d%t%t", s.name, s.index, s.member, s.item)
	}
	return b.String()
}

func plainIndex(s string) (int, bool) {
	if s == "" || len(s) > maxIndexDigits || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}
