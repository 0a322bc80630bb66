package mapping

import (
	"hookgate/gateway/mapping/rawjson"
	"hookgate/gateway/mapping/work"
)

// itemName is what the paths of a source begin with that look into one item of a request
// that brings several callbacks (SPEC 15, "Batches"). Where a source has no such list it
// is a member like any other.
const itemName = "item"

// scope makes a path that begins with the item one that looks into it.
func (b *Builder) scope(c *compiled) {
	if !b.scoped {
		return
	}
	switch {
	case c.query != nil:
		if inside := c.query.Inside(itemName); inside != nil {
			c.query, c.item = inside, true
		}
	case len(c.steps) > 0 && c.steps[0].member && !c.steps[0].item && c.steps[0].name == itemName:
		c.steps, c.item = c.steps[1:], true
	}
	if c.item {
		b.within++
	}
}

// looksOutside says whether the body has to be walked over for what is not in an item.
func (s *Set) looksOutside() bool { return s.items == nil || s.trie.root.leads() }

// Item looks the paths up that begin with the item, in one value of the document that
// was read. What was found outside it stays. That it is the item of before costs nothing.
func (v *Values) Item(raw []byte) {
	if len(raw) == len(v.item) && len(raw) > 0 && &raw[0] == &v.item[0] {
		return
	}
	s := v.set
	v.item = raw
	for _, slot := range s.items {
		v.values[slot], v.asked[slot] = Value{}, 0
	}
	root := s.trie.within
	if root != nil && v.work.Spend(len(raw)+work.Forget*len(s.items)) {
		v.nextWalk()
		v.walk(root, raw, rawjson.SkipSpace(raw, 0))
	}
	if v.work.Over() {
		clear(v.values)
	}
	v.work.Rest()
}

// origin is where a JSONPath begins: the body, or the item (nil: there is none).
func (v *Values) origin(c *compiled) []byte {
	if c.item {
		return v.item
	}
	return v.doc.Raw
}

// LooksIntoItem says whether a path begins with the item, or has one that does in it.
func LooksIntoItem(path string) bool {
	b := NewBuilder()
	b.scoped = true
	_, err := b.Path(path)
	return err == nil && b.within > 0
}
