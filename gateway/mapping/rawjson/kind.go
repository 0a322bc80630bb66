package rawjson

// Kind is what a JSON value is.
type Kind uint8

// The kinds of values. Missing is none: no bytes.
const (
	Missing Kind = iota
	Null
	Bool
	Number
	String
	Array
	Object
)

// kindOf tells the kind of a value from its first byte.
func KindOf(raw []byte) Kind {
	if len(raw) == 0 {
		return Missing
	}
	switch raw[0] {
	case '{':
		return Object
	case '[':
		return Array
	case '"':
		return String
	case 't', 'f':
		return Bool
	case 'n':
		return Null
	}
	return Number
}
