package pebblestore

import (
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/store/record"
)

// calls are those whose outcome is still promised.
type calls struct{ *engine }

func putPending(b *batch, c *gateway.PendingCall) {
	b.pendingCall(c)
	b.enc.PendingCall(c)
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

// PendingCalls gives the calls of the slots' tenants whose outcome is still promised,
// oldest first. They are as many as a process had under way at once, so this is
// all of them. A store that failed gives none: it cannot tell which are durable.
func (s *calls) PendingCalls(slots gateway.SlotSet) (list []*gateway.PendingCall, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	if err := s.refuse(); err != nil {
		return nil, err
	}
	err = s.eachTenant(kindPending, func(t *tenantScan) error {
		if !slots.Has(gateway.SlotOf(t.tenant)) {
			return nil
		}
		for more := true; more && t.inside(); more = t.it.Next() {
			id := t.it.Key()[len(t.prefix):]
			if len(id) != ulidAt {
				return corrupt(kindPending)
			}
			c, err := record.DecodePendingCall(t.tenant, id, t.it.Value())
			if err != nil {
				return err
			}
			list = append(list, c)
		}
		return nil
	})
	if err == nil {
		err = s.firm()
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b *gateway.PendingCall) int { return strings.Compare(a.ID, b.ID) })
	return list, nil
}
