package resources

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"hookgate/auth"
	"hookgate/auth/seal"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/shares"
)

// SessionLife is how long a session of the console lasts at most (SPEC-console C2).
const SessionLife = 12 * time.Hour

// Bounds of what is kept of sessions. Over a bound the oldest of the same token, or of
// the same portal, ends, and over that of all the oldest of the tree of tenants that has
// most: nobody keeps others from signing in, nor signs them out.
const (
	mostSessions   = 10_000
	mostOfOneToken = 200
	mostOfPortal   = 1_000
)

// Logins are the sessions of the console, and the links that open one. A session acts by
// the right of a token, and ends with it: of the token it has the digest alone.
type Logins struct {
	*ledger
	installation string // six hex digits

	// desk orders those who write what follows. It is none of the ledger's: who signs in must
	// not wait for a configuration that is being compiled.
	desk desk
	// at guards what follows, and is held for a moment: each page of the console looks here,
	// and must not wait for what others make durable. Whose turn it is reads without it.
	at       sync.Mutex
	sessions map[string]*loginRecord
	links    map[token.Digest]*linkRecord
	unused   *shares.Budget // of links that open something still, by trees
	portals  *shares.Budget // of what links and sessions keep of portals, in bytes
}

// loginRecord is a session as the store keeps it; its id is the record's.
type loginRecord struct {
	Digest    string       `json:"digest"` // hex, of its token
	TokenID   string       `json:"token_id,omitempty"`
	Tenant    string       `json:"tenant,omitempty"` // of the token, or of the portal
	Root      string       `json:"root,omitempty"`   // the tenant at the top of its tree then
	Portal    *Portal      `json:"portal,omitempty"`
	CreatedAt gateway.Time `json:"created_at"`
	ExpiresAt gateway.Time `json:"expires_at"`
	Ended     bool         `json:"ended,omitempty"` // it is to be swept
	id        string
	digest    token.Digest
}

// Session is somebody who has signed in.
type Session struct {
	ID      string
	By      auth.Principal // for whom it acts
	Digest  token.Digest   // of its token
	Portal  *Portal        // nil: it is the console's own
	Tenant  string         // of a portal; else the token's
	Expires time.Time
	Cookie  string // its sealed form; in the answer of an opening alone
}

// markInstallation is the kind of the record that tells one data folder from another.
const markInstallation = "installation"

// begin takes up what the store has, and names the installation where it has no name yet.
func (r *Logins) begin(records []gateway.Record) error {
	for _, rec := range records {
		switch rec.Kind {
		case markInstallation:
			r.installation = string(rec.Value)
		case gateway.KindLogin:
			s := &loginRecord{id: rec.ID}
			if err := errors.Join(json.Unmarshal(rec.Value, s), setHex(&s.digest, s.Digest)); err != nil {
				return fmt.Errorf("reading the session %s: %w", rec.ID, err)
			}
			s.Root = cmp.Or(s.Root, s.Tenant)
			r.sessions[rec.ID] = s
			r.portals.Force(shares.Tenant(s.Root), s.Portal.bytes())
		case gateway.KindLink:
			l := &linkRecord{id: rec.ID}
			if err := errors.Join(json.Unmarshal(rec.Value, l), setHex(&l.digest, l.Digest), setHex(&l.secret, l.Secret)); err != nil {
				return fmt.Errorf("reading the link %s: %w", rec.ID, err)
			}
			l.Root = cmp.Or(l.Root, l.Tenant)
			r.links[l.secret] = l
			r.portals.Force(shares.Tenant(l.Root), l.Portal.bytes())
			if l.held = !l.Used && r.clock().Before(l.ExpiresAt.Time); l.held {
				r.unused.Force(shares.Tenant(l.Root), 1)
			}
		}
	}
	if r.installation != "" {
		return nil
	}
	var random [3]byte
	_, _ = rand.Read(random[:]) // it never fails
	r.installation = hex.EncodeToString(random[:])
	return r.weights.Store.PutResources(gateway.Record{Kind: markInstallation, Value: []byte(r.installation)})
}

// setHex reads a digest back.
func setHex(to *token.Digest, text string) error {
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != len(to) {
		return errors.New("it has no digest")
	}
	*to = token.Digest(raw)
	return nil
}

// Installation is six hex digits that tell this gateway from another of the same host.
func (r *Logins) Installation() string { return r.installation }

// SignIn opens a session by a token's text; false where that is of no token in force.
// asking says from where.
func (r *Logins) SignIn(text string, asking auth.Asking) (s Session, known bool, err error) {
	digest := token.Hash(text)
	by, known := r.directory.Current().Token(digest)
	if !known || text == "" || by.Expired(r.clock()) {
		return Session{}, false, nil
	}
	by.Asking = &asking
	end, err := r.desk.take(r.root(by.Tenant))
	if err != nil {
		return Session{}, true, err
	}
	defer end()
	s, err = r.open(&loginRecord{digest: digest, TokenID: by.TokenID, Tenant: by.Tenant}, by, SessionLife, nil)
	return s, true, err
}

