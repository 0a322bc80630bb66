package inbound

// take is the one atomic step. A store that cannot write is the only reason why
// it has no outcome.
func (in *Inbound) take(r *request) {
	taken, err := in.options.Taker.Take(&r.callback)
	if err != nil {
		r.fail(err)
		return
	}
	r.taken = taken
}
