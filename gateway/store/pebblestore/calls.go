package pebblestore

import (
	"slices"
	"strings"

	"hookgate/gateway"
)

func putPending(b *batch, c *gateway.PendingCall) {
	b.pendingCall(c)
	b.enc.pendingCall(c)
	b.put()
}

// removePending removes what may not be there: whoever settles a call again after
// a commit of unknown outcome settles nothing.
func removePending(b *batch, c *gateway.PendingCall) {
	b.pendingCall(c)
	b.remove()
}

// pendingCall starts the key of a pending call.
func (b *batch) pendingCall(c *gateway.PendingCall) {
	b.begin(kindPending, c.Tenant)
	b.id(kindPending, gateway.PrefixCall, c.ID)
}

func (e *encoder) pendingCall(c *gateway.PendingCall) {
	e.version()
	e.text(c.Webhook)
	e.text(c.WaitID)
	e.flag(c.Sent)
	e.time(c.CreatedAt)
	e.raw(c.Request)
}

func decodePendingCall(tenant string, id, value []byte) (*gateway.PendingCall, error) {
	d := newDecoder(value)
	c := &gateway.PendingCall{
		ID: formatID(gateway.PrefixCall, id), Tenant: tenant, Webhook: d.text(), WaitID: d.text(),
		Sent: d.flag(), CreatedAt: d.time(), Request: d.raw(),
	}
	return c, d.done(kindPending)
}

// PendingCalls gives the calls of the tenants of some slots whose outcome is still promised,
// oldest first. They are as many as a process had under way at once, so this is
// all of them. A store that has failed cannot tell what is durable, and gives nothing.
func (s *Store) PendingCalls(of gateway.SlotSet) (list []*gateway.PendingCall, err error) {
	if err := s.using.enter(); err != nil {
		return nil, err
	}
	defer s.using.leave()
	if err := s.refuse(); err != nil {
		return nil, err
	}
	err = s.eachTenant(kindPending, func(t *tenantScan) error {
		if !of.Has(gateway.SlotOf(t.tenant)) {
			return nil
		}
		for more := true; more && t.inside(); more = t.it.Next() {
			id := t.it.Key()[len(t.prefix):]
			if len(id) != ulidAt {
				return corrupt(kindPending)
			}
			c, err := decodePendingCall(t.tenant, id, t.it.Value())
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b *gateway.PendingCall) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}
