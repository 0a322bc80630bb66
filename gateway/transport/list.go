package transport

// node is a place in a list; what stands there holds it.
type node[T any] struct {
	prev, next *node[T]
	of         *T // nil: the list itself
}

// list is a ring of nodes, the oldest first. Its zero value is ready; it must not be
// copied.
type list[T any] struct{ node[T] }

func (l *list[T]) init() {
	if l.next == nil {
		l.prev, l.next = &l.node, &l.node
	}
}

// push puts a node at the end, wherever it stood.
func (l *list[T]) push(n *node[T]) {
	l.init()
	n.leave()
	n.prev, n.next = l.prev, &l.node
	n.prev.next, n.next.prev = n, n
}

// oldest is the one that was pushed first; nil where there is none.
func (l *list[T]) oldest() *T {
	if l.next == nil {
		return nil
	}
	return l.next.of
}

// leave takes a node out of whatever list it is in.
func (n *node[T]) leave() {
	if n.next != nil {
		n.prev.next, n.next.prev = n.next, n.prev
		n.prev, n.next = nil, nil
	}
}
