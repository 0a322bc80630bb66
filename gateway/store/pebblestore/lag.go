package pebblestore

import "time"

// lagEvery leaves the other half of the second to a slow disk.
const lagEvery = 500 * time.Millisecond

// catchUp makes durable what was committed without a sync and then stood alone:
// "what has been settled is durable within 1 s also when nothing else happens"
// (SPEC 16). Pebble holds such commits in the memory of this process until a block
// of its log is full or somebody syncs, so a mere kill loses them.
//
// It does not ask whether a synced commit has carried them along meanwhile: two
// empty commits a second, which share their fsync with whoever syncs beside them,
// are cheaper than every commit's keeping that account.
func (s *upkeep) catchUp() {
	ticker := time.NewTicker(lagEvery)
	defer ticker.Stop()
	for synced := uint64(0); ; {
		select {
		case <-ticker.C:
			n := s.unsynced.Load()
			if n != synced && s.overtake() == nil { // its error is the store's failure, which is told
				synced = n
			}
			s.known.sync()
		case <-s.done:
			return
		}
	}
}
