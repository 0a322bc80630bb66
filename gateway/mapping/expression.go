package mapping

// expression is a path with filters or operators between braces.
type expression struct{}

func (x *expression) evaluate(*Values) []byte { return nil }

func compileExpression(string, func([]step) (Slot, error)) (*expression, error) {
	return nil, pathError(2, "filters and operators are not taken")
}