// open makes a session durable, with its line of the audit, and with what changes beside it.
// It is the caller's turn.
func (r *Logins) open(rec *loginRecord, by auth.Principal, life time.Duration, beside []gateway.Record) (Session, error) {
	now := r.clock()
	rec.Root = r.root(rec.Tenant)
	rec.id = gateway.NewID(gateway.PrefixLogin, now)
	rec.Digest, rec.CreatedAt, rec.ExpiresAt = hex.EncodeToString(rec.digest[:]), gateway.At(now), gateway.At(now.Add(life))
	object := "sessions/" + rec.id
	if rec.Portal != nil {
		object = "tenants/" + rec.Tenant + "/portal"
	}
	records, ended := append(beside, rec.record()), r.crowded(rec, now)
	for _, one := range ended {
		records = append(records, one.over())
	}
	deed := audit.Deed{By: by, Action: audit.SignIn, Object: object, Tenant: rec.Tenant}
	err := r.audit.SignedIn(deed, func(told []gateway.AuditLine) error { return r.weights.Store.PutAudited(told, records...) })
	if err != nil {
		return Session{}, err
	}
	r.change(func() {
		for _, one := range ended {
			one.Ended = true
		}
		r.sessions[rec.id] = rec
	})
	r.portals.Force(shares.Tenant(rec.Root), rec.Portal.bytes()) // as many as links, which asked
	r.sweep(now)
	s, _ := r.session(rec, now)
	s.Cookie = cookieText.Replace(r.sealer.Seal(rec.id, cookiePlace))
	return s, nil
}

// change changes what pages look at.
func (r *Logins) change(do func()) {
	r.at.Lock()
	defer r.at.Unlock()
	do()
}

// record gives the session as the store keeps it.
func (s *loginRecord) record() gateway.Record {
	text, err := json.Marshal(s)
	if err != nil {
		panic("resources: a session cannot be written: " + err.Error()) // texts and times alone
	}
	return gateway.Record{Kind: gateway.KindLogin, ID: s.id, Value: text}
}

// over gives the record of a session that has ended.
func (s *loginRecord) over() gateway.Record {
	ended := *s
	ended.Ended = true
	return ended.record()
}

// crowded gives the oldest sessions that end so that one more may be.
func (r *Logins) crowded(next *loginRecord, now time.Time) (ended []*loginRecord) {
	var same []*loginRecord
	all, of := 0, map[string]int{next.Root: 1}
	for _, s := range r.sessions {
		if s.Ended || now.After(s.ExpiresAt.Time) {
			continue
		}
		all++
		of[s.Root]++
		if s.digest == next.digest && (s.Portal == nil) == (next.Portal == nil) && s.Tenant == next.Tenant {
			same = append(same, s)
		}
	}
	most := mostOfOneToken
	if next.Portal != nil {
		most = mostOfPortal
	}
	if len(same) >= most {
		slices.SortFunc(same, func(a, b *loginRecord) int { return strings.Compare(a.id, b.id) })
		return same[:len(same)-most+1]
	}
	if all < mostSessions {
		return nil
	}
	return []*loginRecord{r.oldest(of, next.Root, now)}
}

// oldest gives the oldest session of the tree that has most: root, where others have no more.
func (r *Logins) oldest(of map[string]int, root string, now time.Time) (first *loginRecord) {
	for one, n := range of {
		if n > of[root] {
			root = one
		}
	}
	for _, s := range r.sessions {
		if s.Root == root && !s.Ended && !now.After(s.ExpiresAt.Time) && (first == nil || s.id < first.id) {
			first = s
		}
	}
	return first
}

// sweepAtOnce is how many are removed at a time: more would keep who signs in.
const sweepAtOnce = 8

// sweep removes what is over for good, a few at a time.
func (r *Logins) sweep(now time.Time) {
	n := 0
	for id, s := range r.sessions {
		if n == sweepAtOnce {
			break
		}
		if s.Ended || now.After(s.ExpiresAt.Time) {
			if r.weights.Store.DeleteResource(gateway.KindLogin, "", id) != nil {
				return // the next one tries again
			}
			r.change(func() { delete(r.sessions, id) })
			r.portals.Give(shares.Tenant(s.Root), s.Portal.bytes())
			n++
		}
	}
	for _, l := range r.linksOver(now, sweepAtOnce-n) {
		if r.forget(l) != nil {
			return
		}
	}
}

// cookiePlace is what a session's cookie is sealed for.
var cookiePlace = seal.AAD("", "sessions", "cookie")

