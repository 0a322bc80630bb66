package mapping

import (
	"hookgate/gateway/mapping/rawjson"
	"hookgate/gateway/mapping/work"
	"sync"
	"time"
)

func (v *Values) read(s *Set, doc *Document) {
	v.begin(s, *doc)
	if doc.hasPaths() && s.looksOutside() && v.work.Spend(len(doc.Raw)) {
		v.walk(s.trie.root, doc.Raw, rawjson.SkipSpace(doc.Raw, 0))
	}
	if v.work.Over() { // half of what there is would be worse than nothing
		clear(v.values)
	}
	v.work.Rest()
}

// Owner says whose the documents are that v is read with until it is released: those
// of owners, which are trees of tenants, take turns where they take long.
func (v *Values) Owner(tree string) { v.owner = tree }

// Hold takes a turn now, for a body of so many bytes that more is done with it than to
// look up what it has, until Let or Release.
func (v *Values) Hold(owner string, size int) error {
	if size < largeBody {
		return nil
	}
	if !v.own.Hold(owner) {
		return ErrBusy
	}
	return nil
}

// Let gives back what Hold took.
func (v *Values) Let() {
	v.own.Let()
}

// Within lets all templates of the document that was read make so many bytes, where that
// is less than the 1 MiB that they always may: what is larger is a RenderError of Size.
func (v *Values) Within(bytes int) { v.written = max(v.written, maxRendered-bytes) }

// Several takes the turn of who goes through so many items of one request, until end: a thousand
// small ones take as long as a large body. Who has it may wait for a turn of Values, and nobody the
// other way round: a body that is large has that one, and takes no other.
func Several(owner string, items, size int) (end func(), err error) {
	if items < manyItems || size >= largeBody {
		return func() {}, nil
	}
	end, ok := work.Several(owner)
	if !ok {
		return nil, ErrBusy
	}
	return sync.OnceFunc(end), nil
}

// manyItems is from how many items on a request takes long.
const manyItems = 64

// largeBody is from how many bytes on a body takes long.
const largeBody = 256 << 10

// Err says why what was found is not to be believed: ErrTooComplex where it took too
// much work, ErrBusy where there was no turn for it. Whatever is found after that is
// missing, and nothing fits.
func (v *Values) Err() error {
	switch {
	case v.work.Busy():
		return ErrBusy
	case v.work.Over():
		return ErrTooComplex
	}
	return nil
}

// Spent is the work that was taken, in nanoseconds on a slow core.
func (v *Values) Spent() time.Duration { return v.set.work - time.Duration(v.work.Left()) }

// Values holds what the paths of a Set found in one callback. It may be used
// again for the next, and kept in a pool between.
type Values struct {
	set     *Set
	doc     Document
	values  []Value
	asked   []uint32 // by slot: the round in which a lazy path was run
	seen    []uint32 // by node: the walk that came to it
	round   uint32
	walked  uint32 // counts the walks
	item    []byte // that was looked at last; nil: none
	scratch []byte // unescaped text, for the moment
	room    int    // for what is converted now, in bytes
	through []Slot // where the slots of a Filter are in a Set that it shares; nil: as they are

	// What was used up for this document, all together.
	work     *work.Budget // its own, or that of ReadAfter
	own      work.Budget
	owner    string
	rendered time.Duration // of templates
	written  int           // bytes that templates made

	rendering // of the template that is rendered now
}

func (v *Values) begin(s *Set, doc Document) {
	if v.set != s {
		v.set = s
		v.values = resize(v.values, len(s.slots))
		v.asked = resize(v.asked, len(s.slots))
		v.seen = resize(v.seen, s.trie.nodes)
		v.round, v.walked = 0, 0
	}
	clear(v.values)
	v.doc, v.item = doc, nil
	if v.round++; v.round == 0 { // old marks would count again
		clear(v.asked)
		v.round = 1
	}
	v.nextWalk()
	v.rendered, v.written, v.given = 0, 0, 0
}

// nextWalk makes what was seen count no more.
func (v *Values) nextWalk() {
	if v.walked++; v.walked == 0 { // old marks would count again
		clear(v.seen)
		v.walked = 1
	}
}

// newValues are of no document, for values that somebody wrote.
func newValues() *Values {
	v := new(Values)
	v.work = &v.own
	v.own.Begin(Bounds{}.Filled().Work, "")
	v.room = maxLiteral
	return v
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// Release lets go of the callback's memory, before v goes back to a pool.
func (v *Values) Release() {
	v.Let()
	if v.set != nil && v.doc.Raw != nil && v.work == &v.own {
		saw(v.set.peaks.Work, int(v.Spent()))
	}
	v.work = &v.own // not that of whoever it was read after
	v.doc, v.item, v.owner, v.through = Document{}, nil, "", nil
	clear(v.values)
	if cap(v.leaf) > maxKept {
		v.leaf = nil
	}
	if cap(v.scratch) > maxKept {
		v.scratch = nil
	}
}

// maxKept is the largest buffer that waits in a pool for the next document.
const maxKept = 64 << 10

func (v *Values) put(slot Slot, raw []byte) {
	value := valueOf(raw)
	value.Loose = value.Kind == String && v.doc.Body == Fields
	v.values[slot] = value
}

// of is At for a condition.
func (v *Values) of(slot Slot) Value {
	if v.through != nil && slot != NoSlot {
		slot = v.through[slot]
	}
	return v.At(slot)
}

// Again counts that a value is read once more, as for each item of a request: false where
// that is too much, and then Err says so.
func (v *Values) Again(value Value) bool {
	defer v.work.Rest()
	return v.work.Spend(work.Text * len(value.Raw))
}

// At gives what the slot's path found.
func (v *Values) At(slot Slot) Value {
	if slot == NoSlot {
		return Value{}
	}
	c := &v.set.slots[slot]
	if c.plain || v.asked[slot] == v.round {
		return v.values[slot]
	}
	v.asked[slot] = v.round
	switch {
	case c.header != "":
		v.values[slot] = textValue(v.doc.header(c.header))
	case c.param != "":
		v.values[slot] = textValue(v.doc.param(c.param))
	case !v.doc.hasPaths():
	case c.query != nil:
		if raw := c.query.FindIn(v.doc.Raw, v.origin(c), v.work); raw != nil {
			v.put(slot, raw)
		}
	case c.either != nil:
		v.values[slot] = c.either.at(v)
	default:
		if value, _ := v.compute(c.computed); value.Kind != Missing {
			v.put(slot, value.Raw)
		}
	}
	v.work.Rest()
	return v.values[slot]
}

func textValue(text []byte, found bool) Value {
	if !found {
		return Value{}
	}
	return Value{Kind: Text, Loose: true, Raw: text}
}
