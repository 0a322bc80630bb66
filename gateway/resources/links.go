package resources

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/shares"
)

// Portal is what a tenant's portal shows to whom (SPEC-console C2, C5).
type Portal struct {
	ReadOnly       bool     `json:"read_only"`
	Pages          []string `json:"pages"`
	FrameAncestors []string `json:"frame_ancestors,omitempty"`
	ReturnURL      string   `json:"return_url,omitempty"`
	Bodies         bool     `json:"bodies"` // false: they are hidden
	// Since is when the tenant was made: one that is made anew under the same id is another.
	Since gateway.Time `json:"since"`
	Life  int64        `json:"life"` // of the session, in seconds
}

// linkRecord is a link as the store keeps it: of its secret the digest alone.
type linkRecord struct {
	Secret    string       `json:"secret"` // hex, of its digest
	Digest    string       `json:"digest"` // hex, of the token by whose right it acts
	TokenID   string       `json:"token_id,omitempty"`
	Tenant    string       `json:"tenant,omitempty"`
	Portal    *Portal      `json:"portal,omitempty"` // nil: it signs in to the console
	ExpiresAt gateway.Time `json:"expires_at"`
	Used      bool         `json:"used,omitempty"`
	Root      string       `json:"root,omitempty"` // the tenant at the top of its tree when it was made
	held      bool         // it has a part of Logins.unused
	id        string
	digest    token.Digest
	secret    token.Digest
}

const (
	// linkKept is how long a link is known after its time, so that who comes late is told so.
	linkKept = 24 * time.Hour
	// mostLinks bounds the links that open something still, and mostLinksOf those of one tree
	// of tenants, which is less than a quarter. As all are nearly taken, who has few comes
	// first (shares.Budget): ten trees leave something for the next.
	mostLinks, mostLinksOf = 10_000, 1_000
	// mostSpent bounds those that were used or are over. Beyond it the oldest of the tree that
	// has most are forgotten: who comes by one finds no link.
	mostSpent = 10_000
	// mostPortals is how many bytes links and sessions keep of portals (Portal.bytes): a tree
	// has a quarter while others want some.
	mostPortals = 32 << 20
	// signInLinkLife is how long the link is good that a first start prints.
	signInLinkLife = time.Hour
)

// ErrLinkSpent says that a link was used, or is over.
var ErrLinkSpent = errors.New("the link was used already, or its time is over")

// NewPortalLink makes a link to the portal of a tenant, by the right of the token with the
// digest, which is who asks. The secret is given this once.
func (r *Logins) NewPortalLink(by auth.Principal, digest token.Digest, tenant string, p Portal, ttl time.Duration) (secret string, expires time.Time, err error) {
	t, err := r.tenant(by, tenant)
	if err != nil {
		return "", time.Time{}, err
	}
	p.Since = t.Meta.CreatedAt
	l := &linkRecord{digest: digest, TokenID: by.TokenID, Tenant: tenant, Portal: &p}
	deed := audit.Deed{By: by, Action: audit.Create, Object: "tenants/" + tenant + "/portal-links", Tenant: tenant}
	return r.newLink(l, ttl, &deed)
}

// NewSignInLink makes a link that signs in with the token of a text, once.
func (r *Logins) NewSignInLink(text string) (secret string, err error) {
	digest := token.Hash(text)
	by, known := r.directory.Current().Token(digest)
	if !known {
		return "", errNoToken
	}
	secret, _, err = r.newLink(&linkRecord{digest: digest, TokenID: by.TokenID, Tenant: by.Tenant}, signInLinkLife, nil)
	return secret, err
}

