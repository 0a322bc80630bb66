package metrics_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hookgate/metrics"
)

// ofOurs gives the families as the library writes them, without what moves by itself.
func ofOurs(t *testing.T, families []*dto.MetricFamily) string {
	t.Helper()
	var text bytes.Buffer
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "hookgate_") || f.GetName() == "hookgate_queue_oldest_seconds" {
			continue
		}
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

// What is written as text is what the library reads, and says the same as what is
// gathered, and as protobuf.
func TestFormatsAgree(t *testing.T) {
	s := full(t)
	addTenant(s, `with "quotes", \ and`+"\nlines")
	for range 3 {
		s.Source("acme", "payments", nil).WaitEnded(1.25)
	}
	s.Tenant("acme", nil, nil).EventsAccepted("message", 123_456_789)
	want := ofOurs(t, gather(t, s))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	plain, err := parser.TextToMetricFamilies(asks(t, s.Handler(), "", "").Body)
	if err != nil {
		t.Fatal(err)
	}
	var parsed []*dto.MetricFamily
	for _, f := range gather(t, s) {
		parsed = append(parsed, plain[f.GetName()])
	}
	if got := ofOurs(t, parsed); got != want {
		t.Errorf("as text:\n%s\nas gathered:\n%s", got, want)
	}
	const accept = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	r := asks(t, s.Handler(), "", "", "Accept", accept)
	decoder := expfmt.NewDecoder(r.Body, expfmt.ResponseFormat(r.Header))
	var decoded []*dto.MetricFamily
	for {
		f := new(dto.MetricFamily)
		if decoder.Decode(f) != nil {
			break
		}
		decoded = append(decoded, f)
	}
	if got := ofOurs(t, decoded); got != want {
		t.Errorf("as protobuf:\n%s\nas gathered:\n%s", got, want)
	}
	for _, f := range decoded {
		if f.GetName() == "hookgate_callbacks_total" && f.GetMetric()[0].GetCounter().GetCreatedTimestamp() == nil {
			t.Error("protobuf does not say since when it counts")
		}
	}
}

// No format is shown that was not before: of OpenMetrics the text format is made.
func TestNegotiation(t *testing.T) {
	h := metrics.New("test").Handler()
	for _, accept := range []string{"", "*/*", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"} {
		r := asks(t, h, "", "", "Accept", accept)
		if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain; version=0.0.4") {
			t.Errorf("%q gives %s", accept, got)
		}
		textOf(t, r)
	}
}

// With exemplars it is OpenMetrics for who prefers that, and the trace of a callback stands
// at the bucket of its duration.
func TestExemplars(t *testing.T) {
	s := full(t)
	s.Exemplars()
	metrics.Traced(s.CallbackDuration())(0.003, "4bf92f3577b34da6a3ce929d0e0e4736")
	metrics.Traced(s.CallbackDuration())(0.3, "")
	const open = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
	r := asks(t, s.Handler(), "", "", "Accept", open)
	text := textOf(t, r)
	if got := r.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/openmetrics-text; version=1.0.0") || !strings.HasSuffix(text, "\n# EOF\n") {
		t.Errorf("%s:\n%s", got, text)
	}
	shown := regexp.MustCompile(`(?m)^hookgate_callback_duration_seconds_bucket\{le="0\.005"\} 1 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736"\} 0\.003 [0-9.e+]+$`)
	if !shown.MatchString(text) || strings.Count(text, "trace_id") != 1 {
		t.Errorf("the exemplar is not there once:\n%s", text)
	}
	if !strings.Contains(text, "# TYPE hookgate_callbacks counter\n") || !strings.Contains(text, `hookgate_callbacks_total{outcome="`) {
		t.Errorf("a counter of a source:\n%s", text)
	}
	if plain := textOf(t, asks(t, s.Handler(), "", "")); strings.Contains(plain, "trace_id") || strings.Contains(plain, "# EOF") {
		t.Error("the plain format has what it knows not")
	}
}

// slow takes nothing until it is let.
type slow struct {
	http.ResponseWriter
	let, taken chan struct{}
}

func (s slow) Write(p []byte) (int, error) {
	s.taken <- struct{}{}
	<-s.let
	return len(p), nil
}

// Not more than four are answered at once: one more hears of it, and nobody waits.
func TestScrapesAreBounded(t *testing.T) {
	h := full(t).Handler()
	w := slow{let: make(chan struct{}), taken: make(chan struct{}, 1000)}
	ended := make(chan struct{})
	for range 4 {
		go func() {
			h.ServeHTTP(slow{newRecorder(), w.let, w.taken}, newRequest())
			ended <- struct{}{}
		}()
	}
	for range 4 {
		<-w.taken
	}
	if r := asks(t, h, "", ""); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("the fifth hears %d", r.StatusCode)
	}
	close(w.let)
	for range 4 {
		<-ended
	}
	textOf(t, asks(t, h, "", ""))
}
