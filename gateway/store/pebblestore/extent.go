package pebblestore

import "fmt"

// extents tell what lies on the disk, and whose it is.
type extents struct{ *engine }

// Extent gives how many bytes of tables a tenant has, with what nobody reads any more and
// no compaction removed yet: what the disk has of it, and not what it could have. It looks
// at the names of tables, and into the index of one or two of each kind and level.
func (s *extents) Extent(tenant string) (bytes int64, err error) {
	if err := s.using.Enter(); err != nil {
		return 0, err
	}
	defer s.using.Leave()
	from, to := make([]byte, 0, 80), make([]byte, 0, 80)
	for _, kind := range []byte(tenantKinds) {
		from = appendPrefix(from[:0], kind, tenant)
		to = append(to[:0], from...)
		to[len(to)-1] = 1
		n, err := s.db.EstimateDiskUsage(from, to)
		if err != nil {
			return 0, fmt.Errorf("measuring what a tenant has: %w", err)
		}
		if n == 0 {
			continue
		}
		// Blocks at both ends count whole: one of each level is taken for that of others,
		// or who has nothing would have fifty.
		edge, err := s.db.EstimateDiskUsage(to, to)
		if err != nil {
			return 0, fmt.Errorf("measuring what a tenant has: %w", err)
		}
		bytes += max(0, int64(n)-int64(edge))
	}
	return bytes, nil
}

// Unflushed gives how many bytes were committed, and are in no table yet.
func (s *extents) Unflushed() int64 {
	if s.using.Enter() != nil {
		return 0
	}
	defer s.using.Leave()
	return int64(s.db.Metrics().MemTable.Size)
}

// Room gives how many bytes may still be written before writes are refused; known is
// false where the disk does not say. It costs nothing, and may be asked by every request.
func (s *extents) Room() (bytes int64, known bool) {
	free := s.space.free.Load()
	if free == unknownSpace {
		return 0, false
	}
	return int64(free) - int64(s.space.watermark) - 2*int64(s.space.pending.Load()), true
}

// owing is what a batch puts of each tenant, in bytes of keys and values. Who keeps books
// of it is told when it is committed (Options.OnWrite).
type owing []owed

type owed struct {
	tenant string
	bytes  int
}

// begin says whose is what follows.
func (o *owing) begin(tenant string) {
	if n := len(*o); n == 0 || (*o)[n-1].tenant != tenant {
		*o = append(*o, owed{tenant: tenant})
	}
}

func (o owing) put(bytes int) {
	if n := len(o); n > 0 {
		o[n-1].bytes += bytes
	}
}

func (o owing) tell(to func(tenant string, bytes int)) {
	if to == nil {
		return
	}
	for _, one := range o {
		to(one.tenant, one.bytes)
	}
}
