package inbound

// take is the one atomic step. A store that cannot write is the only reason why
// it has no outcome.
func (r *request) take() done {
	if r.batch != nil {
		return r.takeAll()
	}
	r.callback.Span = r.span.Context()
	taken, err := r.in.options.Taker.Take(&r.callback)
	if err != nil {
		return r.fail(err)
	}
	r.taken = taken
	return true
}
