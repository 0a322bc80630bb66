package signature

import (
	"errors"
	"runtime"
	"sync"
	"time"
	"weak"
)

// KeySets gets the public keys that tokens are signed with from the URLs that an
// operator or a provider names for them, and keeps them. It outlives the verifiers
// that ask it; many goroutines may use it.
//
// No request names a URL, so there are no more sets than sources. What a request names
// is a key's id, and who has verified nothing may name any: an id that is not known
// makes the set be fetched again, at most every five seconds whoever asks (SPEC 17).
// That cannot be used up: a set that is so young has all the keys that there are.
// A key that is known is never waited for: near its end a set is renewed beside the
// requests.
type KeySets struct {
	fetch func(url string) ([]byte, error)

	mu   sync.Mutex
	sets map[string]weak.Pointer[keySet] // they live as long as a verifier has them
}

// How long keys are believed. A provider that takes a key back waits for its next
// renewal; one that cannot be reached keeps its keys until the set ends.
const (
	keySetEnds     = 6 * time.Hour
	keySetRenewed  = 15 * time.Minute // when it is so old, and is used
	keySetRenewals = time.Minute      // between two of them, where one fails
	keySetAgain    = 5 * time.Second  // between two fetches that a request waits for
)

// NewKeySets makes KeySets that ask fetch, which must be bounded in time and bytes and
// gives a JWK set (RFC 7517).
func NewKeySets(fetch func(url string) ([]byte, error)) *KeySets {
	return &KeySets{fetch: fetch, sets: map[string]weak.Pointer[keySet]{}}
}

// at gives the set at a URL, one for all who ask. nil KeySets have sets without keys.
func (k *KeySets) at(url string) *keySet {
	if k == nil {
		return &keySet{fetch: func() ([]byte, error) { return nil, errNoKeySets }}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s := k.sets[url].Value(); s != nil {
		return s
	}
	s := &keySet{fetch: func() ([]byte, error) { return k.fetch(url) }}
	k.sets[url] = weak.Make(s)
	runtime.AddCleanup(s, k.drop, url)
	return s
}

// drop forgets a set that nobody has any more.
func (k *KeySets) drop(url string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sets[url].Value() == nil {
		delete(k.sets, url)
	}
}

var (
	errNoKeySets   = errors.New("no key sets can be fetched here")
	errUnknownKey  = errors.New("the set has no key of this id")
	errSetNotToday = errors.New("the set cannot be had now")
)

// keySet is the keys at one URL.
type keySet struct {
	fetch func() ([]byte, error)

	mu     sync.Mutex
	keys   []*tokenKey
	got    time.Time     // when keys were fetched
	tried  time.Time     // when that was tried last
	failed bool          // then
	flight chan struct{} // of a fetch that is under way, until it is closed
}

// find gives the keys that stand for an id. Where there is none it fetches, or waits
// for who does. errUnknownKey says that the provider has no such key; errSetNotToday
// that nobody knows.
func (s *keySet) find(id []byte, r *Request) ([]*tokenKey, error) {
	keys, flight, err := s.look(id, r, true)
	if flight == nil {
		return keys, err
	}
	<-flight
	keys, _, err = s.look(id, r, false)
	return keys, err
}

// look looks for an id; a flight is to be waited for, and is begun if it may be.
func (s *keySet) look(id []byte, r *Request, first bool) (keys []*tokenKey, flight chan struct{}, err error) {
	now := r.Now
	s.mu.Lock()
	defer s.mu.Unlock()
	if good := s.got.Add(keySetEnds).After(now); good {
		keys = keysOf(s.keys, id)
	}
	switch {
	case len(keys) > 0:
		if now.Sub(s.got) >= keySetRenewed && now.Sub(s.tried) >= keySetRenewals && s.flight == nil {
			s.depart(r) // where it may not, the next one tries again
		}
		return keys, nil, nil
	case first && s.flight != nil:
		return nil, s.flight, nil
	case first && now.Sub(s.tried) >= keySetAgain:
		if flight = s.depart(r); flight == nil {
			return nil, nil, errSetNotToday
		}
		return nil, flight, nil
	case s.failed:
		return nil, nil, errSetNotToday
	}
	return nil, nil, errUnknownKey
}

// keysOf gives the keys of an id: those without one stand for any.
func keysOf(keys []*tokenKey, id []byte) (of []*tokenKey) {
	for _, k := range keys {
		if k.id == "" || k.id == string(id) {
			of = append(of, k)
		}
	}
	return of
}

// depart begins a fetch beside the requests; nil: the one that needs it may not. The lock is
// held.
func (s *keySet) depart(r *Request) (flight chan struct{}) {
	done := func() {}
	if r.Fetch != nil {
		var may bool
		if done, may = r.Fetch(); !may {
			return nil
		}
	}
	flight = make(chan struct{})
	s.flight, s.tried = flight, r.Now
	go func(now time.Time) { // r is the caller's again by then
		defer done()
		s.fly(flight, now)
	}(r.Now)
	return flight
}

// fly fetches and keeps. Whatever fetch does, those who wait are let go; of a set that
// is kept nothing bad is believed before its end.
func (s *keySet) fly(flight chan struct{}, now time.Time) {
	var keys []*tokenKey
	defer func() {
		_ = recover() // who waits is told that there are no keys now, and it is tried again
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.failed = len(keys) == 0; !s.failed {
			s.keys, s.got = keys, now
		}
		s.flight = nil
		close(flight)
	}()
	if text, err := s.fetch(); err == nil {
		keys, _ = readKeySet(text)
	}
}
