package mapping

import (
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/mapping/rawjson"
	"hookgate/gateway/mapping/work"
)

// The places of a conversation key (SPEC 5).
const (
	InBody   = "body"
	InQuery  = "query"
	InHeader = "header"
	InPath   = "path"
)

// defaultKey is the body field that carries the key where nothing else is said.
const defaultKey = "conversation_key"

// maxKeyPlaces is how many places of a key are listed: each is looked at for every
// callback.
const maxKeyPlaces = 10

// Whom says where a callback tells whom it is for.
type Whom struct {
	Key     gateway.KeyPlace
	Aliases []string // paths of other names of the same conversation
	Each    Each     // of the callbacks in it
}

// Keys are the places of a key in a Set, in the order in which they are tried. NoSlot
// stands for the segment of the URL's path.
type Keys []Slot

// Find gives the first key that is valid, in memory of its own; segment is that of the
// path.
func (k Keys) Find(v *Values, segment []byte) (key string, found bool) {
	defer v.work.Rest()
	for _, slot := range k {
		if slot == NoSlot {
			key, found = gateway.Key(string(segment))
		} else {
			key, found = v.key(v.At(slot))
		}
		if found {
			return key, true
		}
	}
	return "", false
}

// FindAll gives the keys of the first place that has any, each once, in memory of their
// own: a place may find a list, of what is for several conversations. There are at most
// MostItems.
func (k Keys) FindAll(v *Values) (keys []string) {
	defer v.work.Rest()
	add := func(value Value) (more bool) {
		if !v.work.Spend(work.Item + work.Name*len(keys)) {
			return false
		}
		if key, valid := v.key(value); valid && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
		return len(keys) < MostItems
	}
	for _, slot := range k {
		value := v.At(slot)
		if value.Kind == Array {
			for item := range rawjson.Items(value.Raw) {
				if !add(valueOf(item)) {
					break
				}
			}
		} else {
			add(value)
		}
		if keys != nil {
			break
		}
	}
	return keys
}

// Aliases are the places of other names of a conversation.
type Aliases []Slot

// Find gives the names, each once and without the key, at most one conversation's, in
// memory of their own. What is no key is no name; a list is names.
func (a Aliases) Find(v *Values, key string) (names []string) {
	defer v.work.Rest()
	for _, slot := range a {
		switch found := v.At(slot); found.Kind {
		case Array:
			for item := range rawjson.Items(found.Raw) {
				if len(names) == gateway.MaxAliases-1 || !v.work.Spend(work.Item) {
					break
				}
				names = v.addAlias(names, valueOf(item), key)
			}
		default:
			names = v.addAlias(names, found, key)
		}
	}
	return names
}

// key is KeyOf, and counts as work: what stands beside the items of a request is looked at
// again for each of them.
func (v *Values) key(value Value) (key string, found bool) {
	if isTooLong(value) || !v.work.Spend(work.Text*len(value.Raw)) {
		return "", false
	}
	return KeyOf(value)
}

// isTooLong says at a glance that a text is none: it has more bytes than a key has however
// it is escaped, and is no URL, which stands for its last segment.
func isTooLong(value Value) bool {
	const mostWritten = len(`\u0000`)*gateway.MaxKey + len(`""`)
	if len(value.Raw) <= mostWritten || value.Kind != String && value.Kind != Text {
		return false
	}
	first := value.Raw[0]
	if value.Kind == String {
		first = value.Raw[1] // behind the quote
	}
	return first != 'h' && first != 'H' && first != '\\'
}

func (v *Values) addAlias(names []string, value Value, key string) []string {
	if len(names) == gateway.MaxAliases-1 {
		return names
	}
	name, valid := v.key(value)
	if !valid || name == key {
		return names
	}
	for _, known := range names {
		if known == name {
			return names
		}
	}
	return append(names, name)
}

// keys compiles the places of a key.
func (c *compiler) keys(place gateway.KeyPlace) Keys {
	const at = "conversation_key"
	if place.List == nil {
		return Keys{c.key(at, place)}
	}
	if n := len(place.List); n == 0 || n > maxKeyPlaces {
		c.fault(at, "has %d places: must be 1 to %d", n, maxKeyPlaces)
		return nil
	}
	keys := make(Keys, 0, len(place.List))
	for i, one := range place.List {
		if one.List != nil {
			c.fault(index(at, i), "is a list in a list: places are listed once")
			continue
		}
		keys = append(keys, c.key(index(at, i), one))
	}
	return keys
}

func (c *compiler) key(place string, from gateway.KeyPlace) Slot {
	at := place + ".path"
	switch from.In {
	case InBody, "":
		if from.Path == "" {
			return c.path(at, defaultKey)
		}
		return c.path(at, from.Path)
	case InQuery:
		return c.path(at, "query:"+from.Path)
	case InHeader:
		return c.path(at, "header:"+from.Path)
	case InPath:
		if from.Path != "" {
			c.fault(at, "a key that is a segment of the URL has no path")
		}
		return NoSlot
	}
	c.fault(place+".in", "a key is in %s, %s, %s or %s", InBody, InQuery, InHeader, InPath)
	return NoSlot
}

// aliases compiles aliases_from.
func (c *compiler) aliases(paths []string) (all Aliases) {
	const at = "aliases_from"
	if len(paths) > gateway.MaxAliasesFrom {
		c.fault(at, "has %d paths: at most %d", len(paths), gateway.MaxAliasesFrom)
		return nil
	}
	for i, path := range paths {
		all = append(all, c.path(index(at, i), path))
	}
	return all
}

// KeyHeaders gives the header fields among the places of a key, in their order.
func KeyHeaders(place gateway.KeyPlace) (names []string) {
	for _, one := range place.All() {
		if one.In == InHeader {
			names = append(names, one.Path)
		}
	}
	return names
}
