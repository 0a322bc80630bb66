package tracing

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// upload sends batches to a collector. It is an otlptrace.Client.
type upload struct {
	url     string
	headers map[string]string
	client  *http.Client
}

func newUpload(o *Options) *upload {
	u := &upload{url: strings.TrimSuffix(o.Endpoint, "/") + "/v1/traces", headers: o.Headers, client: o.Client}
	if u.client == nil {
		u.client = &http.Client{
			Transport: &http.Transport{MaxIdleConns: 1, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
			// The headers are secrets: they go to the collector, and not where it points.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return u
}

// Start is of otlptrace.Client.
func (u *upload) Start(context.Context) error { return nil }

// Stop closes the connection.
func (u *upload) Stop(context.Context) error {
	u.client.CloseIdleConnections()
	return nil
}

// The pauses between tries of one batch.
const (
	firstPause = 500 * time.Millisecond
	mostPause  = 5 * time.Second
)

// UploadTraces sends one batch, again where the collector asks for that and there is time
// (OTLP 1.9, "OTLP/HTTP Response"). The message is that of ExportTraceServiceRequest, whose
// only member is the same: its own package has gRPC in it.
func (u *upload) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return err
	}
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		asked, err := u.post(ctx, body)
		if asked < 0 || err == nil {
			return err
		}
		timer := time.NewTimer(max(pause, asked))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// post makes one request. again is how long the collector asks to rest before the next; below
// 0 there is none to make.
func (u *upload) post(ctx context.Context, body []byte) (again time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, u.url, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	r.Header.Set("Content-Type", "application/x-protobuf")
	for name, value := range u.headers {
		r.Header.Set(name, value)
	}
	answer, err := u.client.Do(r)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection is used again
	switch answer.StatusCode {
	case http.StatusOK, http.StatusAccepted, http.StatusNoContent:
		return -1, nil
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		return time.Duration(max(0, seconds)) * time.Second, fmt.Errorf("otel.endpoint answers %d", answer.StatusCode)
	}
	return -1, fmt.Errorf("otel.endpoint answers %d", answer.StatusCode)
}

// once logs that the collector fails, and that it is well again, each once: it must not fill
// the log.
func once(log *slog.Logger) func(error) {
	failing := false
	return func(err error) {
		switch {
		case err != nil && !failing:
			log.Warn("the collector takes no spans: they are dropped until it does", "error", err)
		case err == nil && failing:
			log.Info("the collector takes spans again")
		}
		failing = err != nil
	}
}
