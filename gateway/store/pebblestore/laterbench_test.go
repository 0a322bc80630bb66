package pebblestore

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// BenchmarkLater notes events and their deliveries and posts them, in memory: what lists
// cost a publish, without what Pebble makes of it when it flushes and compacts.
func BenchmarkLater(b *testing.B) {
	for _, conversations := range []int{1, 100, 1_000_000} {
		b.Run(fmt.Sprintf("conversations=%d", conversations), func(b *testing.B) {
			s := mustOpen(b, Options{Dir: "data", FS: vfs.NewMem()})
			p := published(time.Now(), 10)
			batch := s.newBatch(1 << 10)
			defer batch.free()
			b.ReportAllocs()
			for i := 0; i < b.N; i += len(p.Events) {
				renew(p, time.Now())
				for j := range p.Events {
					key := fmt.Sprint("42bb83c1-6d3e-4d0e-9d1e-", (i+j)%conversations)
					p.Events[j].ConversationKey, p.Deliveries[j].ConversationKey = key, key
				}
				s.later.postEvents(batch, p.Events)
				s.later.postDeliveries(batch, p.Deliveries, p.Events)
				for _, of := range []*later{&s.later.events, &s.later.deliveries} {
					if of.isEnough() {
						must(b, postBlocks(s.engine, of))
					}
				}
			}
		})
	}
}
