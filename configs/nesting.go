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

// deepError is that a file is nested too deep to be parsed at all.
type deepError struct{ at *token.Token }

func (deepError) Error() string {
	return fmt.Sprintf("is nested deeper than %d levels", fields.MaxDepth)
}

// nesting counts how deep a place in a file is.
type nesting struct {
	flow    int   // brackets that are open
	columns []int // of the entries and members in block style that are
	marks   int   // tags and anchors, which stand in one another, of one value
}

// checkNesting looks at tokens before they are parsed.
func checkNesting(tokens token.Tokens) error {
	var n nesting
	for _, t := range tokens {
		if n.pass(t); n.flow+len(n.columns)+n.marks > mostNested {
			return deepError{t}
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
		n.column(t)
	case token.MappingValueType:
		if t.Prev != nil {
			t = t.Prev // the name
		}
		n.column(t)
	case token.CollectEntryType, token.DocumentHeaderType:
	default:
		return
	}
	n.marks = 0
}

// column begins an entry or a member in block style, which ends all that stand as far in or
// further.
func (n *nesting) column(t *token.Token) {
	if n.flow > 0 {
		return
	}
	at := len(n.columns)
	for at > 0 && n.columns[at-1] >= t.Position.Column {
		at--
	}
	n.columns = append(n.columns[:at], t.Position.Column)
}
