package configs

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

// Bounds of what the parser, a stranger's code, is given. Each token takes some 400 bytes
// with what is made of it. A mapping in block style is parsed one member within the other,
// in a time that is the square of how many there are.
const (
	mostTokens  = 3 * maxNodes
	mostMembers = 10_000
)

// boundError is that a text is not given to the parser.
type boundError struct {
	at   *token.Token
	rule string
}

func (e boundError) Error() string { return e.rule }

// parse keeps a panic of the YAML parser from ending a running gateway that is asked to
// reload.
func parse(text string) (file *ast.File, err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("is not YAML that can be read")
		}
	}()
	tokens, err := scan(text)
	if err != nil {
		return nil, err
	}
	rest, parts := apart(tokens)
	if err := checkNesting(rest); err != nil {
		return nil, err
	}
	if file, err = parseTokens(rest); err != nil || len(parts) == 0 {
		return file, err
	}
	all := &ast.MappingNode{BaseNode: &ast.BaseNode{}}
	for _, part := range parts {
		if err := checkNesting(part); err != nil {
			return nil, err
		}
		one, err := parseTokens(part)
		if err != nil {
			return nil, err
		}
		for _, doc := range one.Docs {
			switch n := doc.Body.(type) {
			case *ast.MappingNode:
				all.Values = append(all.Values, n.Values...)
			case *ast.MappingValueNode:
				all.Values = append(all.Values, n)
			}
		}
	}
	for _, doc := range file.Docs {
		switch n := doc.Body.(type) {
		case *ast.MappingNode:
			for _, value := range n.Values {
				putTenants(value, all)
			}
		case *ast.MappingValueNode:
			putTenants(n, all)
		}
	}
	return file, nil
}

func putTenants(value *ast.MappingValueNode, all ast.Node) {
	if name, ok := memberName(value.Key); ok && name+":" == tenantsKey {
		value.Value = all
	}
}

func parseTokens(tokens token.Tokens) (*ast.File, error) {
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// scan gives the tokens of a text.
func scan(text string) (tokens token.Tokens, err error) {
	s := scanner.Scanner{}
	s.Init(text)
	for {
		some, err := s.Scan()
		if errors.Is(err, io.EOF) {
			return tokens, nil // any other is a token that the parser refuses
		}
		tokens.Add(some...)
		if len(tokens) > mostTokens {
			return nil, boundError{tokens[mostTokens], fmt.Sprintf("makes the file too large: over %d words and marks", mostTokens)}
		}
	}
}

// apart takes the tenants out, so that each can be parsed on its own; there are no parts
// where they are not written in block style, one plain name below the other.
func apart(tokens token.Tokens) (rest token.Tokens, parts []token.Tokens) {
	from := slices.IndexFunc(tokens, isTenants) + 2 // behind the colon
	for from >= 2 && from < len(tokens) && tokens[from].Type == token.CommentType {
		from++
	}
	if from < 2 || from >= len(tokens) || !isName(tokens[from]) || tokens[from].Position.Column == 1 {
		return tokens, nil
	}
	column, begun, flow := tokens[from].Position.Column, from, 0
	for i := from + 1; i < len(tokens); i++ {
		t := tokens[i]
		switch at := t.Position.Column; t.Type {
		case token.CommentType:
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		default:
			switch {
			case flow > 0 || at > column, tokens[i-1].Type == token.LiteralType, tokens[i-1].Type == token.FoldedType: // the last two have a text behind them
			case !isName(t), at != 1 && at != column:
				return tokens, nil
			case at == column:
				parts, begun = append(parts, tokens[begun:i]), i
			case slices.ContainsFunc(tokens[i:], isTenants):
				return tokens, nil
			default:
				return append(tokens[:from:from], tokens[i:]...), append(parts, tokens[begun:i])
			}
		}
	}
	return tokens[:from:from], append(parts, tokens[begun:])
}

// isTenants says whether a token is the name below which the tenants are.
func isTenants(t *token.Token) bool {
	return t.Position.Column == 1 && isName(t) && t.Value+":" == tenantsKey
}

// isName says whether a token is the plain name of a member.
func isName(t *token.Token) bool {
	return t.Type == token.StringType && t.Next != nil && t.Next.Type == token.MappingValueType
}
