package requests

// The lists that an entry stands in.
const (
	inRing = iota
	inHolder
)

// The kinds of entries, each with its share.
const (
	refused = iota
	accepted
	shares
)

// list is entries in the order in which they came.
type list struct {
	oldest, newest *entry
	n, bytes       int
}

func (l *list) add(e *entry, in int) {
	e.of[in] = link{before: l.newest}
	if l.newest == nil {
		l.oldest = e
	} else {
		l.newest.of[in].after = e
	}
	l.newest = e
	l.n++
	l.bytes += e.cost()
}

func (l *list) remove(e *entry, in int) {
	at := e.of[in]
	if at.before == nil {
		l.oldest = at.after
	} else {
		at.before.of[in].after = at.after
	}
	if at.after == nil {
		l.newest = at.before
	} else {
		at.after.of[in].before = at.before
	}
	e.of[in] = link{}
	l.n--
	l.bytes -= e.cost()
}

// ring is what is kept of one source or route.
type ring struct {
	holder *holder
	of     Of
	place  string
	lists  [shares]list
}

func (r *ring) n() int { return r.lists[refused].n + r.lists[accepted].n }

// over gives the entry to give up where there are more than most: the oldest of the kind
// that has more than its half.
func (r *ring) over(most int) *entry {
	if r.n() <= most {
		return nil
	}
	if r.lists[refused].n > most/2 && r.lists[refused].oldest != nil {
		return r.lists[refused].oldest
	}
	return r.lists[accepted].oldest
}

// holder is whose the memory is: a tenant, or "" for the operator.
type holder struct {
	tenant string
	tree   *tree
	rings  [kinds]map[string]*ring
	lists  [shares]list
	place  int // in the heap
}

func (h *holder) bytes() int { return h.lists[refused].bytes + h.lists[accepted].bytes }

// giveUp gives the oldest entry of the kind that has more.
func (h *holder) giveUp() *entry {
	if h.lists[refused].bytes > h.lists[accepted].bytes {
		return h.lists[refused].oldest
	}
	return h.lists[accepted].oldest
}

// tree is a tenant that has none above it, with all below it: whoever makes many tenants
// has no more memory for that (SPEC 16).
type tree struct {
	name  string
	of    heaped[*holder]
	total int // bytes
	place int // in the heap
}

func (t *tree) bytes() int { return t.total }

func (t *tree) put(place int) { t.place = place }

func (h *holder) put(place int) { h.place = place }

// heaped is a heap: who has most stands first, and knows its place.
type heaped[T interface {
	bytes() int
	put(place int)
}] []T

func (h heaped[T]) Len() int           { return len(h) }
func (h heaped[T]) Less(i, j int) bool { return h[i].bytes() > h[j].bytes() }
func (h heaped[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].put(i)
	h[j].put(j)
}

// Push is that of container/heap.
func (h *heaped[T]) Push(x any) {
	one := x.(T) //nolint:forcetypeassert // there is nothing else in it
	one.put(len(*h))
	*h = append(*h, one)
}

// Pop is that of container/heap.
func (h *heaped[T]) Pop() any {
	var none T
	last := len(*h) - 1
	one := (*h)[last]
	(*h)[last] = none
	*h = (*h)[:last]
	return one
}
