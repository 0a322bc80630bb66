package jinja

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenText             // what stands outside of tags
	tokenName             // a word in a tag
	tokenInt              // a whole number
	tokenFloat            // another number
	tokenString           // a string, unescaped
	tokenSign             // an operator or bracket
	tokenOpenOutput
	tokenCloseOutput
	tokenOpenStatement
	tokenCloseStatement
)

type token struct {
	kind tokenKind
	text string
	at   int
}

// says how a token is called in an error.
func (t token) says() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the template"
	case tokenText:
		return "text"
	case tokenOpenOutput, tokenCloseOutput, tokenOpenStatement, tokenCloseStatement:
		return t.text
	case tokenString:
		return "a string"
	}
	return `"` + t.text + `"`
}
