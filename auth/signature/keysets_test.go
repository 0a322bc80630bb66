package signature_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/auth/signature"
)

const keysURL = "https://issuer.test/keys"

// issuer is a place of keys, as Fetch of KeySets.
type issuer struct {
	t     *testing.T
	mu    sync.Mutex
	ids   []string      // of one key of signers
	err   error         // why it gives nothing
	text  string        // what it gives instead
	asked int           // how often
	slow  chan struct{} // it answers only then; nil: at once
	sets  *signature.KeySets
}

func newIssuer(t *testing.T, ids ...string) *issuer {
	i := &issuer{t: t, ids: ids}
	i.sets = signature.NewKeySets(i.fetch)
	return i
}

func (i *issuer) fetch(url string) ([]byte, error) {
	if url != keysURL {
		i.t.Errorf("asked for %s", url)
	}
	i.mu.Lock()
	slow := i.slow
	i.mu.Unlock()
	if slow != nil {
		<-slow
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.asked++
	switch {
	case i.err != nil:
		return nil, i.err
	case i.text == "panic":
		panic("fetch")
	case i.text != "":
		return []byte(i.text), nil
	}
	var keys []map[string]any
	for _, id := range i.ids {
		keys = append(keys, jwkOf(i.t, signers()["P-256"].Public(), id, nil))
	}
	return []byte(keySet(i.t, keys...)), nil
}

func (i *issuer) set(change func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	change()
}

// count says how often it was asked, once nobody is asking.
func (i *issuer) count() int {
	synctest.Wait()
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked
}

func (i *issuer) verifier() *signature.Verifier {
	i.t.Helper()
	return compile(i.t, jwtOf(signature.TokenConfig{JWKSURL: keysURL, KeySets: i.sets}))
}

// try verifies a token with a key's id, so long after now.
func (i *issuer) try(v *signature.Verifier, id string, after time.Duration) signature.Reason {
	i.t.Helper()
	text := publicToken(i.t, "ES256", id, fmt.Sprintf(`{"exp":%d}`, now.Add(after).Unix()+60))
	r := bearing(text)
	r.Now = now.Add(after)
	return reason(i.t, v.Verify(r))
}

// A set is fetched once for all who ask, is fetched again for an id that is not known,
// and not sooner than five seconds after it was (SPEC 17).
func TestUnknownIDsFetchAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "k1")
		v := i.verifier()
		for _, c := range []struct {
			name   string
			id     string
			after  time.Duration
			reason signature.Reason
			asked  int
		}{
			{"the first", "k1", 0, "", 1},
			{"a known one", "k1", time.Second, "", 1},
			{"an unknown one, soon", "k2", 4999 * time.Millisecond, signature.UnknownKey, 1},
			{"an unknown one", "k2", 5 * time.Second, signature.UnknownKey, 2},
			{"another unknown one, soon", "k3", 6 * time.Second, signature.UnknownKey, 2},
			{"a request from before", "k3", -time.Minute, signature.UnknownKey, 2},
			{"a known one still", "k1", 7 * time.Second, "", 2},
		} {
			if got := i.try(v, c.id, c.after); got != c.reason || i.count() != c.asked {
				t.Errorf("%s: %q after %d fetches, want %q after %d", c.name, got, i.count(), c.reason, c.asked)
			}
		}
		i.set(func() { i.ids = []string{"k2"} })
		if got := i.try(i.verifier(), "k2", 10*time.Second); got != "" || i.count() != 3 {
			t.Errorf("a new key, for another verifier of the set: %q after %d fetches", got, i.count())
		}
		if got := i.try(v, "k1", 11*time.Second); got != signature.UnknownKey {
			t.Errorf("a key that was taken back: %q", got)
		}
	})
}

