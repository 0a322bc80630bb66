package pebblestore

import "github.com/oklog/ulid/v2"

// allOf is a stream of what each of several has; its record is that of the last.
type allOf struct {
	of     []stream
	look   *look
	floor  ulid.ULID // what lies below is not wanted yet: it may stand there without any
	now    ulid.ULID
	begun  bool
	unsure bool
}

func (a *allOf) at() ulid.ULID { return a.now }

func (a *allOf) sure() bool { return !a.unsure }

func (a *allOf) value() (kind byte, value []byte) { return a.of[len(a.of)-1].value() }

// seek lets each leap to where the others are: it costs as much as the rarest has.
// Where that is too much, it stands where it came to, and is not sure.
func (a *allOf) seek(u ulid.ULID) bool {
	if a.unsure {
		return true
	}
	if a.begun && a.now.Compare(u) < 0 {
		u = a.now // there is nothing between them
	}
	a.begun = true
	for met := 0; met < len(a.of) && !a.unsure && u.Compare(a.floor) >= 0; met++ {
		at, found := a.step(met, u)
		if !found {
			return false
		}
		if at != u && met > 0 {
			met = -1 // those before it must come after
			a.unsure = a.unsure || !a.look.another()
		}
		u = at
	}
	a.now = u
	return true
}

// step asks one of them for what is at u or below; before all others where they may be.
func (a *allOf) step(n int, u ulid.ULID) (at ulid.ULID, found bool) {
	if n == 0 && len(a.of) > 2 {
		if u, found = a.under(u); !found || a.unsure {
			return u, found
		}
	}
	if !a.of[n].seek(u) {
		return u, false
	}
	a.unsure = a.unsure || !a.of[n].sure()
	return a.of[n].at(), true
}

// under goes down to where all facets may have something at once. That costs less than to
// look: who follows events need not be looked for at each of them.
func (a *allOf) under(u ulid.ULID) (at ulid.ULID, found bool) {
	facets := a.of[:len(a.of)-1]
	for met := 0; met < len(facets) && !a.unsure && u.Compare(a.floor) >= 0; met++ {
		if at, found = roof(facets[met], u); !found {
			return u, false
		}
		if at != u && met > 0 {
			met = -1
			a.unsure = !a.look.another()
		}
		u = at
	}
	return u, true
}

// roof gives that at u or below, above which a stream has nothing; false when it has
// nothing at all.
func roof(s stream, u ulid.ULID) (at ulid.ULID, found bool) {
	switch s := s.(type) {
	case *followed:
		return s.roof(u)
	case *anyOf:
		for _, one := range s.of {
			if top, has := roof(one, u); has && (!found || top.Compare(at) > 0) {
				at, found = top, true
			}
		}
		return at, found
	}
	if !s.seek(u) {
		return u, false
	}
	return s.at(), true
}
