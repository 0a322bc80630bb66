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
	"hookgate/gateway/audit"
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
	ExpiresAt gateway.Time `json:"expires_at,omitzero"`
	// LastUsedAt is written long after the use: see usage.
	LastUsedAt gateway.Time `json:"last_used_at,omitzero"`
	digest     token.Digest
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
	usage    usage
	onUsed   func(map[string]int64) // Options.OnUsed
}

// NewToken is what a token is asked to be.
type NewToken struct {
	Scope     string
	Tenant    string // for scope tenant, else ""
	Name      string
	ExpiresAt gateway.Time // the zero Time: never
}

func (r *Tokens) load(rec gateway.Record) error {
	t, err := readRecord[tokenRecord](r.sealer, rec)
	if err != nil {
		return err
	}
	r.made[rec.ID] = t
	return t.setDigest()
}

// Make makes a token. Its text is given this once and kept nowhere.
func (r *Tokens) Make(by auth.Principal, asked NewToken) (gateway.Token, string, error) {
	end, err := r.turn(by)
	if err != nil {
		return gateway.Token{}, "", err
	}
	defer end()
	if err := gateway.Invalid(r.faults(&asked)); err != nil {
		return gateway.Token{}, "", err
	}
	if len(r.made) >= maxTokens {
		return gateway.Token{}, "", gateway.Errorf(gateway.CodeInvalidField, "there are %d tokens: the most there may be", maxTokens)
	}
	scope, _ := auth.ParseScope(asked.Scope)
	rec := &tokenRecord{Scope: scope, Tenant: asked.Tenant, Name: asked.Name}
	if !asked.ExpiresAt.IsZero() {
		rec.ExpiresAt = gateway.At(asked.ExpiresAt.Time)
	}
	return r.make(by, rec)
}

// faults says what stands against a token.
func (r *Tokens) faults(asked *NewToken) (faults []gateway.Fault) {
	add := func(path, message string) { faults = append(faults, gateway.Fault{Path: path, Message: message}) }
	scope, err := auth.ParseScope(asked.Scope)
	switch {
	case err != nil:
		add("scope", "must be admin, platform or tenant")
	case scope != auth.Tenant && asked.Tenant != "":
		add("tenant", "is for the scope tenant only: leave it out")
	case scope == auth.Tenant && r.directory.Current().Tenant(asked.Tenant) == nil:
		add("tenant", "must be the id of a tenant: there is none of this id")
	}
	if len(asked.Name) > maxTokenName || strings.ContainsFunc(asked.Name, unicode.IsControl) {
		add("name", "must have at most 256 bytes and no control characters")
	}
	if at := asked.ExpiresAt; !at.IsZero() && !at.After(r.clock()) {
		add("expires_at", "must be a moment that is to come")
	}
	return faults
}

func (r *Tokens) make(by auth.Principal, rec *tokenRecord) (gateway.Token, string, error) {
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
	lines, err := r.lines(rec.writing(by, audit.Create, id), nil, rec.value(id))
	if err != nil {
		return gateway.Token{}, "", err
	}
	if err := r.weights.PutAudited(lines, records...); err != nil {
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
		list = append(list, r.usage.shown(r.made[id].show(id)))
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
	return r.usage.shown(rec.show(id)), nil
}

// Delete revokes a token: the next request with it is refused.
func (r *Tokens) Delete(by auth.Principal, id string) error {
	end, err := r.turnToEnd(by)
	if err != nil {
		return err
	}
	defer end()
	if r.made[id] == nil {
		return errNoToken
	}
	return r.delete(by, id)
}

func (r *Tokens) delete(by auth.Principal, id string) error {
	rec := r.made[id]
	err := r.audit.Ended(deedOf(rec.writing(by, audit.Delete, id), rec.value(id), nil), func(told []gateway.AuditLine) error {
		return r.weights.DeleteResource(gateway.KindToken, "", id, told...)
	})
	if err != nil {
		return err
	}
	delete(r.made, id)
	r.directory.Swap(r.directory.Current().WithTokens(r.table()))
	return nil
}

// deleteOf revokes every token of a tenant.
func (r *Tokens) deleteOf(by auth.Principal, tenant string) error {
	for id, rec := range r.made {
		if rec.Scope == auth.Tenant && rec.Tenant == tenant {
			if err := r.delete(by, id); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tokenRecord) show(id string) gateway.Token {
	return gateway.Token{
		ID: id, Scope: string(t.Scope), Tenant: t.Tenant, Name: t.Name, ManagedBy: gateway.ManagedByAPI, CreatedAt: t.CreatedAt,
		ExpiresAt: t.ExpiresAt, LastUsedAt: t.LastUsedAt,
	}
}

// principal is who a token stands for.
func (t *tokenRecord) principal(id string) auth.Principal {
	p := auth.Principal{Scope: t.Scope, Tenant: t.Tenant, TokenID: id, Name: t.Name}
	if !t.ExpiresAt.IsZero() {
		p.Expires = t.ExpiresAt.UnixMilli()
	}
	return p
}

// table gives all tokens that are in force. The environment's is *the* admin
// token while it is set: the one made on the first start rests meanwhile.
func (r *Tokens) table() directory.Tokens {
	table := make(directory.Tokens, len(r.made)+len(r.file.Tokens)+1)
	for id, rec := range r.made {
		if !rec.First || r.admin == "" {
			table[rec.digest] = rec.principal(id)
		}
	}
	for _, t := range r.file.Tokens {
		table[token.Hash(t.Secret.Reveal())] = auth.Principal{Scope: t.Scope, Tenant: t.Tenant, Name: t.Name}
	}
	r.usage.of(r.made)
	if r.admin != "" {
		table[token.Hash(r.admin.Reveal())] = auth.Principal{Scope: auth.Admin}
	}
	return table
}
