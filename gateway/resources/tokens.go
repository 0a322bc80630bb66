package resources

import (
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// tokenRecord is a token as the store keeps it: by its digest alone.
type tokenRecord struct {
	Scope     auth.Scope   `json:"scope"`
	Tenant    string       `json:"tenant,omitempty"`
	Name      string       `json:"name"`
	Digest    string       `json:"digest"` // hex
	First     bool         `json:"first,omitempty"`
	CreatedAt gateway.Time `json:"created_at"`
	digest    token.Digest
}

// setDigest reads the digest back after the record was read.
func (t *tokenRecord) setDigest() error {
	raw, err := hex.DecodeString(t.Digest)
	if err != nil || len(raw) != len(t.digest) {
		return errors.New("a token has no digest")
	}
	t.digest = token.Digest(raw)
	return nil
}

const (
	maxTokens    = 10_000
	maxTokenName = 256 // bytes
)

// MakeToken makes a token for tenant, which is "" unless the scope is tenant. Its
// text is given this once and kept nowhere.
func (r *Resources) MakeToken(scope, tenant, name string) (gateway.Token, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var faults []gateway.Fault
	add := func(path, message string) { faults = append(faults, gateway.Fault{Path: path, Message: message}) }
	of, err := auth.ParseScope(scope)
	switch {
	case err != nil:
		add("scope", "must be admin, platform or tenant")
	case of != auth.Tenant && tenant != "":
		add("tenant", "is for the scope tenant only: leave it out")
	case of == auth.Tenant && r.Directory.Current().Tenant(tenant) == nil:
		add("tenant", "must be the id of a tenant: there is none of this id")
	}
	if len(name) > maxTokenName || strings.ContainsFunc(name, unicode.IsControl) {
		add("name", "must have at most 256 bytes and no control characters")
	}
	if err := gateway.Invalid(faults); err != nil {
		return gateway.Token{}, "", err
	}
	if len(r.tokens) >= maxTokens {
		return gateway.Token{}, "", gateway.Errorf(gateway.CodeInvalidField, "there are %d tokens: the most there may be", maxTokens)
	}
	return r.makeToken(&tokenRecord{Scope: of, Tenant: tenant, Name: name})
}

func (r *Resources) makeToken(rec *tokenRecord) (gateway.Token, string, error) {
	text := token.New(rec.Scope)
	rec.digest, rec.CreatedAt = token.Hash(text), now()
	rec.Digest = hex.EncodeToString(rec.digest[:])
	id := gateway.NewID(gateway.PrefixToken, time.Now())
	stored, err := writeRecord(r.Sealer, gateway.KindToken, "", id, rec)
	if err != nil {
		return gateway.Token{}, "", err
	}
	records := []gateway.Record{stored}
	setsAdmin := rec.Scope == auth.Admin && !rec.First // a first one counts once it was shown
	if setsAdmin && !r.hadAdmin {
		records = append(records, adminMark)
	}
	if err := r.Store.PutResources(records...); err != nil {
		return gateway.Token{}, "", err
	}
	r.hadAdmin = r.hadAdmin || setsAdmin
	r.tokens[id] = rec
	r.Directory.Swap(r.Directory.Current().WithTokens(r.tokenTable()))
	return rec.show(id), text, nil
}

// adminMark remembers for ever that there was an admin token.
var adminMark = gateway.Record{Kind: markKind, ID: markAdmin, Value: []byte{1}}

// FirstToken makes the admin token of a first start: when none was ever set, by
// environment, file or API. Else the text is "". Whoever has shown it says so by
// FirstTokenShown; until then each start makes one more. Those before stay in force:
// one may have been shown to somebody by a process that was killed before it could
// say so, and the others are known to nobody.
func (r *Resources) FirstToken() (text string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hadAdmin {
		return "", nil
	}
	if r.AdminToken != "" || slices.ContainsFunc(r.file.Tokens, func(t FileToken) bool { return t.Scope == auth.Admin }) {
		r.hadAdmin = true
		return "", r.Store.PutResources(adminMark)
	}
	_, text, err = r.makeToken(&tokenRecord{Scope: auth.Admin, Name: "first start", First: true})
	return text, err
}

// FirstTokenShown says that an operator has seen what FirstToken gave: no later start
// makes another.
func (r *Resources) FirstTokenShown() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.Store.PutResources(adminMark); err != nil {
		return fmt.Errorf("remembering that the admin token was shown: %w", err)
	}
	r.hadAdmin = true
	return nil
}

// Tokens lists the tokens that the API made, by id.
func (r *Resources) Tokens() []gateway.Token {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]gateway.Token, 0, len(r.tokens))
	for _, id := range slices.Sorted(maps.Keys(r.tokens)) {
		list = append(list, r.tokens[id].show(id))
	}
	return list
}

// Token gives one token.
func (r *Resources) Token(id string) (gateway.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.tokens[id]
	if rec == nil {
		return gateway.Token{}, errNoToken
	}
	return rec.show(id), nil
}

// DeleteToken revokes a token: the next request with it is refused.
func (r *Resources) DeleteToken(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens[id] == nil {
		return errNoToken
	}
	return r.deleteToken(id)
}

func (r *Resources) deleteToken(id string) error {
	if err := r.Store.DeleteResource(gateway.KindToken, "", id); err != nil {
		return err
	}
	delete(r.tokens, id)
	r.Directory.Swap(r.Directory.Current().WithTokens(r.tokenTable()))
	return nil
}

func (t *tokenRecord) show(id string) gateway.Token {
	return gateway.Token{
		ID: id, Scope: string(t.Scope), Tenant: t.Tenant, Name: t.Name, ManagedBy: gateway.ManagedByAPI, CreatedAt: t.CreatedAt,
	}
}

// tokenTable gives all tokens that are in force. The environment's is *the* admin
// token while it is set: the one made on the first start rests meanwhile.
func (r *Resources) tokenTable() directory.Tokens {
	table := make(directory.Tokens, len(r.tokens)+len(r.file.Tokens)+1)
	for id, rec := range r.tokens {
		if !rec.First || r.AdminToken == "" {
			table[rec.digest] = auth.Principal{Scope: rec.Scope, Tenant: rec.Tenant, TokenID: id}
		}
	}
	for _, t := range r.file.Tokens {
		table[token.Hash(t.Secret.Reveal())] = auth.Principal{Scope: t.Scope, Tenant: t.Tenant}
	}
	if r.AdminToken != "" {
		table[token.Hash(r.AdminToken.Reveal())] = auth.Principal{Scope: auth.Admin}
	}
	return table
}
