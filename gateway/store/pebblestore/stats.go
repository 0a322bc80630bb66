package pebblestore

// Stats is what a store says of itself.
type Stats struct {
	Bytes uint64 // on disk, without the ballast
	Free  uint64 // bytes of room on the disk; 0 when unknown
	Full  bool   // the disk is full: writes are refused until there is room
}

// Stats tells how large the store is. It takes microseconds.
func (s *engine) Stats() Stats {
	if s.using.enter() != nil {
		return Stats{}
	}
	defer s.using.leave()
	stats := Stats{Bytes: s.db.Metrics().DiskSpaceUsage(), Free: s.space.free.Load(), Full: s.space.full.Load()}
	if stats.Free == unknownSpace {
		stats.Free = 0
	}
	return stats
}
