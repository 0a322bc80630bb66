package configs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"hookgate/gateway/fields"
)

// maxNodes bounds a document with its aliases put in. A tenant with ten sources has
// about 500 nodes.
const maxNodes = 1 << 19

// Bounds of what aliases stand for: a few lines of aliases of aliases cost no more than a
// small file does, and a large file may have them for a part of what it says.
const (
	mostAliased  = 1 << 14
	aliasedTimes = 8 // as many as are written, beyond that
)

// document is a file as a tree of values, with the place of each.
type document struct {
	name   string
	lines  []string
	tree   any
	places map[string]place  // by path, as in gateway.Fault
	hidden []hidden          // what the source lines must not show
	ends   []int             // of hidden, as hiddenIn has sorted it: how far those up to each reach
	from   map[string]string // by path of a secret: the file that it was read from
	broken bool              // no YAML at all: there is no tree

	// quiet: nobody will ask where anything stands. There are no places, and nothing hidden.
	quiet    bool
	nodes    int  // that were read, those of aliases each time
	anchored bool // something has a name for aliases
	inputs   *inputs
	again    func() *document // reads the file again, for who wants to know where things stand; nil: it is known
}

// reader turns the nodes of a document into its tree.
type reader struct {
	*document
	lookup  func(string) (string, bool)
	anchors map[string]ast.Node
	faults  []mistake
	aliases int                        // that what is read now stands behind
	aliased int                        // nodes that were read behind them
	full    bool                       // they stand for too much
	veiled  map[*token.Token]bool      // what is hidden, once for all aliases of it
	filled  map[*token.Token]expansion // texts with variables, each put in once
	line    struct {                   // that stands looked at last
		number int
		text   []rune
	}
}

// readDocument reads a YAML file. Its mistakes are those of the notation; the
// document has the places for those of the contents.
func readDocument(name string, text []byte, lookup func(string) (string, bool)) (*document, []mistake) {
	// YAML takes all three ends of a line for the same; the parser counts some of them twice.
	normal := normalized(text)
	d := &document{name: name, lines: strings.Split(normal, "\n"), tree: &fields.Object{}, places: map[string]place{}, from: map[string]string{}}
	if i := slices.IndexFunc(d.lines, func(line string) bool { return !utf8.ValidString(line) }); i >= 0 {
		d.broken = true
		return d, []mistake{{at: position{i + 1, 1}, message: "is not UTF-8 text"}}
	}
	d.places[""] = place{position{1, 1}, position{1, 1}}
	tree, faults := d.read(normal, "", 0, lookup)
	if tree != nil {
		d.tree = tree
	}
	return d, faults
}

// normalized gives a text without a mark of its encoding, with one way to end a line.
func normalized(text []byte) string {
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(string(text), "\ufeff"))
}

// read gives the tree of a text that stands at path, so deep in the file.
func (d *document) read(text, path string, depth int, lookup func(string) (string, bool)) (any, []mistake) {
	file, err := parse(text)
	if err != nil {
		d.broken = true
		return nil, []mistake{syntaxMistake(err)}
	}
	r := &reader{document: d, lookup: lookup, anchors: map[string]ast.Node{}}
	var tree any
	if body := r.body(file); body != nil {
		tree = r.value(path, body, depth)
	}
	d.anchored = len(r.anchors) > 0
	return tree, r.faults
}

// place notes where something stands.
func (r *reader) place(path string, name, value position) {
	if !r.quiet {
		r.places[path] = place{name, value}
	}
}

// body gives the one document of the file, nil for an empty file.
func (r *reader) body(file *ast.File) (body ast.Node) {
	for _, doc := range file.Docs {
		switch doc.Body.(type) {
		case nil, *ast.DirectiveNode:
			continue
		}
		if body != nil {
			r.fault("", start(doc.Body), "starts a second document: a file has one")
			continue
		}
		body = doc.Body
	}
	return body
}

