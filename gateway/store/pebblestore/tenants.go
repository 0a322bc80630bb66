package pebblestore

import (
	"bytes"

	"github.com/cockroachdb/pebble/v2"
)

// tenantScan stands on the records of one kind and tenant. it is bounded by the
// kind, so that it can leap from tenant to tenant; inside says whether it is
// still on this one.
type tenantScan struct {
	it     *pebble.Iterator
	tenant string
	prefix []byte
}

func (t *tenantScan) inside() bool { return bytes.HasPrefix(t.it.Key(), t.prefix) }

// eachTenant visits every tenant that has a record of the kind, with the iterator
// on its first one. Between two tenants it makes one seek.
func (s *engine) eachTenant(kind byte, visit func(*tenantScan) error) error {
	return eachTenantOf(s.db, kind, visit)
}

// eachTenantOf is eachTenant in the store or a snapshot of it.
func eachTenantOf(r pebble.Reader, kind byte, visit func(*tenantScan) error) (err error) {
	it, err := iterOf(r, []byte{kind}, []byte{kind + 1})
	if err != nil {
		return err
	}
	defer closeIter(it, &err)
	for more := it.First(); more; {
		tenant, _, ok := tenantOf(it.Key())
		if !ok {
			return corrupt(kind)
		}
		t := &tenantScan{it: it, tenant: tenant, prefix: appendPrefix(nil, kind, tenant)}
		if err := visit(t); err != nil {
			return err
		}
		more = it.SeekGE(pastPrefix(t.prefix))
	}
	return nil
}
