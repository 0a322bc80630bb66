package resources

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/shares"
)

// Change is a record that some process has written, or deleted.
type Change struct {
	gateway.Record
	Deleted bool
}

// Follow takes over what other processes have written to the store. read gives the changes in
// their order, and is called while nobody writes here: what is read then is no older than what
// this process knows of its own. What cannot be taken over is logged, and left out.
func (r *Resources) Follow(read func(each func(Change) error) error) error {
	r.Logins.desk.Lock()
	defer r.Logins.desk.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	f := following{Resources: r, tenants: map[string]bool{}}
	err := read(func(c Change) error {
		if err := f.take(c); err != nil {
			r.log.Error("what another node has configured cannot be read", "place", pathOf(c.Tenant, c.Kind, c.ID), "error", err)
		}
		return nil
	})
	f.swap() // also what came before an error: the rest comes with the next reading
	return err
}

// following is what one Follow changes.
type following struct {
	*Resources
	tenants map[string]bool // that are put together anew
	tokens  bool
	gone    []lost
	made    []string // tenants that were made since the last reading: there may have been others of their ids
}

// lost is an endpoint or a webhook that is no more.
type lost struct{ kind, tenant, id string }

func (f *following) take(c Change) error {
	if c.Kind != gateway.KindFile && c.Kind != gateway.KindLogin && c.Kind != gateway.KindLink {
		f.weights.set(c.Record)
	}
	switch c.Kind {
	case gateway.KindTenant, gateway.KindSource, gateway.KindEndpoint, gateway.KindWebhook:
		f.tenants[c.Tenant] = true
		if c.Deleted {
			f.lose(c)
			return nil
		}
		before := f.of(c.Tenant).tenant
		err := f.load(c.Record)
		if now := f.of(c.Tenant).tenant; c.Kind == gateway.KindTenant && now != nil && !now.FromFile && (before == nil || !now.CreatedAt.Equal(before.CreatedAt.Time)) {
			f.made = append(f.made, c.Tenant)
		}
		return err
	case gateway.KindToken:
		f.tokens = true
		if c.Deleted {
			delete(f.Tokens.made, c.ID)
			return nil
		}
		return f.load(c.Record)
	case gateway.KindKnown:
		return f.Knowns.follow(c)
	case gateway.KindLogin, gateway.KindLink:
		return f.Logins.follow(c)
	case markKind:
		return f.load(c.Record)
	}
	return nil // what the file said is looked at by who loads a file
}

// lose takes out what was deleted.
func (f *following) lose(c Change) {
	k := f.of(c.Tenant)
	switch c.Kind {
	case gateway.KindTenant:
		k.tenant = nil
	case gateway.KindSource:
		delete(k.sources, c.ID)
	case gateway.KindEndpoint:
		delete(k.endpoints, c.ID)
		f.gone = append(f.gone, lost{c.Kind, c.Tenant, c.ID})
	case gateway.KindWebhook:
		delete(k.webhooks, c.ID)
		f.Webhooks.errors.set(webhookKey{c.Tenant, c.ID}, "")
		f.gone = append(f.gone, lost{c.Kind, c.Tenant, c.ID})
	}
}

// swap lets what was taken over be seen, and tells those who hold something of what is gone.
func (f *following) swap() {
	if len(f.tenants) == 0 && !f.tokens {
		return
	}
	f.end(f.made) // nothing of the old one is the new one's
	last := f.directory.Current()
	ids := map[string]*directory.Tenant{}
	for _, id := range slices.Sorted(maps.Keys(f.tenants)) {
		ids[id] = f.ofFile(last.Tenant(id))
	}
	come, gone := f.assemble(ids)
	next := last.Change(come, gone)
	if f.tokens {
		next = next.WithTokens(f.Tokens.table())
	}
	f.directory.SwapFor(directory.About{Followed: true}, next)
	f.Endpoints.watchOverlaps()
	for _, id := range gone {
		delete(f.kept, id)
		f.ended(last.Tenant(id))
	}
	for _, one := range f.gone {
		t := next.Tenant(one.tenant)
		switch {
		case t == nil:
		case one.kind == gateway.KindEndpoint && t.Endpoint(one.id) == nil && f.Endpoints.onDeleted != nil:
			f.Endpoints.onDeleted(one.tenant, one.id)
		case one.kind == gateway.KindWebhook && t.Webhook(one.id) == nil && f.Webhooks.onDeleted != nil:
			f.Webhooks.onDeleted(one.tenant, one.id)
		}
	}
}

