package waiting

import (
	"slices"
	"time"

	"hookgate/gateway"
)

// conversations are those of one tenant as they will be known: as the store has
// them, and with what several lessons at once add. A name stands for one
// conversation only.
type conversations struct {
	ledger Ledger
	tenant string
	byName map[string]*conversation
	list   []*conversation // in the order in which they were first looked at
}

// conversation is the names of one conversation.
type conversation struct {
	all     []string
	own     string   // the one that an event showed as its conversation.key; "": none did
	given   []string // by the lessons, in their order
	changed bool     // the store does not know them so
	news    bool     // and what meets by them has not been looked for
	merged  bool     // it is part of another now
}

// lesson is what somebody says of the names of one conversation.
type lesson struct {
	key    string
	others []string
	own    bool // the key is its conversation.key: an event says so
	told   bool // a callback says so: no name is taken from a conversation with a key of its own
}

// learn adds lessons. Keys that are conversations of their own come first: which of
// two events of one publish stands before the other makes no difference.
func (l *conversations) learn(lessons []lesson) error {
	for _, q := range lessons {
		if q.own {
			if err := l.claim(q.key); err != nil {
				return err
			}
		}
	}
	for _, q := range lessons {
		c, err := l.of(q.key)
		if err != nil {
			return err
		}
		for _, other := range q.others {
			if q.told && l.keeps(c, other) {
				continue
			}
			if err := l.join(c, q.key, other); err != nil {
				return err
			}
		}
	}
	for _, c := range l.list {
		c.bound()
	}
	return nil
}

// of gives the conversation that has a name.
func (l *conversations) of(key string) (*conversation, error) {
	if c := l.byName[key]; c != nil {
		return c, nil
	}
	joined := []string{key}
	n, found, err := l.ledger.Names(l.tenant, key)
	if err != nil {
		return nil, err
	}
	if found {
		joined = n.All
	}
	own, err := l.ledger.Own(l.tenant, joined)
	if err != nil {
		return nil, err
	}
	c := &conversation{}
	c.all, c.own = apart(joined, own, key)
	c.all = slices.Clone(c.all)
	l.put(c)
	return c, nil
}

func (l *conversations) put(c *conversation) {
	l.list = append(l.list, c)
	for _, name := range c.all {
		if l.byName[name] == nil {
			l.byName[name] = c
		}
	}
}

// claim makes a key that of its own conversation. One that has another such key
// already loses it.
func (l *conversations) claim(key string) error {
	c, err := l.of(key)
	if err != nil {
		return err
	}
	if c.own == "" {
		c.own = key
	}
	if c.own == key {
		return nil
	}
	c.all = slices.DeleteFunc(c.all, func(name string) bool { return name == key })
	c.changed, c.news = true, true
	delete(l.byName, key)
	l.put(&conversation{all: []string{key}, own: key, changed: true, news: true})
	return nil
}

// keeps says whether a name belongs to another conversation that has a key of its own.
func (l *conversations) keeps(c *conversation, name string) bool {
	o := l.byName[name]
	return o != nil && o != c && o.own != ""
}

// join makes another name, and all that are joined with it, names of a
// conversation, unless both have a key of their own.
func (l *conversations) join(c *conversation, key, name string) error {
	o, err := l.of(name)
	if err != nil {
		return err
	}
	c.given = append(c.given, key, name)
	if o == c || c.own != "" && o.own != "" {
		return nil
	}
	for _, other := range o.all {
		if !slices.Contains(c.all, other) {
			c.all = append(c.all, other)
		}
		l.byName[other] = c
	}
	c.given = append(c.given, o.given...)
	c.changed, c.news, o.merged = true, true, true
	if c.own == "" {
		c.own = o.own
	}
	return nil
}

// bound keeps a conversation at gateway.MaxAliases names: its own key and those
// that were given last stay, of the others the first.
func (c *conversation) bound() {
	if len(c.all) <= gateway.MaxAliases {
		return
	}
	var kept []string
	keep := func(name string) {
		if name != "" && len(kept) < gateway.MaxAliases && slices.Contains(c.all, name) && !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	keep(c.own)
	if len(c.given) > 0 {
		keep(c.given[0])
	}
	for _, name := range slices.Backward(c.given) {
		keep(name)
	}
	for _, name := range c.all {
		keep(name)
	}
	c.all = kept
}

// names is what the store is to have: the own key first, so that the others stay
// with it should one of them turn out to be such a key too.
func (c *conversation) names(tenant string, now time.Time) *gateway.Names {
	if i := slices.Index(c.all, c.own); i > 0 {
		c.all = slices.Insert(slices.Delete(c.all, i, i+1), 0, c.own)
	}
	return &gateway.Names{Tenant: tenant, All: c.all, Used: now}
}

// keys are all names that were looked at.
func (l *conversations) keys() []string {
	keys := make([]string, 0, len(l.byName))
	for key := range l.byName {
		keys = append(keys, key)
	}
	return keys
}

// within says whether nothing was looked at but these.
func (l *conversations) within(keys map[string]bool) bool {
	for key := range l.byName {
		if !keys[key] {
			return false
		}
	}
	return true
}
