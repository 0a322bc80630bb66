package tracing

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

const failed = codes.Error

// Bounds of the queue.
const (
	mostQueued = 4096 // spans; of some 2 KiB each at most
	mostBatch  = 512
	batchEvery = 2 * time.Second
	exportTime = 10 * time.Second // for one batch, its repeats included
)

// queue keeps spans that have ended until they are sent. It is in the place of the SDK's
// batch processor, which tells nobody of what it drops.
type queue struct {
	exporter      sdk.SpanExporter
	sent, dropped func(int)
	fails         func(error)

	spans chan sdk.ReadOnlySpan
	stop  chan struct{}
	once  sync.Once
	over  chan struct{}
	last  context.Context //nolint:containedctx // of Shutdown, which bounds what is sent after it; read behind stop
}

func newQueue(exporter sdk.SpanExporter, o *Options) *queue {
	q := &queue{
		exporter: exporter, sent: o.Sent, dropped: o.Dropped, fails: once(o.Log),
		spans: make(chan sdk.ReadOnlySpan, mostQueued), stop: make(chan struct{}), over: make(chan struct{}),
	}
	go q.run()
	return q
}

// OnStart is of sdk.SpanProcessor.
func (q *queue) OnStart(context.Context, sdk.ReadWriteSpan) {}

// OnEnd takes a span that has ended, or drops it: nobody waits here.
func (q *queue) OnEnd(s sdk.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	select {
	case <-q.stop:
		q.dropped(1)
		return
	default:
	}
	select {
	case q.spans <- s:
	default:
		q.dropped(1)
	}
}

// ForceFlush is of sdk.SpanProcessor; nothing calls it.
func (q *queue) ForceFlush(context.Context) error { return nil }

// Shutdown sends what is left while ctx lasts.
func (q *queue) Shutdown(ctx context.Context) error {
	q.once.Do(func() {
		q.last = ctx
		close(q.stop)
	})
	select {
	case <-q.over:
		return q.exporter.Shutdown(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run sends what comes, a batch when it is full or after a while.
func (q *queue) run() {
	defer close(q.over)
	tick := time.NewTicker(batchEvery)
	defer tick.Stop()
	batch := make([]sdk.ReadOnlySpan, 0, mostBatch)
	for {
		select {
		case s := <-q.spans:
			if batch = append(batch, s); len(batch) == mostBatch {
				batch = q.export(context.Background(), batch)
			}
		case <-tick.C:
			batch = q.export(context.Background(), batch)
		case <-q.stop:
			q.rest(batch)
			return
		}
	}
}

// rest sends what is left, within the time of Shutdown.
func (q *queue) rest(batch []sdk.ReadOnlySpan) {
	for {
		select {
		case s := <-q.spans:
			if batch = append(batch, s); len(batch) == mostBatch {
				batch = q.export(q.last, batch)
			}
		default:
			q.export(q.last, batch)
			return
		}
	}
}

// export sends a batch, and gives its memory for the next.
func (q *queue) export(ctx context.Context, batch []sdk.ReadOnlySpan) []sdk.ReadOnlySpan {
	if len(batch) == 0 {
		return batch
	}
	ctx, stop := context.WithTimeout(ctx, exportTime)
	defer stop()
	err := q.exporter.ExportSpans(ctx, batch)
	if err == nil {
		q.sent(len(batch))
	} else {
		q.dropped(len(batch))
	}
	q.fails(err)
	clear(batch)
	return batch[:0]
}
