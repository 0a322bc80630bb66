package node

import (
	"context"
	"time"

	"hookgate/gateway/tracing"
)

// spans are what the parts tell a collector.
type spans struct{ *parts }

// open begins to tell a collector, if there is one. What is left is sent when all
// else has stopped.
func (p spans) open() (err error) {
	otel := &p.config.Otel
	headers := map[string]string{}
	for _, h := range otel.Headers {
		headers[h.Name] = h.Value.Reveal()
	}
	sent, dropped := p.metrics.Spans("sent"), p.metrics.Spans("dropped")
	p.tracer, err = tracing.Open(tracing.Options{
		Endpoint: otel.Endpoint, Headers: headers, Sample: otel.Sample, Service: otel.ServiceName, Version: p.Version,
		Sent: func(n int) { sent.Add(float64(n)) }, Dropped: func(n int) { dropped.Add(float64(n)) }, Log: p.Log,
	})
	if err != nil || p.tracer == nil {
		return err
	}
	p.metrics.Exemplars()
	p.onStop(func() error {
		ctx, stop := context.WithTimeout(context.Background(), lastSpans)
		defer stop()
		if err := p.tracer.Close(ctx); err != nil { // it must not make a good end a bad one
			p.Log.Warn("the last spans were not sent", "error", err)
		}
		return nil
	})
	return nil
}

// lastSpans is how long a stop waits for the collector.
const lastSpans = 3 * time.Second
