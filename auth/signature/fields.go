package signature

// header returns a security header: there, not empty, and only once. With two of
// them, the one that was verified need not be the one that a later hop believes.
func (r *Request) header(name string) ([]byte, error) {
	value, n := r.Header.Get(name)
	switch {
	case n > 1:
		return nil, refuse(DuplicateHeader, name)
	case len(value) == 0:
		return nil, refuse(MissingHeader, name)
	}
	return value, nil
}

// parameter returns a security parameter of the query, by the same rule.
func (r *Request) parameter(name string) ([]byte, error) {
	value, n := r.first(name)
	switch {
	case n > 1:
		return nil, refuse(DuplicateParameter, name)
	case len(value) == 0:
		return nil, refuse(MissingParameter, name)
	}
	return value, nil
}

// first gives the first value of a parameter, and how many there are.
func (r *Request) first(name string) ([]byte, int) {
	if r.Query == nil {
		return nil, 0
	}
	return r.Query(name)
}

func (r *Request) url() string {
	if r.URL == nil {
		return ""
	}
	return r.URL()
}