// What cannot be had refuses nobody for good, and lets nobody in: who needs it is told
// to come again.
func TestKeySetsThatCannotBeHad(t *testing.T) {
	for name, spoil := range map[string]func(*issuer){
		"no answer":       func(i *issuer) { i.err = errors.New("no route") },
		"nothing there":   func(i *issuer) { i.err = signature.ErrAbsent },
		"no JSON":         func(i *issuer) { i.text = "<html>" },
		"no keys":         func(i *issuer) { i.text = `{"keys":[]}` },
		"no set":          func(i *issuer) { i.text = `[]` },
		"no usable keys":  func(i *issuer) { i.text = `{"keys":[{"kty":"oct","k":"c2VjcmV0","kid":"k1"}]}` },
		"a broken server": func(i *issuer) { i.text = "panic" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newIssuer(t, "k1")
				v := i.verifier()
				spoil(i)
				if got := i.try(v, "k1", 0); got != signature.Unavailable {
					t.Errorf("never had: %q", got)
				}
				if got := i.try(v, "k1", time.Second); got != signature.Unavailable || i.count() != 1 {
					t.Errorf("a second later: %q after %d fetches, want one", got, i.count())
				}
				i.set(func() { i.err, i.text = nil, "" })
				if got := i.try(v, "k1", 5*time.Second); got != "" {
					t.Fatalf("mended: %q", got)
				}
				i.set(func() { spoil(i) })
				if got := i.try(v, "k1", time.Hour); got != "" {
					t.Errorf("spoilt after it was had, a known key: %q", got)
				}
				if got := i.try(v, "k2", time.Hour+10*time.Second); got != signature.Unavailable {
					t.Errorf("spoilt after it was had, a key that may be new: %q", got)
				}
				if got := i.try(v, "k1", 6*time.Hour+5*time.Second); got != signature.Unavailable {
					t.Errorf("spoilt until the end of what was had: %q", got)
				}
			})
		})
	}
	v := compile(t, jwtOf(signature.TokenConfig{JWKSURL: keysURL}))
	if got := reason(t, v.Verify(bearing(publicToken(t, "ES256", "k1", claimsWith(""))))); got != signature.Unavailable {
		t.Errorf("without KeySets: %q", got)
	}
}

// A set that is used is renewed beside the requests, long before its end; a renewal that
// fails is tried again a minute later.
func TestKeySetsAreRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "k1")
		v := i.verifier()
		slow := make(chan struct{})
		for _, c := range []struct {
			after time.Duration
			asked int
			do    func()
		}{
			{0, 1, nil},
			{15*time.Minute - time.Second, 1, func() { i.err = errors.New("no route") }},
			{15 * time.Minute, 2, nil},
			{15*time.Minute + 59*time.Second, 2, func() { i.err = nil }},
			{16 * time.Minute, 3, nil},
			{30 * time.Minute, 3, func() { i.slow = slow }},
			{31 * time.Minute, 3, nil}, // and it is not waited for
			{32 * time.Minute, 3, nil}, // nor begun twice
		} {
			if got := i.try(v, "k1", c.after); got != "" {
				t.Errorf("after %s: %q", c.after, got)
			}
			if got := i.count(); got != c.asked {
				t.Errorf("after %s: %d fetches, want %d", c.after, got, c.asked)
			}
			if c.do != nil {
				i.set(c.do)
			}
		}
		close(slow)
		if got := i.count(); got != 4 {
			t.Errorf("at the end %d fetches, want 4", got)
		}
	})
}

// Strangers with unknown ids, from wherever, make one fetch in five seconds, and a new
// key of the provider passes as soon as it is fetched; none of theirs waits longer than
// for one fetch, and known keys wait for none.
func TestStrangersUseNoFetchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer(t, "k1")
		v := i.verifier()
		if got := i.try(v, "k1", 0); got != "" {
			t.Fatal(got)
		}
		slow := make(chan struct{})
		i.set(func() { i.slow, i.ids = slow, []string{"k1", "k2"} })
		var ended sync.WaitGroup
		var refused, passed atomic.Int64
		for n := range 200 {
			id := fmt.Sprintf("stranger%d", n)
			if n == 100 {
				id = "k2"
			}
			ended.Go(func() {
				switch i.try(v, id, 10*time.Second) {
				case signature.UnknownKey:
					refused.Add(1)
				case "":
					passed.Add(1)
				}
			})
		}
		synctest.Wait()
		if got := i.try(v, "k1", 10*time.Second); got != "" {
			t.Errorf("a known key beside them: %q", got)
		}
		close(slow)
		ended.Wait()
		if refused.Load() != 199 || passed.Load() != 1 || i.count() != 2 {
			t.Errorf("%d refused, %d passed, %d fetches", refused.Load(), passed.Load(), i.count())
		}
	})
}

