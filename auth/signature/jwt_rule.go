package signature

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
)

// rule is what a claim of a token must say. The same rule writes it where a sender is
// tried out.
type rule struct {
	claim string
	// says appends what the claim must be for a request.
	says func(to []byte, r *Request) []byte
	// or lists what else passes.
	or     []string
	covers bool // it has a hash of the body, which is made only for a token that is proved
	loose  bool // without a body it may be missing
	absent bool // it must not be there
	// listed says that the claim may be a list that has the text (RFC 7519, section
	// 4.1.3).
	listed bool
	// padded says that base64's padding may stand behind it.
	padded bool
	reason Reason
}

// is makes the rule of a claim that says always the same: the first of texts, or one
// of the others.
func is(claim string, reason Reason, texts ...string) rule {
	return rule{
		claim: claim, reason: reason, or: texts[1:],
		says: func(to []byte, _ *Request) []byte { return append(to, texts[0]...) },
	}
}

// covers makes the rule of a claim that has the hash of the body.
func covers(claim, hash, encoding string) rule {
	sum, text := hashSums[hash], hashTexts[encoding]
	return rule{claim: claim, reason: Mismatch, covers: true, says: func(to []byte, r *Request) []byte {
		to = sum(to, r.Body)
		text := text(to, to)
		return text[:copy(text, text[len(to):])]
	}}
}

// orNoBody lets the claim be missing where there is no body.
func (p rule) orNoBody() rule {
	p.loose = true
	return p
}

// orPadded lets the padding of base64 stand behind the claim.
func (p rule) orPadded() rule {
	p.padded = true
	return p
}

// judge tells whether the claims fulfil the rule.
func (p *rule) judge(t *openToken, r *Request) error {
	value := t.claims.value(p.claim)
	if p.absent {
		if value != nil {
			return refuse(p.reason, p.claim)
		}
		return nil
	}
	if value == nil && p.loose && len(r.Body) == 0 {
		return nil
	}
	t.text = p.says(t.text[:0], r)
	got, is := unquote(value)
	switch {
	case is && p.passes(got, t.text), p.listed && p.lists(value, t.text):
		return nil
	case value == nil:
		return refuse(MissingClaim, p.claim)
	}
	return refuse(p.reason, p.claim)
}

func (p *rule) passes(got, want []byte) bool {
	if p.padded {
		for range (4 - len(want)%4) % 4 {
			if bytes.HasSuffix(got, []byte("=")) && len(got) > len(want) {
				got = got[:len(got)-1]
			}
		}
	}
	if bytes.Equal(got, want) {
		return true
	}
	for _, text := range p.or {
		if string(got) == text {
			return true
		}
	}
	return false
}

// lists tells whether a claim is a list of texts that has want.
func (p *rule) lists(value, want []byte) bool {
	var all []string
	if len(value) == 0 || value[0] != '[' || json.Unmarshal(value, &all) != nil {
		return false
	}
	for _, text := range all {
		if text == string(want) {
			return true
		}
	}
	return false
}

// hashSums and hashTexts are what `body_hash` and the providers write hashes with.
var (
	hashSums = map[string]func(to, body []byte) []byte{
		"sha256": func(to, body []byte) []byte { sum := sha256.Sum256(body); return append(to, sum[:]...) },
		"sha384": func(to, body []byte) []byte { sum := sha512.Sum384(body); return append(to, sum[:]...) },
		"sha512": func(to, body []byte) []byte { sum := sha512.Sum512(body); return append(to, sum[:]...) },
	}
	hashTexts = map[string]func(to, sum []byte) []byte{
		"hex":       hex.AppendEncode,
		"base64":    base64.StdEncoding.AppendEncode,
		"base64url": base64.RawURLEncoding.AppendEncode,
	}
)
