package mapping

import (
	"bytes"
	"cmp"
	"slices"

	"hookgate/gateway/mapping/rawjson"
)

// MostItems is how many callbacks one request may bring (SPEC 15).
const MostItems = 1000

// Item is one callback of several that one request brings.
type Item struct {
	Raw []byte // as it lies in the document
	ID  []byte // by which its provider knows it again; nil: it has none
}

// Splits says whether a request may bring several callbacks.
func (p *SourcePlan) Splits() bool { return p.each != nil }

// ItemHasID says whether dedupe.id was written, and whether it looks into the item: else
// it is of all items of the request.
func (p *SourcePlan) ItemHasID() (written, own bool) { return p.each.named, p.each.own }

// Items gives the callbacks that a request brings, in their order, and stops at one more
// than MostItems. whole says that the body has none of the provider's lists: then the
// request is one callback, as if there were no each. What Values.Err says holds before
// all of it.
func (p *SourcePlan) Items(v *Values) (items []Item, whole bool) {
	if !v.doc.hasPaths() {
		return nil, p.each.query == nil
	}
	f := itemFinder{messageReader: newMessageReader()}
	defer f.free()
	f.find(p.each.lists, v, 0)
	if v.work.Over() {
		return nil, false
	}
	if p.each.query == nil {
		slices.SortStableFunc(f.found, func(a, b Item) int { return cmp.Compare(cap(b.Raw), cap(a.Raw)) })
		return f.found, !f.listed
	}
	items = p.each.among(v.doc.Raw, v)
	f.tell(items)
	return items, false
}

// among gives the items that a path finds, each once.
func (e *each) among(body []byte, v *Values) (items []Item) {
	seen := map[int]bool{}
	add := func(raw []byte) {
		if at := cap(raw); !seen[at] && len(items) <= MostItems {
			seen[at] = true
			items = append(items, Item{Raw: raw})
		}
	}
	for _, node := range e.query.Nodes(body, v.work) {
		switch {
		case e.spread && rawjson.KindOf(node) == Array:
			for raw := range rawjson.Items(node) {
				add(raw)
			}
		case e.spread && rawjson.KindOf(node) == Null: // a list that is not there
		default:
			add(node)
		}
	}
	v.work.Rest()
	return items
}

// itemFinder finds the items of a provider's lists.
//
// Where in the body a value begins is told by how much of the body's memory lies behind
// its begin, which is its capacity.
type itemFinder struct {
	*messageReader
	found  []Item
	listed bool // one of the lists is there
}

// find goes through the lists in one item, or in the request. What has none of the lists
// that others of its kind have (an account's update beside messages) is an item itself:
// nothing that was sent is left out.
func (f *itemFinder) find(known []identity, v *Values, deep int) (there bool) {
	for i := range known {
		of := &known[i]
		list := v.At(of.each)
		if of.each == NoSlot || list.Kind != Array {
			continue
		}
		there = true
		f.listed = f.listed || of.in == nil
		for raw := range rawjson.Items(list.Raw) {
			if len(f.found) > MostItems || v.work.Over() {
				return true
			}
			f.one(of, raw, v, deep)
		}
	}
	return there
}

func (f *itemFinder) one(of *identity, raw []byte, around *Values, deep int) {
	inside := &f.items[deep]
	of.set.ReadAfter(&Document{Raw: raw, Body: JSON}, inside, around)
	if of.in != nil && f.find(of.in, inside, deep+1) {
		return
	}
	item := Item{Raw: raw}
	if of.in == nil {
		f.message(of, inside, func(id []byte) { item.ID = bytes.Clone(id) })
	}
	f.found = append(f.found, item)
}

// tell gives items the ids that the provider's lists say.
func (f *itemFinder) tell(items []Item) {
	if len(f.found) == 0 {
		return
	}
	ids := make(map[int][]byte, len(f.found))
	for _, known := range f.found {
		ids[cap(known.Raw)] = known.ID
	}
	for i := range items {
		items[i].ID = ids[cap(items[i].Raw)]
	}
}
