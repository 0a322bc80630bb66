package signature

import (
	"bytes"
	"strings"
	"time"
)

// tokenProof proves by a token (JWT, RFC 7519) that says whom it is from, and until
// when, and what it covers.
type tokenProof struct {
	place      tokenPlace
	algorithms []string
	keys       keyring
	policy
}

// policy is what the claims of a token must be.
type policy struct {
	leeway   time.Duration // how far the sender's clock may be from ours
	timeless bool          // exp may be missing
	issued   bool          // iat must be there
	window   time.Duration // how far iat may be from the clock; 0: only not after it
	ahead    time.Duration // how far exp may be from the clock; 0: any time
	named    bool          // jti must be there
	rules    []rule
	// more judges what no rule can, once the signature is proved.
	more func(t *openToken, key *tokenKey, r *Request) error
}

// verify judges first what costs nothing, so that nothing is fetched and no key used
// for a token that is refused anyway, and hashes a body only for one that is proved.
func (p *tokenProof) verify(r *Request) error {
	t, err := p.read(r)
	if err != nil {
		return err
	}
	defer t.close()
	if err := p.times(t, r); err != nil {
		return err
	}
	if err := p.says(t, r, false); err != nil {
		return err
	}
	key, err := p.keys.prove(t, r, p.place.name)
	if err != nil {
		return err
	}
	if err := p.says(t, r, true); err != nil || p.more == nil {
		return err
	}
	return p.more(t, key, r)
}

// read finds and opens the token of a request.
func (p *tokenProof) read(r *Request) (*openToken, error) {
	text, err := p.place.find(r)
	if err != nil {
		return nil, err
	}
	t, ok := openJWS(text)
	if !ok {
		return nil, refuse(Malformed, p.place.name)
	}
	err = allowed(p.algorithms, t.alg)
	if err == nil && !t.readClaims() {
		err = refuse(Malformed, p.place.name)
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// allowed tells whether an algorithm is one of the configured ones: the token has no
// say in it (RFC 8725, section 3.1).
func allowed(algorithms []string, alg []byte) error {
	for _, name := range algorithms {
		if name == string(alg) {
			return nil
		}
	}
	return refuse(Algorithm, "alg")
}

// says judges the rules of the claims; those that cover the body apart.
func (p *policy) says(t *openToken, r *Request, covers bool) error {
	for i := range p.rules {
		if p.rules[i].covers != covers {
			continue
		}
		if err := p.rules[i].judge(t, r); err != nil {
			return err
		}
	}
	return nil
}

// times judges exp, nbf, iat and whether there is a jti.
func (p *policy) times(t *openToken, r *Request) error {
	end, ends, err := moment(t, "exp")
	switch {
	case err != nil:
		return err
	case !ends && !p.timeless:
		return refuse(MissingClaim, "exp")
	case ends && !r.Now.Before(end.Add(p.leeway)):
		return refuse(Stale, "exp")
	case ends && p.ahead > 0 && end.Sub(r.Now) > p.ahead:
		return refuse(Future, "exp")
	}
	if err := p.begins(t, r, "nbf"); err != nil {
		return err
	}
	if p.named {
		if _, is := t.claims.text("jti"); !is {
			return refuse(MissingClaim, "jti")
		}
	}
	if p.window == 0 && !p.issued {
		return p.begins(t, r, "iat")
	}
	return p.wasIssued(t, r)
}

// begins refuses a moment that is still to come.
func (p *policy) begins(t *openToken, r *Request, claim string) error {
	at, _, err := moment(t, claim)
	if err == nil && at.Sub(r.Now) > p.leeway { // the zero time, where there is none, is past
		err = refuse(Future, claim)
	}
	return err
}

// wasIssued judges an iat that must be there.
func (p *policy) wasIssued(t *openToken, r *Request) error {
	at, is, err := moment(t, "iat")
	switch {
	case err != nil:
		return err
	case !is:
		return refuse(MissingClaim, "iat")
	case p.window > 0:
		return within(p.window, r, at, "iat")
	}
	return p.begins(t, r, "iat")
}

// moment reads a claim that is a time: seconds, of which some issuers write parts too
// (RFC 7519 section 2, NumericDate). Those are dropped.
func moment(t *openToken, claim string) (at time.Time, is bool, err error) {
	value := t.claims.value(claim)
	if value == nil {
		return at, false, nil
	}
	whole, _, _ := bytes.Cut(value, []byte{'.'})
	if at, is = unixSeconds(whole); !is || bytes.ContainsAny(value, "eE") {
		err = refuse(Malformed, claim)
	}
	return at, is, err
}

// tokenPlace is where a request has its token.
type tokenPlace struct {
	name  string // of the header, or of the parameter
	query bool
	word  func(*Request, string) ([]byte, error) // takes off the word before it
}

// before says that a word, in any case, stands before the token.
func (p *tokenPlace) before(word string) { p.word = authorization(strings.ToLower(word)) }

func (p *tokenPlace) find(r *Request) ([]byte, error) {
	switch {
	case p.query:
		return r.parameter(p.name)
	case p.word != nil:
		return p.word(r, p.name)
	}
	return r.header(p.name)
}
