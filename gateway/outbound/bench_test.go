package outbound_test

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth/signature"
	"hookgate/gateway"
)

// BenchmarkDeliver counts deliveries from wake to settled, signed, over loopback
// to a sink in this process, with the store on disk; lanes is over how many lanes
// of as many tenants they are spread.
func BenchmarkDeliver(b *testing.B) {
	for _, lanes := range []int{1, 16} {
		b.Run(fmt.Sprintf("lanes=%d", lanes), func(b *testing.B) { benchmarkDeliver(b, lanes) })
	}
}

func benchmarkDeliver(b *testing.B, lanes int) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	sink := &fasthttp.Server{
		Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetStatusCode(fasthttp.StatusNoContent) },
		// Its date goroutine never ends, and its cleaner late: goleak would see both.
		NoDefaultDate: true, MaxIdleWorkerDuration: 100 * time.Millisecond,
	}
	ended := make(chan error)
	go func() { ended <- sink.Serve(listener) }()
	b.Cleanup(func() { _ = sink.Shutdown(); <-ended })

	w := real(b, always(204))
	signer, faults := signature.CompileSigner(signature.Config{Type: "standard", Secrets: []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}})
	if faults != nil {
		b.Fatal(faults)
	}
	to := *w.target
	to.URL, to.Signer = "http://"+listener.Addr().String()+"/", signer
	w.setTarget(nil)
	left := b.N
	for left > 0 {
		batch := min(left, 1000)
		left -= batch
		var changes []*gateway.Change
		for i := range batch {
			changes = append(changes, &gateway.Change{Notice: w.notice(fmt.Sprintf("t%d", (left+i)%lanes), gateway.PlatformEndpoint)})
		}
		if err := w.store.Commit(changes...); err != nil {
			b.Fatal(err)
		}
	}
	_ = w.halt()
	w.start()
	b.ReportAllocs()
	b.ResetTimer()
	w.setTarget(&to)
	w.await(b.N)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
	if n := w.endedIn(gateway.DeliverySucceeded); n != b.N {
		b.Errorf("%d of %d succeeded", n, b.N)
	}
}
