package outbound_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
)

// BenchmarkPublish is one event a request, accepted durably and not sent, over a
// thousand conversations and over as many as there are events.
func BenchmarkPublish(b *testing.B) {
	for name, conversations := range map[string]int{"busy conversations": 1000, "new conversations": 1 << 30} {
		b.Run(name, func(b *testing.B) {
			w := real(b, always(204))
			w.to(func(target *outbound.Target) { target.Off = true })
			p, snapshot := publisherOf(b, w, map[string]gateway.Endpoint{"crm": {URL: "https://crm.example.com/in"}})
			b.SetParallelism(32)
			b.ReportAllocs()
			var n atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					body := fmt.Appendf(nil, `{"events":[{"event":{"type":"message","payload":{"message":{"type":"text","text":"%0600d"}}},`+
						`"conversation":{"key":"42bb83f00d8240e5bb41290a12eb44%d"}}]}`, 1, int(n.Add(1))%conversations)
					if _, err := p.Publish(publishing.Request{Snapshot: snapshot, Tenant: snapshot.Tenant("acme"), Body: body}); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
