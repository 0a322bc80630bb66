package resources

import (
	"encoding/hex"
	"errors"
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

// Tokens makes tokens, and revokes them.
type Tokens struct {
	*ledger
	made     map[string]*tokenRecord // by id: those that the API made
	admin    gateway.Secret          // Options.AdminToken
	hadAdmin bool                    // an admin token was set once, in this run or an earlier one
}

func (r *Tokens) load(rec gateway.Record) error {
	t, err := readRecord[tokenRecord](r.sealer, rec)
	if err != nil {
		return err
	}
	r.made[rec.ID] = t
	return t.setDigest()
}

// Make makes a token for tenant, which is "" unless the scope is tenant. Its
// text is given this once and kept nowhere.
func (r *Tokens) Make(scope, tenant, name string) (gateway.Token, string, error) {
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
	case of == auth.Tenant && r.directory.Current().Tenant(tenant) == nil:
		add("tenant", "must be the id of a tenant: there is none of this id")
	}
	if len(name) > maxTokenName || strings.ContainsFunc(name, unicode.IsControl) {
		add("name", "must have at most 256 bytes and no control characters")
	}
	if err := gateway.Invalid(faults); err != nil {
		return gateway.Token{}, "", err
	}
	if len(r.made) >= maxTokens {
		return gateway.Token{}, "", gateway.Errorf(gateway.CodeInvalidField, "there are %d tokens: the most there may be", maxTokens)
	}
	return r.make(&tokenRecord{Scope: of, Tenant: tenant, Name: name})
}

func (r *Tokens) make(rec *tokenRecord) (gateway.Token, string, error) {
	text := token.New(rec.Scope)
	rec.digest, rec.CreatedAt = token.Hash(text), now()
	rec.Digest = hex.EncodeToString(rec.digest[:])
	id := gateway.NewID(gateway.PrefixToken, time.Now())
	stored, err := writeRecord(r.sealer, gateway.KindToken, "", id, rec)
	if err != nil {
		return gateway.Token{}, "", err
	}
	records := []gateway.Record{stored}
	setsAdmin := rec.Scope == auth.Admin && !rec.First // a first one counts once it was shown
	if setsAdmin && !r.hadAdmin {
		records = append(records, adminMark)
	}
	if err := r.weights.PutResources(records...); err != nil {
		return gateway.Token{}, "", err
	}
	r.hadAdmin = r.hadAdmin || setsAdmin
	r.made[id] = rec
	r.directory.Swap(r.directory.Current().WithTokens(r.table()))
	return rec.show(id), text, nil
}

// List lists the tokens that the API made, by id.
func (r *Tokens) List() []gateway.Token {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]gateway.Token, 0, len(r.made))
	for _, id := range slices.Sorted(maps.Keys(r.made)) {
		list = append(list, r.made[id].show(id))
	}
	return list
}

// Get gives one token.
func (r *Tokens) Get(id string) (gateway.Token, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	rec := r.made[id]
	if rec == nil {
		return gateway.Token{}, errNoToken
	}
	return rec.show(id), nil
}

// Delete revokes a token: the next request with it is refused.
func (r *Tokens) Delete(id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made[id] == nil {
		return errNoToken
	}
	return r.delete(id)
}

func (r *Tokens) delete(id string) error {
	if err := r.weights.DeleteResource(gateway.KindToken, "", id); err != nil {
		return err
	}
	delete(r.made, id)
	r.directory.Swap(r.directory.Current().WithTokens(r.table()))
	return nil
}

// deleteOf revokes every token of a tenant.
func (r *Tokens) deleteOf(tenant string) error {
	for id, rec := range r.made {
		if rec.Scope == auth.Tenant && rec.Tenant == tenant {
			if err := r.delete(id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tokenRecord) show(id string) gateway.Token {
	return gateway.Token{
		ID: id, Scope: string(t.Scope), Tenant: t.Tenant, Name: t.Name, ManagedBy: gateway.ManagedByAPI, CreatedAt: t.CreatedAt,
	}
}

// table gives all tokens that are in force. The environment's is *the* admin
// token while it is set: the one made on the first start rests meanwhile.
func (r *Tokens) table() directory.Tokens {
	table := make(directory.Tokens, len(r.made)+len(r.file.Tokens)+1)
	for id, rec := range r.made {
		if !rec.First || r.admin == "" {
			table[rec.digest] = auth.Principal{Scope: rec.Scope, Tenant: rec.Tenant, TokenID: id}
		}
	}
	for _, t := range r.file.Tokens {
		table[token.Hash(t.Secret.Reveal())] = auth.Principal{Scope: t.Scope, Tenant: t.Tenant}
	}
	if r.admin != "" {
		table[token.Hash(r.admin.Reveal())] = auth.Principal{Scope: auth.Admin}
	}
	return table
}
