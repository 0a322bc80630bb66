package pebblestore

// Stats is what a store says of itself.
type Stats struct {
	Bytes uint64 // on disk, without the ballast
	Free  uint64 // bytes of room on the disk; 0 when unknown
	Full  bool   // the disk is full: writes are refused until there is room
	Low   bool   // the room on the disk is less than twice that at which writes are refused
}

// Stats tells how large the store is. It takes microseconds.
func (s *engine) Stats() Stats {
	if s.using.Enter() != nil {
		return Stats{}
	}
	defer s.using.Leave()
	stats := Stats{Bytes: s.db.Metrics().DiskSpaceUsage(), Free: s.space.free.Load(), Full: s.space.full.Load()}
	if stats.Free == unknownSpace {
		stats.Free = 0
	} else {
		stats.Low = stats.Free < 2*s.space.watermark
	}
	return stats
}
