package waiting

// rest waits until nobody has a turn in a room that is gone, where nobody gets one any
// more: what they were storing is then stored, and can be deleted.
func (r *room) rest() {
	for t := r.atWork(); t != nil; t = r.atWork() {
		<-t
	}
}

// atWork gives what closes when one of those who have a turn has given it back; nil
// when nobody has one.
func (r *room) atWork() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.busy {
		return t.over()
	}
	for _, t := range r.marks {
		return t.over()
	}
	return nil
}
