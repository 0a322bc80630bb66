package configs

import (
	"fmt"

	"github.com/goccy/go-yaml/token"

	"hookgate/gateway/fields"
)

// mostNested bounds what the parser is given, which keeps more than a file has for each level
// of it. Depth is counted here by the rule of thumb, and so by the half where each list stands
// below the name of a member; value tells exactly.
const mostNested = 4 * fields.MaxDepth

// nesting counts how deep a place in a file is.
type nesting struct {
	flow    int     // brackets that are open
	columns []entry // of the entries and members in block style that are
	marks   int     // tags and anchors, which stand in one another, of one value
}

// entry is one that is open, at the column where it and those beside it begin.
type entry struct{ column, members int }

// checkNesting looks at tokens before they are parsed.
func checkNesting(tokens token.Tokens) error {
	var n nesting
	for _, t := range tokens {
		if n.pass(t); n.flow+len(n.columns)+n.marks > mostNested {
			return boundError{t, fmt.Sprintf("is nested deeper than %d levels", fields.MaxDepth)}
		}
		if last := len(n.columns) - 1; last >= 0 && n.columns[last].members > mostMembers {
			return boundError{t, fmt.Sprintf("has too many members: over %d in one place, which only tenants may have", mostMembers)}
		}
	}
	return nil
}

// pass goes on behind a token.
func (n *nesting) pass(t *token.Token) {
	switch t.Type {
	case token.TagType, token.AnchorType:
		n.marks++
		return
	case token.SequenceStartType, token.MappingStartType:
		n.flow++
	case token.SequenceEndType, token.MappingEndType:
		n.flow = max(0, n.flow-1)
	case token.SequenceEntryType, token.MappingKeyType:
		n.column(t, 0)
	case token.MappingValueType:
		if t.Prev != nil {
			t = t.Prev // the name
		}
		n.column(t, 1)
	case token.CollectEntryType, token.DocumentHeaderType:
	default:
		return
	}
	n.marks = 0
}

// column begins an entry or a member in block style, which ends all that stand as far in or
// further.
func (n *nesting) column(t *token.Token, members int) {
	if n.flow > 0 {
		return
	}
	at, one := len(n.columns), entry{t.Position.Column, members}
	for ; at > 0 && n.columns[at-1].column >= one.column; at-- {
		if beside := n.columns[at-1]; beside.column == one.column {
			one.members += beside.members
		}
	}
	n.columns = append(n.columns[:at], one)
}