func (r *Logins) newLink(l *linkRecord, ttl time.Duration, deed *audit.Deed) (secret string, expires time.Time, err error) {
	end, err := r.desk.take(r.root(l.Tenant))
	if err != nil {
		return "", time.Time{}, err
	}
	defer end()
	now := r.clock()
	r.sweep(now)
	l.Root = r.root(l.Tenant)
	if r.unused.Held(l.Root) >= mostLinksOf || !r.unused.Take(shares.Tenant(l.Root), 1) {
		return "", expires, &gateway.Error{Code: gateway.CodeRateLimited, RetryAfter: time.Minute, Message: "this tenant and those in its tree have as many links open as they may: a link ends when it is used, revoked or over"}
	}
	l.held = true
	defer func() {
		if err != nil {
			r.spend(l)
		}
	}()
	if !r.roomFor(l) {
		return "", expires, &gateway.Error{Code: gateway.CodeRateLimited, RetryAfter: time.Minute, Message: "the links and portals of this tenant and of those in its tree have as many bytes of parents and return_url as they may: sessions and links give theirs back as they end"}
	}
	defer func() {
		if err != nil {
			r.portals.Give(shares.Tenant(l.Root), l.Portal.bytes())
		}
	}()
	secret = token.New("link")
	l.id, l.secret = gateway.NewID(gateway.PrefixLink, now), token.Hash(secret)
	l.Secret, l.Digest = hex.EncodeToString(l.secret[:]), hex.EncodeToString(l.digest[:])
	l.ExpiresAt = gateway.At(now.Add(ttl))
	var lines []gateway.AuditLine
	if deed != nil {
		line, err := r.audit.Line(*deed)
		if err != nil {
			return "", expires, err
		}
		lines = append(lines, line)
	}
	if err := r.weights.Store.PutAudited(lines, l.record()); err != nil {
		return "", expires, err
	}
	r.change(func() { r.links[l.secret] = l })
	return secret, l.ExpiresAt.Time, nil
}

// spend lets a link go that opens nothing any more: of its portal there stays what whoever
// comes late is told.
func (r *Logins) spend(l *linkRecord) {
	if l.held {
		l.held = false
		r.unused.Give(shares.Tenant(l.Root), 1)
	}
	l.Portal = l.Portal.left()
}

// left is what is kept of the portal of a link that was used: where the link may be framed,
// and where it leads back to.
func (p *Portal) left() *Portal {
	if p == nil {
		return nil
	}
	return &Portal{FrameAncestors: p.FrameAncestors, ReturnURL: p.ReturnURL}
}

// linksOver spends the links whose time is over, and gives up to n that are to be forgotten:
// those of a day ago, and the oldest of the tree that has most where too many are kept.
func (r *Logins) linksOver(now time.Time, n int) (forget []*linkRecord) {
	all, most, of := 0, "", map[string][]*linkRecord{}
	for _, l := range r.links {
		switch {
		case now.After(l.ExpiresAt.Add(linkKept)):
			r.change(func() { r.spend(l) })
			forget = append(forget, l)
			continue
		case l.held && !now.Before(l.ExpiresAt.Time):
			r.change(func() { r.spend(l) })
		}
		if !l.held {
			all++
			of[l.Root] = append(of[l.Root], l)
			if len(of[l.Root]) > len(of[most]) {
				most = l.Root
			}
		}
	}
	if all > mostSpent && len(forget) < n {
		oldest := of[most]
		slices.SortFunc(oldest, func(a, b *linkRecord) int { return strings.Compare(a.id, b.id) })
		forget = append(forget, oldest[:min(all-mostSpent, len(oldest))]...)
	}
	return forget[:min(n, len(forget))]
}

// bytes is about what is kept of a portal in memory, for as long as its link is known.
func (p *Portal) bytes() int64 {
	const places = 512 // of the record, and of its texts
	n := int64(places)
	if p != nil {
		n += int64(len(p.ReturnURL))
		for _, parent := range p.FrameAncestors {
			n += int64(len(parent))
		}
	}
	return n
}

