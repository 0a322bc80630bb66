package signature

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"
)

// keyring is what tokens are verified with. Its algorithms are checked before.
type keyring interface {
	// prove finds the key that signed the token; nil for a secret. field is where
	// the token is.
	prove(t *openToken, r *Request, field string) (*tokenKey, error)
}

// shared is secrets that the sender has too, by algorithm.
type shared map[string][]*key

func newShared(c *Config, algorithms []string, f *faults) shared {
	ring := shared{}
	for _, secret := range secrets(c.Secrets, f, func(s string) ([]byte, error) { return []byte(s), nil }) {
		for _, name := range algorithms {
			if algorithm := sharedAlgorithms[name]; algorithm != nil {
				ring[name] = append(ring[name], newKey(func() hash.Hash { return hmac.New(algorithm, secret) }))
			}
		}
	}
	return ring
}

func (s shared) prove(t *openToken, _ *Request, field string) (*tokenKey, error) {
	for _, k := range s[string(t.alg)] {
		if k.gives(t.signature, base64URL, t.signed) {
			return nil, nil
		}
	}
	return nil, refuse(Mismatch, field)
}

// published is public keys: those that are configured, or those at a URL.
type published struct {
	own []*tokenKey
	set *keySet // nil: there are own ones
}

func (p *published) prove(t *openToken, r *Request, field string) (*tokenKey, error) {
	signature, ok := t.bytesOfSignature()
	if !ok || len(signature) == 0 {
		return nil, refuse(Malformed, field)
	}
	keys, err := p.find(t, r)
	if err != nil {
		return nil, err
	}
	algorithm, tried := publicAlgorithms[string(t.alg)], 0
	for _, k := range keys {
		if !algorithm.fits(k.key) || k.algorithm != "" && k.algorithm != string(t.alg) {
			continue
		}
		if tried++; tried > mostTried {
			break
		}
		if err := r.spend(keyWork(k.key) + hashByte*len(t.signed)); err != nil {
			return nil, err
		}
		if algorithm.verify(k.key, t, signature) {
			return k, nil
		}
	}
	if tried == 0 {
		return nil, refuse(UnknownKey, "kid")
	}
	return nil, refuse(Mismatch, field)
}

// mostTried bounds the work that one bad token can make: keys of one id, or without.
const mostTried = mostSignatures

func (p *published) find(t *openToken, r *Request) ([]*tokenKey, error) {
	if p.set == nil {
		return keysOf(p.own, t.kid), nil
	}
	keys, err := p.set.find(t.kid, r)
	switch {
	case errors.Is(err, errSetNotToday):
		return nil, refuse(Unavailable, "kid")
	case err != nil:
		return nil, refuse(UnknownKey, "kid")
	}
	return keys, nil
}

// newPublished makes the keyring of a provider: the keys that are configured as its
// secrets, or else those at url.
func newPublished(c *Config, url string, algorithms []string, f *faults) *published {
	if len(c.Secrets) > 0 {
		return &published{own: named(c, slices.Concat(secrets(c.Secrets, f, keysFor(algorithms))...))}
	}
	if c.KID != "" || len(c.Endorsements) > 0 {
		f.add("secrets", "has no key that kid or endorsements could be of")
	}
	return &published{set: c.KeySets.at(url)}
}

// named gives keys that have no id and no endorsements those of the configuration.
func named(c *Config, keys []*tokenKey) []*tokenKey {
	for _, k := range keys {
		k.id = or(k.id, c.KID)
		if k.endorsements == nil {
			k.endorsements = c.Endorsements
		}
	}
	return keys
}

// keysFor reads keys of which one at least is good for one of the algorithms.
func keysFor(algorithms []string) func(text string) ([]*tokenKey, error) {
	return func(text string) ([]*tokenKey, error) {
		keys, err := readKeys(text)
		for _, k := range keys {
			for _, name := range algorithms {
				if publicAlgorithms[name].fits(k.key) {
					return keys, err
				}
			}
		}
		if err == nil {
			err = fmt.Errorf("has no key for %s", strings.Join(algorithms, ", "))
		}
		return nil, err
	}
}

// publicKeys reads keys of type jwt.
func publicKeys(list, algorithms []string, f *faults) (all []*tokenKey) {
	if len(list) > mostSecrets {
		f.add("public_keys", "has %d: set at most %d", len(list), mostSecrets)
		return nil
	}
	read := keysFor(algorithms)
	for i, text := range list {
		keys, err := read(text)
		if err != nil {
			f.add(fmt.Sprintf("public_keys[%d]", i), "%v", err)
		}
		all = append(all, keys...)
	}
	return all
}
