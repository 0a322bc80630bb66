package pebblestore

import (
	"bytes"

	"hookgate/gateway"
)

// resources are what operators configured.
type resources struct {
	*engine
	locks *laneLocks
}

func resourceKey(kind, tenant, id string) []byte {
	key := append([]byte{kindResource}, kind...)
	key = append(append(key, 0), tenant...)
	return append(append(key, 0), id...)
}

// PutResources makes records durable, all of them or none.
func (s *resources) PutResources(records ...gateway.Record) error {
	return s.PutAudited(nil, records...)
}

// PutAudited makes records durable, and the lines that tell of it: all of them or none.
func (s *resources) PutAudited(lines []gateway.AuditLine, records ...gateway.Record) error {
	return s.change(s.admit, func(b *batch) {
		b.lines(lines)
		for _, r := range records {
			if !keyable(r.Kind, r.Tenant, r.ID) {
				b.fail(kindResource)
			}
			b.key = resourceKey(r.Kind, r.Tenant, r.ID)
			b.enc.B = append(b.enc.B[:0], r.Value...)
			b.put()
		}
	})
}

// DeleteResource removes one durably, with the lines that tell of it; it is no error when
// it is not there.
func (s *resources) DeleteResource(kind, tenant, id string, lines ...gateway.AuditLine) error {
	return s.change(s.admit, func(b *batch) {
		b.lines(lines)
		if !keyable(kind, tenant, id) {
			return // nothing can be there
		}
		b.key = resourceKey(kind, tenant, id)
		b.remove()
	})
}

// Resources gives every record, ordered by kind, tenant and id.
func (s *resources) Resources(each func(gateway.Record) error) (err error) {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	it, err := s.iter([]byte{kindResource}, []byte{kindResource + 1})
	if err != nil {
		return err
	}
	defer closeIter(it, &err)
	for more := it.First(); more; more = it.Next() {
		kind, rest, ok := cutText(it.Key()[1:])
		tenant, id, also := cutText(rest)
		if !ok || !also {
			return corrupt(kindResource)
		}
		if err := each(gateway.Record{Kind: kind, Tenant: tenant, ID: string(id), Value: bytes.Clone(it.Value())}); err != nil {
			return err
		}
	}
	return nil
}

// DeleteTenant removes everything of a tenant durably, with the lines that tell of it; what
// the audit has of it stays. It is one range for each kind, however much there is.
func (s *resources) DeleteTenant(tenant string, lines ...gateway.AuditLine) (err error) {
	if tenant == "" || !keyable(tenant) {
		return gateway.ErrNotFound
	}
	kinds, err := s.resourceKinds()
	if err != nil {
		return err
	}
	defer s.locks.lockEvery()() // what is being settled must not come back
	over := s.later.hold(tenant)
	defer func() { over(err == nil) }()
	defer s.handy.Forget(tenant)                    // of what it gave out meanwhile nothing is written
	return s.change(s.admitSettle, func(b *batch) { // it gives room
		b.lines(lines)
		for i := range len(tenantKinds) {
			prefix := appendPrefix(nil, tenantKinds[i], tenant)
			b.removeRange(prefix, pastPrefix(prefix))
		}
		for _, kind := range kinds {
			prefix := resourceKey(kind, tenant, "")
			b.removeRange(prefix, pastPrefix(prefix))
		}
	})
}

// resourceKinds lists the kinds of resources that there are.
func (s *resources) resourceKinds() (kinds []string, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	it, err := s.iter([]byte{kindResource}, []byte{kindResource + 1})
	if err != nil {
		return nil, err
	}
	defer closeIter(it, &err)
	for more := it.First(); more; {
		kind, _, ok := cutText(it.Key()[1:])
		if !ok {
			return nil, corrupt(kindResource)
		}
		kinds = append(kinds, kind)
		more = it.SeekGE(append(append([]byte{kindResource}, kind...), 1))
	}
	return kinds, nil
}

// change is one synced commit of what put puts, where admit says that there is room.
func (s *engine) change(admit func() error, put func(*batch)) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := admit(); err != nil {
		return err
	}
	b := s.newBatch(1 << 10)
	defer b.free()
	put(b)
	return s.commit(b, true)
}