// roomFor takes the bytes of a link. Where its tree has none left, links of it that opened
// something already are forgotten for it, the oldest first.
func (r *Logins) roomFor(l *linkRecord) bool {
	owner, n := shares.Tenant(l.Root), l.Portal.bytes()
	if r.portals.Take(owner, n) {
		return true
	}
	var spent []*linkRecord
	for _, one := range r.links {
		if one.Root == l.Root && !one.held {
			spent = append(spent, one)
		}
	}
	slices.SortFunc(spent, func(a, b *linkRecord) int { return strings.Compare(a.id, b.id) })
	for _, one := range spent[:min(len(spent), sweepAtOnce)] {
		if r.forget(one) != nil {
			return false
		}
		if r.portals.Take(owner, n) {
			return true
		}
	}
	return false
}

// forget has a link known no more.
func (r *Logins) forget(l *linkRecord) error {
	if err := r.weights.Store.DeleteResource(gateway.KindLink, "", l.id); err != nil {
		return err
	}
	r.change(func() { delete(r.links, l.secret) })
	r.portals.Give(shares.Tenant(l.Root), l.Portal.bytes())
	return nil
}

func (l *linkRecord) record() gateway.Record {
	text, err := json.Marshal(l)
	if err != nil {
		panic("resources: a link cannot be written: " + err.Error()) // texts and times alone
	}
	return gateway.Record{Kind: gateway.KindLink, ID: l.id, Value: text}
}

// spent gives the record of a link that was used.
func (l *linkRecord) spent() gateway.Record {
	used := *l
	used.Used, used.Portal = true, l.Portal.left()
	return used.record()
}

// Link is what a link leads to.
type Link struct {
	Tenant string
	Portal *Portal // nil: to the console
	Spent  bool    // it opens nothing any more
}

// Look says where a link leads, and uses nothing up.
func (r *Logins) Look(secret string) (Link, bool) {
	r.at.Lock()
	defer r.at.Unlock()
	l := r.links[token.Hash(secret)]
	if l == nil {
		return Link{}, false
	}
	now := r.clock()
	spent := l.Used || !now.Before(l.ExpiresAt.Time)
	if !spent { // whoever made it, or whose portal it is, may be no more
		_, alive := r.session(&loginRecord{digest: l.digest, Tenant: l.Tenant, Portal: l.Portal, ExpiresAt: l.ExpiresAt}, now)
		spent = !alive
	}
	return Link{l.Tenant, l.Portal, spent}, true
}

// Use opens the session that a link leads to, and ends the link, in one commit. Of a link
// that is spent the error is ErrLinkSpent, and of one that is none gateway.ErrNotFound.
func (r *Logins) Use(secret string, asking auth.Asking) (Session, error) {
	r.at.Lock()
	l := r.links[token.Hash(secret)]
	r.at.Unlock()
	if l == nil {
		return Session{}, gateway.ErrNotFound
	}
	end, err := r.desk.take(l.Root)
	if err != nil {
		return Session{}, err
	}
	defer end()
	switch {
	case r.links[l.secret] == nil:
		return Session{}, gateway.ErrNotFound
	case l.Used || !r.clock().Before(l.ExpiresAt.Time):
		return Session{}, ErrLinkSpent
	}
	by, known := r.directory.Current().Token(l.digest)
	if !known {
		return Session{}, ErrLinkSpent
	}
	by.Asking = &asking
	rec, life := &loginRecord{digest: l.digest, TokenID: l.TokenID, Tenant: l.Tenant, Portal: l.Portal}, SessionLife
	if l.Portal != nil {
		life = min(life, time.Duration(l.Portal.Life)*time.Second)
		rec.CreatedAt = gateway.At(r.clock())
		rec.ExpiresAt = gateway.At(r.clock().Add(life))
		if _, alive := r.session(rec, r.clock()); !alive {
			return Session{}, ErrLinkSpent
		}
	}
	s, err := r.open(rec, by, life, []gateway.Record{l.spent()})
	if err == nil {
		r.change(func() {
			l.Used = true
			r.spend(l)
		})
	}
	return s, err
}