// A set lives as long as somebody has it: a configuration that is made anew keeps the
// keys, and one that is gone leaves nothing.
func TestKeySetsLiveAsLongAsTheirUsers(t *testing.T) {
	i := newIssuer(t, "k1")
	old := i.verifier()
	if got := i.try(old, "k1", 0); got != "" {
		t.Fatal(got)
	}
	v := i.verifier()
	runtime.KeepAlive(old)
	runtime.GC()
	if got := i.try(v, "k1", time.Second); got != "" || i.asked != 1 {
		t.Errorf("made anew: %q after %d fetches", got, i.asked)
	}
	runtime.KeepAlive(v)
	for begun := time.Now(); time.Since(begun) < 20*time.Second; {
		runtime.GC()
		if signature.SetsOf(i.sets) == 0 {
			return
		}
		runtime.Gosched()
	}
	t.Error("a set that nobody has is kept")
}

// Of a set, what is for other uses, of unknown kinds or too weak is passed over; all keys
// of one id are tried.
func TestWhatSetsHold(t *testing.T) {
	key := func(change func(map[string]any)) map[string]any {
		k := jwkOf(t, signers()["P-256"].Public(), "k1", nil)
		change(k)
		return k
	}
	other := func(k map[string]any) { k["x"], k["y"] = jwkOf(t, signers()["P-384"].Public(), "", nil)["x"], "AA" }
	for name, c := range map[string]struct {
		keys   []map[string]any
		reason signature.Reason
	}{
		"its key":            {[]map[string]any{key(func(map[string]any) {})}, ""},
		"for encryption":     {[]map[string]any{key(func(k map[string]any) { k["use"] = "enc" })}, signature.Unavailable},
		"to sign with":       {[]map[string]any{key(func(k map[string]any) { k["key_ops"] = []string{"sign"} })}, signature.Unavailable},
		"to verify with":     {[]map[string]any{key(func(k map[string]any) { k["key_ops"] = []string{"verify"} })}, ""},
		"of another use too": {[]map[string]any{key(func(k map[string]any) { k["use"] = "enc" }), key(func(map[string]any) {})}, ""},
		"not on the curve":   {[]map[string]any{key(func(k map[string]any) { k["y"] = k["x"] })}, signature.Unavailable},
		"of another curve":   {[]map[string]any{key(other)}, signature.Unavailable},
		"for another alg":    {[]map[string]any{key(func(k map[string]any) { k["alg"] = "ES512" })}, signature.UnknownKey},
		"for this alg":       {[]map[string]any{key(func(k map[string]any) { k["alg"] = "ES256" })}, ""},
		"without an id":      {[]map[string]any{key(func(k map[string]any) { delete(k, "kid") })}, ""},
		"of another id":      {[]map[string]any{key(func(k map[string]any) { k["kid"] = "K1" })}, signature.UnknownKey},
		"of another kind":    {[]map[string]any{jwkOf(t, signers()["RSA"].Public(), "k1", nil)}, signature.UnknownKey},
		"two of one id":      {[]map[string]any{jwkOf(t, signers()["RSA"].Public(), "k1", nil), key(func(map[string]any) {})}, ""},
	} {
		set := keySet(t, c.keys...)
		sets := signature.NewKeySets(func(string) ([]byte, error) { return []byte(set), nil })
		v := compile(t, jwtOf(signature.TokenConfig{JWKSURL: keysURL, KeySets: sets}))
		if got := reason(t, v.Verify(bearing(publicToken(t, "ES256", "k1", claimsWith(""))))); got != c.reason {
			t.Errorf("%s: %q, want %q", name, got, c.reason)
		}
	}
}
