package mapping

// trie holds every plain path of a set, so that one walk finds them all.
type trie struct {
	root   *node
	within *node // of the paths within an item of a request; nil: there are none
	nodes  int
}

// node is a place in a body that some path leads to or through.
type node struct {
	id      int
	slots   []Slot // filled with the value that is here
	below   []Slot // every slot of a longer path, for the rule about names that repeat
	members memberTable
	items   []itemEdge
	last    int  // the highest index among items
	first   int  // the lowest, where some index counts from the end; else 0
	fromEnd bool // some index counts from the end
}

// leads says whether any path leads to a node or through it.
func (n *node) leads() bool { return len(n.slots)+len(n.below) > 0 }

type itemEdge struct {
	index int
	child *node
}

func newTrie() trie { return trie{root: &node{}, nodes: 1} }

// maxEither is how many steps of one path may be an item or a member: each
// doubles the places where the path has to be looked for.
const maxEither = 4

func (t *trie) add(steps []step, slot Slot) error { return t.addTo(t.root, steps, slot) }

// addItem adds a path that leads from an item.
func (t *trie) addItem(steps []step, slot Slot) error {
	if t.within == nil {
		t.within = t.newNode()
	}
	return t.addTo(t.within, steps, slot)
}

func (t *trie) addTo(root *node, steps []step, slot Slot) error {
	either := 0
	for _, s := range steps {
		if s.member && s.item {
			either++
		}
	}
	if either > maxEither {
		return pathError(0, `at most %d numbers may be an index or a name: write [0] or ["0"]`, maxEither)
	}
	t.insert(root, steps, slot)
	return nil
}

func (t *trie) insert(n *node, steps []step, slot Slot) {
	if len(steps) == 0 {
		n.slots = append(n.slots, slot)
		return
	}
	n.below = append(n.below, slot)
	s := steps[0]
	if s.member {
		child := n.members.find(s.name)
		if child == nil {
			child = t.newNode()
			n.members.add(s.name, child)
		}
		t.insert(child, steps[1:], slot)
	}
	if s.item {
		t.insert(t.item(n, s.index), steps[1:], slot)
	}
}

func (t *trie) item(n *node, index int) *node {
	for _, e := range n.items {
		if e.index == index {
			return e.child
		}
	}
	child := t.newNode()
	n.items = append(n.items, itemEdge{index, child})
	n.first, n.last = min(n.first, index), max(n.last, index)
	n.fromEnd = n.fromEnd || index < 0
	return child
}

func (t *trie) newNode() *node {
	t.nodes++
	return &node{id: t.nodes - 1}
}

// memberTable finds a node by the member's name. A map would do, but its hash
// reads the whole name for each of the many members that nobody asks for; three
// bytes and the length tell nearly all of them apart.
type memberTable struct {
	names []string
	nodes []*node
	table []int32 // index into names plus one, open addressing, at most a quarter full
}

func hashName(name string) uint32 {
	n := uint32(len(name))
	if n == 0 {
		return 0
	}
	h := n*0x9e3779b1 ^ uint32(name[0])*0x85ebca6b ^ uint32(name[n-1])*0xc2b2ae35 ^ uint32(name[n/2])*0x27d4eb2f
	return h ^ h>>15
}

func (t *memberTable) find(name string) *node {
	if len(t.table) == 0 {
		return nil
	}
	mask := uint32(len(t.table) - 1)
	for h := hashName(name) & mask; ; h = (h + 1) & mask {
		at := t.table[h]
		if at == 0 {
			return nil
		}
		if t.names[at-1] == name {
			return t.nodes[at-1]
		}
	}
}

func (t *memberTable) add(name string, child *node) {
	t.names = append(t.names, name)
	t.nodes = append(t.nodes, child)
	if len(t.names)*4 <= len(t.table) {
		t.place(len(t.names) - 1)
		return
	}
	t.table = make([]int32, max(8, 2*len(t.table)))
	for i := range t.names {
		t.place(i)
	}
}

func (t *memberTable) place(i int) {
	mask := uint32(len(t.table) - 1)
	h := hashName(t.names[i]) & mask
	for t.table[h] != 0 {
		h = (h + 1) & mask
	}
	t.table[h] = int32(i + 1)
}