func (r *reader) fault(path string, at position, format string, args ...any) {
	r.faults = append(r.faults, mistake{path: path, at: at, message: fmt.Sprintf(format, args...)})
}

// value gives the tree of a node that stands at path; nil for null and for what
// is at fault.
func (r *reader) value(path string, node ast.Node, depth int) any {
	if r.nodes++; r.nodes == maxNodes {
		r.fault(path, start(node), "makes the file too large: over %d values, those of aliases counted each time", maxNodes)
	}
	if r.nodes >= maxNodes {
		return nil
	}
	if depth > fields.MaxDepth {
		r.fault(path, start(node), "is nested deeper than %d levels", fields.MaxDepth)
		return nil
	}
	if r.aliases > 0 {
		if r.aliased++; r.aliased > mostAliased+aliasedTimes*(r.nodes-r.aliased) {
			r.full = true
		}
		if r.full {
			return nil
		}
	}
	switch n := node.(type) {
	case nil, *ast.NullNode:
		return nil
	case *ast.MappingNode:
		return r.mapping(path, n.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping(path, []*ast.MappingValueNode{n}, depth)
	case *ast.SequenceNode:
		return r.sequence(path, n, depth)
	case *ast.AnchorNode:
		return r.anchor(path, n, depth)
	case *ast.AliasNode:
		target, known := r.anchors[aliasName(n)]
		if !known {
			r.fault(path, start(node), "is an alias of nothing: an anchor of that name must come before it")
			return nil
		}
		defer r.behind(path, n)()
		return r.value(path, target, depth+1)
	case *ast.LiteralNode:
		return r.text(path, node, n.Value.Value, n.Value.GetToken())
	case *ast.StringNode:
		return r.text(path, node, n.Value, n.Token)
	case *ast.BoolNode:
		r.hide(path, node, n.Token, n.Token.Value)
		return n.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return r.number(path, node)
	case *ast.TagNode:
		r.value(path, n.Value, depth+1) // for what it may have to hide
	}
	r.fault(path, start(node), "is YAML that is not taken here: write the plain value, without a tag")
	return nil
}

// expansion is what became of a text with variables.
type expansion struct {
	text         string
	found, fault bool
}

// expand puts variables in, once for a text and all its aliases.
func (r *reader) expand(path string, node ast.Node, value string, at *token.Token) expansion {
	if !strings.Contains(value, "${") {
		return expansion{text: value}
	}
	if was, is := r.filled[at]; is {
		return was
	}
	text, found, faults := expand(value, r.lookup)
	for _, fault := range faults {
		r.fault(path, start(node), "%s", fault)
	}
	e := expansion{text, found, len(faults) > 0}
	if r.filled == nil {
		r.filled = map[*token.Token]expansion{}
	}
	r.filled[at] = e
	return e
}

// behind begins to read what an alias stands for, until it is called.
func (r *reader) behind(path string, alias ast.Node) func() {
	was := r.full
	r.aliases++
	return func() {
		if r.aliases--; r.aliases == 0 && r.full && !was { // told once, where the outermost stands
			r.fault(path, start(alias), "makes the file too large: aliases stand for over %d values by here, and %d are written", r.aliased-1, r.nodes-r.aliased)
		}
	}
}

// anchor gives the tree of a node that has a name. It is known only afterwards,
// and for good: no alias is within what it stands for.
func (r *reader) anchor(path string, n *ast.AnchorNode, depth int) any {
	tree, name := r.value(path, n.Value, depth+1), n.Name.GetToken().Value
	if other, taken := r.anchors[name]; taken && other != n.Value {
		r.fault(path, start(n), "is an anchor of a name that another one has")
		return tree
	}
	r.anchors[name] = n.Value
	return tree
}

func (r *reader) mapping(path string, values []*ast.MappingValueNode, depth int) any {
	members := &fields.Object{}
	for _, value := range slices.Backward(values) { // of two merges the first counts
		if value.Key.IsMergeKey() {
			r.merge(path, members, value.Value, depth+1)
		}
	}
	written := map[string]position{}
	for _, value := range values {
		if value.Key.IsMergeKey() {
			continue
		}
		at := start(value.Key)
		name, ok := memberName(value.Key)
		if !ok {
			r.fault(path, at, "has a member whose name is no plain word")
			continue
		}
		member := fields.Member(path, name)
		if first, twice := written[name]; twice {
			r.fault(member, at, "is written twice, first in line %d", first.line)
			continue
		}
		if merged, is := members.Get(name); is {
			r.forget(member, merged)
		}
		written[name] = at
		r.place(member, at, valueStart(at, value.Value))
		members.Set(name, r.value(member, value.Value, depth+1))
	}
	return members
}

// merge puts in what a merge key, <<, names: a mapping, or a list of them. Merged
// members stand first, also where one is written anew, as in most readers of YAML.
func (r *reader) merge(path string, members *fields.Object, node ast.Node, depth int) {
	if alias, ok := node.(*ast.AliasNode); ok {
		if target, known := r.anchors[aliasName(alias)]; known {
			defer r.behind(path, alias)()
			node = target
		}
	}
	merged := []ast.Node{node}
	if list, ok := node.(*ast.SequenceNode); ok {
		merged = list.Values
	}
	for _, node := range slices.Backward(merged) {
		before := len(r.faults)
		tree, ok := r.value(path, node, depth).(*fields.Object)
		if !ok && (len(r.faults) > before || r.full || r.nodes >= maxNodes) {
			return
		}
		if !ok {
			r.fault(path, start(node), "has a merge key, <<, that names no mapping")
			return
		}
		for name, value := range tree.All() {
			members.Set(name, value)
		}
	}
}

// forget drops the places of a merged member that another one stands in for, and of what is
// in it: no others are looked at, for there may be many such members.
func (r *reader) forget(path string, tree any) {
	delete(r.places, path)
	switch t := tree.(type) {
	case *fields.Object:
		for name, value := range t.All() {
			r.forget(fields.Member(path, name), value)
		}
	case []any:
		for i, value := range t {
			r.forget(fields.Index(path, i), value)
		}
	}
}

func aliasName(n *ast.AliasNode) string { return n.Value.GetToken().Value }

func (r *reader) sequence(path string, n *ast.SequenceNode, depth int) any {
	elements := make([]any, 0, len(n.Values))
	for i, value := range n.Values {
		element, at := fields.Index(path, i), start(value)
		r.place(element, at, at)
		elements = append(elements, r.value(element, value, depth+1))
	}
	return elements
}

// text gives the text of a scalar with its variables put in; last is the token
// that has the text.
func (r *reader) text(path string, node ast.Node, value string, last *token.Token) any {
	plain := node.GetToken().Type == token.StringType
	if !variableAlone(value) {
		r.hide(path, node, last, value)
	}
	e := r.expand(path, node, value, last)
	switch {
	case e.fault:
		return nil
	case e.found:
		return fields.Word(e.text)
	case plain && isNumber(value): // one that the parser thinks too large
		return json.Number(value)
	}
	return e.text
}

func (r *reader) number(path string, node ast.Node) any {
	t := node.GetToken()
	r.hide(path, node, t, t.Value)
	if !isNumber(t.Value) {
		r.fault(path, start(node), "is a number in a form that is not taken here: write it in plain decimal, or in quotes if it is text")
		return nil
	}
	return json.Number(t.Value)
}

func isNumber(s string) bool {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return false // nearly all text: an error of each would be a part of what a large file costs
	}
	var n json.Number
	return json.Unmarshal([]byte(s), &n) == nil && n.String() == s
}

// memberName gives the name of a member as it is written.
func memberName(key ast.MapKeyNode) (string, bool) {
	switch n := key.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return n.GetToken().Value, true // a tenant may be called 476, or null
	}
	return "", false
}