// end ends the lives of tenants, and drops what is held by their ids.
func (f *following) end(ids []string) {
	last := f.directory.Current()
	lived := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return last.Tenant(id) == nil })
	if len(lived) > 0 {
		f.directory.SwapFor(directory.About{Followed: true}, last.Change(nil, lived))
	}
	for _, id := range ids {
		if t := last.Tenant(id); t != nil {
			f.ended(t)
		} else {
			f.Tenants.onDeleted(id)
		}
	}
}

// ended drops what is held of a tenant that is no more; nil: there was none.
func (f *following) ended(t *directory.Tenant) {
	if t != nil {
		f.Knowns.set(t.ID, nil)
		t.Life.End()
		f.Tenants.onDeleted(t.ID)
	}
}

// ofFile gives what the file says of a tenant, without the parts of the API's; nil where it
// does not name it.
func (f *following) ofFile(t *directory.Tenant) *directory.Tenant {
	if t == nil || t.Meta.ManagedBy != gateway.ManagedByFile {
		return nil
	}
	if _, named := f.file.Tenants[t.ID]; !named {
		return nil
	}
	return t.
		Having(slices.DeleteFunc(t.Sources(), func(s *directory.Source) bool { return s.Meta.ManagedBy != gateway.ManagedByFile })...).
		HavingEndpoints(slices.DeleteFunc(t.Endpoints(), func(e *directory.Endpoint) bool { return e.Meta.ManagedBy != gateway.ManagedByFile })...).
		HavingWebhooks(slices.DeleteFunc(t.Webhooks(), func(w *directory.Webhook) bool { return w.Meta.ManagedBy != gateway.ManagedByFile })...)
}

// follow takes over a mark of another process.
func (r *Knowns) follow(c Change) error {
	list := slices.DeleteFunc(slices.Clone(r.all[c.Tenant]), func(k gateway.Known) bool { return k.ID == c.ID })
	r.set(c.Tenant, list)
	if c.Deleted {
		return nil
	}
	var k gateway.Known
	if err := json.Unmarshal(c.Value, &k); err != nil {
		return err
	}
	if k.Until.After(r.clock()) {
		r.set(c.Tenant, append(list, k))
	}
	return nil
}

// follow takes over a session, or a link, of another process. It is the caller's turn.
func (r *Logins) follow(c Change) error {
	if c.Kind == gateway.KindLink {
		return r.followLink(c)
	}
	was := r.sessions[c.ID]
	if c.Deleted {
		if was != nil {
			r.change(func() { delete(r.sessions, c.ID) })
			r.portals.Give(shares.Tenant(was.Root), was.Portal.bytes())
		}
		return nil
	}
	s := &loginRecord{id: c.ID}
	if err := errors.Join(json.Unmarshal(c.Value, s), setHex(&s.digest, s.Digest)); err != nil {
		return err
	}
	s.Root = cmp.Or(s.Root, s.Tenant)
	if was == nil {
		r.portals.Force(shares.Tenant(s.Root), s.Portal.bytes())
	}
	r.change(func() { r.sessions[c.ID] = s })
	return nil
}

func (r *Logins) followLink(c Change) error {
	var was *linkRecord
	for _, l := range r.links {
		if l.id == c.ID {
			was = l
		}
	}
	if was != nil {
		r.change(func() {
			r.spend(was)
			delete(r.links, was.secret)
		})
		r.portals.Give(shares.Tenant(was.Root), was.Portal.bytes())
	}
	if c.Deleted {
		return nil
	}
	l := &linkRecord{id: c.ID}
	if err := errors.Join(json.Unmarshal(c.Value, l), setHex(&l.digest, l.Digest), setHex(&l.secret, l.Secret)); err != nil {
		return err
	}
	l.Root = cmp.Or(l.Root, l.Tenant)
	r.portals.Force(shares.Tenant(l.Root), l.Portal.bytes())
	if l.held = !l.Used && r.clock().Before(l.ExpiresAt.Time); l.held {
		r.unused.Force(shares.Tenant(l.Root), 1)
	}
	r.change(func() { r.links[l.secret] = l })
	return nil
}