// A sealed text has letters that a cookie may not have, or that stand for others in one.
var (
	cookieText   = strings.NewReplacer("+", "-", "/", "_", ":", ".", "$", "~")
	cookieSealed = strings.NewReplacer("-", "+", "_", "/", ".", ":", "~", "$")
)

// Find gives the session of a cookie while it lasts: its token is in force, and a portal's
// tenant is the one that it was opened for.
func (r *Logins) Find(cookie string) (Session, bool) {
	const longest = 512
	if len(cookie) > longest {
		return Session{}, false
	}
	id, err := r.sealer.Open(cookieSealed.Replace(cookie), cookiePlace)
	if err != nil {
		return Session{}, false
	}
	return r.Alive(id)
}

// Alive gives a session by its id while it lasts.
func (r *Logins) Alive(id string) (Session, bool) {
	r.at.Lock()
	rec := r.sessions[id]
	ended := rec == nil || rec.Ended
	r.at.Unlock()
	if ended {
		return Session{}, false
	}
	return r.session(rec, r.clock())
}

// session says whom a record stands for now.
func (r *Logins) session(rec *loginRecord, now time.Time) (s Session, alive bool) {
	here := r.directory.Current()
	by, known := here.Token(rec.digest)
	if !known || by.Expired(now) || !now.Before(rec.ExpiresAt.Time) {
		return Session{}, false
	}
	s = Session{ID: rec.id, By: by, Digest: rec.digest, Portal: rec.Portal, Tenant: rec.Tenant, Expires: rec.ExpiresAt.Time}
	if rec.Portal == nil {
		return s, true
	}
	t := here.Tenant(rec.Tenant)
	if t == nil || t.Disabled || !here.Reaches(by, rec.Tenant) || !t.Meta.CreatedAt.Equal(rec.Portal.Since.Time) {
		return Session{}, false
	}
	s.By = auth.Principal{Scope: auth.Tenant, Tenant: rec.Tenant, TokenID: by.TokenID, Name: "portal of " + rec.Tenant, Expires: by.Expires}
	return s, true
}

// SignOut ends a session.
func (r *Logins) SignOut(s Session, asking auth.Asking) error {
	end, err := r.desk.take(ending(r.root(s.By.Tenant)))
	if err != nil {
		return err
	}
	defer end()
	rec := r.sessions[s.ID]
	if rec == nil || rec.Ended {
		return nil
	}
	s.By.Asking = &asking
	deed := audit.Deed{By: s.By, Action: audit.SignOut, Object: "sessions/" + s.ID, Tenant: s.Tenant}
	err = r.audit.Ended(deed, func(told []gateway.AuditLine) error { return r.weights.Store.PutAudited(told, rec.over()) })
	if err != nil {
		return err
	}
	r.change(func() { rec.Ended = true })
	return nil
}

// Which are sessions that end together; the zero one is all.
type Which struct {
	Token  string // those of this token
	Tenant string // those of this tenant, its portals too
}

// Revoke ends sessions, and the links that would open such, and says how many sessions
// there were. Who has a tenant's token ends those of its own tree alone.
func (r *Logins) Revoke(by auth.Principal, which Which) (n int, err error) {
	end, err := r.desk.take(ending(r.root(by.Tenant)))
	if err != nil {
		return 0, err
	}
	defer end()
	here, now := r.directory.Current(), r.clock()
	reached := func(tenant, tokenID string) bool {
		if !by.EveryTenant() && (tenant == "" || !here.Reaches(by, tenant)) {
			return false
		}
		return (which.Token == "" || which.Token == tokenID) && (which.Tenant == "" || which.Tenant == tenant)
	}
	var records []gateway.Record
	var ended []*loginRecord
	for _, s := range r.sessions {
		if s.Ended || !reached(s.Tenant, s.TokenID) {
			continue
		}
		records, ended = append(records, s.over()), append(ended, s)
		if _, alive := r.session(s, now); alive {
			n++
		}
	}
	var spent []*linkRecord
	for _, l := range r.links {
		if !l.Used && reached(l.Tenant, l.TokenID) {
			records, spent = append(records, l.spent()), append(spent, l)
		}
	}
	deed := audit.Deed{By: by, Action: audit.Delete, Object: which.object(), Tenant: which.Tenant}
	err = r.audit.Ended(deed, func(told []gateway.AuditLine) error { return r.weights.Store.PutAudited(told, records...) })
	if err != nil {
		return 0, err
	}
	r.change(func() {
		for _, s := range ended {
			s.Ended = true
		}
		for _, l := range spent {
			l.Used = true
			r.spend(l)
		}
	})
	return n, nil
}

func (w Which) object() string {
	switch {
	case w.Token != "":
		return "sessions/" + w.Token
	case w.Tenant != "":
		return "tenants/" + w.Tenant + "/sessions"
	}
	return "sessions"
}
