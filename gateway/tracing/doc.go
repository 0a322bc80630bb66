// Package tracing tells a collector what took how long, as spans of OpenTelemetry by OTLP
// over HTTP (SPEC-operations O4: otel).
//
//	Tracer   begins spans; a nil one is off, and costs a comparison
//	Span     one thing under way: its place goes into traceparent, and with what is kept
//	queue    spans that have ended, so many at most; what has no place in it is dropped
//	upload   one request to the collector, a batch at a time
//
// Spans are made, sampled and encoded by the official SDK and its exporter. What sends the
// bytes is ours (upload.go), for otlptracehttp, the official one, has gRPC in it: 3.3 MiB of
// a stripped binary in place of 1.0, for one POST.
//
// Nothing waits for a collector: a span that ends is put into a queue, or dropped and
// counted. What is sent has ids and words of ours in it; no header field, no body, no path
// and no query, for those are strangers'.
package tracing
