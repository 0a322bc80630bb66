package configs

import (
	"math"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// place is where a member stands: its name and its value. An element of a list
// has no name, and a mapping in block style no start: both are the same then.
type place struct{ name, value position }

// position counts lines and columns, in characters, from 1.
type position struct{ line, column int }

// valueStart is where a member's value starts: at its name, where it is a block
// below it or nothing at all.
func valueStart(name position, node ast.Node) position {
	switch n := node.(type) {
	case nil, *ast.NullNode, *ast.MappingValueNode:
		return name
	case *ast.MappingNode:
		if !n.IsFlowStyle {
			return name
		}
	case *ast.SequenceNode:
		if !n.IsFlowStyle {
			return name
		}
	}
	return start(node)
}

// start is where a node starts. A mapping's own token is its first colon.
func start(node ast.Node) position {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return start(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return start(n.Key)
	}
	if node == nil || node.GetToken() == nil {
		return position{1, 1}
	}
	return tokenStart(node.GetToken())
}

func tokenStart(t *token.Token) position {
	return position{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

// tokenEnd is where the next token starts: what is between is blank.
func tokenEnd(t *token.Token) position {
	if t.Next == nil {
		return position{line: math.MaxInt}
	}
	return tokenStart(t.Next)
}

func before(a, b position) bool {
	return a.line < b.line || a.line == b.line && a.column < b.column
}
