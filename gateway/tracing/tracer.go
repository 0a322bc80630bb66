package tracing

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"hookgate/gateway"
)

// Options are the settings of a Tracer.
type Options struct {
	Endpoint string // the base of the collector's URL; "": there is no Tracer
	Headers  map[string]string
	Sample   float64 // which part of the traces that begin here is recorded, 0 to 1
	Service  string  // service.name
	Version  string  // service.version
	// Sent and Dropped are told of spans that the collector took, and of those that it
	// will never get: the queue was full, or the collector did not take them.
	Sent, Dropped func(spans int)
	Log           *slog.Logger
	Client        *http.Client // nil: one of its own
}

// Tracer begins spans. nil is one that is off.
type Tracer struct {
	tracer   trace.Tracer
	provider *sdk.TracerProvider
}

// Bounds of one span.
const (
	mostAttributes = 32
	mostValue      = 256 // bytes
	mostLinks      = 128
)

// Open makes a Tracer that tells a collector; nil where no endpoint is set. Close ends it.
func Open(o Options) (*Tracer, error) {
	if o.Endpoint == "" {
		return nil, nil
	}
	exporter, err := otlptrace.New(context.Background(), newUpload(&o))
	if err != nil {
		return nil, err
	}
	provider := sdk.NewTracerProvider(
		sdk.WithSpanProcessor(newQueue(exporter, &o)),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(o.Sample))),
		sdk.WithResource(resource.NewSchemaless(attribute.String("service.name", o.Service), attribute.String("service.version", o.Version))),
		sdk.WithRawSpanLimits(sdk.SpanLimits{
			AttributeCountLimit: mostAttributes, AttributeValueLengthLimit: mostValue, LinkCountLimit: mostLinks,
			EventCountLimit: 0, AttributePerEventCountLimit: 0, AttributePerLinkCountLimit: 0,
		}),
	)
	return &Tracer{tracer: provider.Tracer("hookgate"), provider: provider}, nil
}

// Close sends what is left, as far as ctx lasts.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Kind says which end of a request a span is.
type Kind int

// The kinds.
const (
	Serves   Kind = Kind(trace.SpanKindServer) // a request that came in
	Asks     Kind = Kind(trace.SpanKindClient) // one that goes out
	Produces Kind = Kind(trace.SpanKindProducer)
	Works    Kind = Kind(trace.SpanKindInternal)
)

// Start begins a span below a place in a trace, or a trace of its own where parent is nil;
// links, nil ones left out, are other places that led to it.
func (t *Tracer) Start(kind Kind, name string, parent *gateway.SpanContext, at time.Time, links ...*gateway.SpanContext) Span {
	if t == nil {
		return Span{}
	}
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKind(kind)), trace.WithTimestamp(at)}
	var all []trace.Link
	for _, link := range links {
		if link != nil {
			all = append(all, trace.Link{SpanContext: remote(link)})
		}
	}
	if all != nil {
		options = append(options, trace.WithLinks(all...))
	}
	ctx := context.Background()
	if parent != nil {
		ctx = trace.ContextWithRemoteSpanContext(ctx, remote(parent))
	}
	ctx, span := t.tracer.Start(ctx, name, options...)
	return Span{of: t, ctx: ctx, span: span}
}

// remote is a place as the SDK has it. A tracestate that it does not take is left out.
func remote(c *gateway.SpanContext) trace.SpanContext {
	state, err := trace.ParseTraceState(c.State)
	if err != nil {
		state = trace.TraceState{}
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: c.Trace, SpanID: c.Span, TraceFlags: trace.TraceFlags(c.Flags), TraceState: state, Remote: true,
	})
}

// Span is something under way. The zero Span is of a Tracer that is off: all that is done
// with it is nothing.
type Span struct {
	of   *Tracer
	ctx  context.Context //nolint:containedctx // it is how the SDK knows the parent of a child
	span trace.Span
}

// On says whether there is a Tracer.
func (s Span) On() bool { return s.of != nil }

// Records says whether the span is told to the collector.
func (s Span) Records() bool { return s.of != nil && s.span.IsRecording() }

// Context is the span's place, for those who come below it; nil where there is no Tracer.
func (s Span) Context() *gateway.SpanContext {
	if s.of == nil {
		return nil
	}
	c := s.span.SpanContext()
	return &gateway.SpanContext{Trace: c.TraceID(), Span: c.SpanID(), Flags: byte(c.TraceFlags()), State: c.TraceState().String()}
}

// Or is the span's place, or another one where there is no Tracer: what came in goes out
// as it came.
func (s Span) Or(other *gateway.SpanContext) *gateway.SpanContext {
	if s.of == nil {
		return other
	}
	return s.Context()
}

// Trace names the trace of a span that is recorded; else "".
func (s Span) Trace() string {
	if s.of == nil || !s.span.SpanContext().IsSampled() {
		return ""
	}
	return s.span.SpanContext().TraceID().String()
}

// Child is a span below this one.
func (s Span) Child(kind Kind, name string, at time.Time) Span {
	if s.of == nil {
		return Span{}
	}
	ctx, span := s.of.tracer.Start(s.ctx, name, trace.WithSpanKind(trace.SpanKind(kind)), trace.WithTimestamp(at))
	return Span{of: s.of, ctx: ctx, span: span}
}

// Part is a child that has ended already.
func (s Span) Part(name string, from, to time.Time) {
	if s.Records() && !from.IsZero() && !to.IsZero() {
		s.Child(Works, name, from).End(to, "")
	}
}

// Text notes something by its key; "" is nothing to note.
func (s Span) Text(key, value string) {
	if s.Records() && value != "" {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// Number notes a number; 0 is none.
func (s Span) Number(key string, n int) {
	if s.Records() && n != 0 {
		s.span.SetAttributes(attribute.Int(key, n))
	}
}

// End ends a span. why says, in a word of ours, that it failed; "": it did not.
func (s Span) End(at time.Time, why string) {
	if s.of == nil {
		return
	}
	if why != "" {
		s.span.SetStatus(failed, why)
	}
	s.span.End(trace.WithTimestamp(at))
}
