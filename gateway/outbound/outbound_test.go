package outbound_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/transport"
	"hookgate/retry"
)

// TestDeliverSettles: one attempt to a real receiver, with a real store.
func TestDeliverSettles(t *testing.T) {
	huge := bytes.Repeat([]byte("x"), 1<<20)
	for name, c := range map[string]struct {
		does  reply
		state gateway.DeliveryState
		error string
		kept  int
	}{
		"no content":    {reply{}, gateway.DeliverySucceeded, "", 0},
		"ok":            {reply{status: 200, body: []byte("fine")}, gateway.DeliverySucceeded, "", 4},
		"huge answer":   {reply{status: 200, body: huge}, gateway.DeliverySucceeded, "", 16 << 10},
		"redirect":      {reply{status: 307, header: "Location: http://127.0.0.1:1/\r\n"}, gateway.DeliveryDead, "3xx", 0},
		"client error":  {reply{status: 404, body: []byte("no")}, gateway.DeliveryDead, "4xx", 2},
		"gone":          {reply{status: 410}, gateway.DeliveryDead, "4xx", 0},
		"server error":  {reply{status: 503, body: huge}, gateway.DeliveryDead, "5xx", 16 << 10},
		"reset":         {reply{reset: true}, gateway.DeliveryDead, "protocol", 0},
		"half a header": {reply{raw: "HTTP/1.1 200 OK\r\nCont"}, gateway.DeliveryDead, "protocol", 0},
		"half a body":   {reply{raw: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc"}, gateway.DeliveryDead, "protocol", 0},
		"hang":          {reply{hang: true}, gateway.DeliveryDead, "timeout", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := real(t, func(received) reply { return c.does })
			once := *w.target
			once.Retry, once.Timeout = retry.Policy{}, 5*time.Second
			if c.does.status == http.StatusGone {
				once.Retry = steady // it is dead whatever the policy
			}
			if c.does.hang {
				once.Timeout = 50 * time.Millisecond
			}
			w.setTarget(&once)
			n := w.publish("acme", gateway.PlatformEndpoint)
			w.await(1)
			d, attempts := w.read(n)
			if d.State != c.state || d.Attempts != 1 || d.EndedAt.IsZero() || len(attempts) != 1 {
				t.Fatalf("%+v, %d attempts", d, len(attempts))
			}
			if a := attempts[0]; a.Number != 1 || a.Error != c.error || a.Status != c.does.status && c.error != "" || len(a.ResponseBody) != c.kept {
				t.Errorf("attempt %d: status %d, error %q, %d bytes kept", a.Number, a.Status, a.Error, len(a.ResponseBody))
			}
		})
	}
}

func TestRequestIsSignedAndNamed(t *testing.T) {
	key := base64.StdEncoding.EncodeToString([]byte("a key of twenty-four byt"))
	signer, faults := signature.CompileSigner(signature.Config{Type: "standard", Secrets: []string{"whsec_" + key}})
	if faults != nil {
		t.Fatal(faults)
	}
	oracle, err := standardwebhooks.NewWebhook("whsec_" + key)
	if err != nil {
		t.Fatal(err)
	}
	w := real(t, func(r received) reply {
		if r.n == 1 {
			return reply{status: 500}
		}
		return reply{}
	})
	signed := *w.target
	signed.Signer, signed.Retry = signer, retry.Policy{Schedule: []time.Duration{0}}
	signed.Headers = []directory.Header{
		{Name: "X-Acme-Auth", Value: "tenant"}, {Name: "Authorization", Value: "Bearer t"},
		{Name: "Webhook-Id", Value: "forged"}, {Name: "hookgate-attempt", Value: "99"}, {Name: "user-agent", Value: "mine/1"},
	}
	w.setTarget(&signed)
	n := w.publish("acme", gateway.PlatformEndpoint)
	w.await(1)
	got := w.receiver.all()
	if len(got) != 2 {
		t.Fatalf("%d requests", len(got))
	}
	for i, r := range got {
		if !sameBody(r, n) || r.path != "/resume" {
			t.Errorf("request %d: %s to %s", i, r.body, r.path)
		}
		if err := oracle.Verify(r.body, r.header); err != nil {
			t.Errorf("request %d: %v", i, err)
		}
		for name, want := range map[string]string{
			"Hookgate-Attempt": fmt.Sprint(i + 1), "Content-Type": "application/json", "User-Agent": "mine/1",
			"Webhook-Id": n.Event.ID, "X-Acme-Auth": "tenant", "Authorization": "Bearer t",
		} {
			if values := r.header[http.CanonicalHeaderKey(name)]; len(values) != 1 || values[0] != want {
				t.Errorf("request %d: %s is %q, want %q alone", i, name, values, want)
			}
		}
	}

	unsigned := *w.target
	unsigned.Signer, unsigned.Headers = nil, nil
	w.setTarget(&unsigned)
	n = w.publish("acme", gateway.PlatformEndpoint)
	w.await(1)
	last := w.receiver.all()[2]
	if !sameBody(last, n) || last.header.Get("webhook-signature") != "" || last.header.Get("User-Agent") != "hookgate/test" {
		t.Errorf("unsigned: %v", last.header)
	}
}

func TestScheduleOfHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(500))
		defer w.stop()
		alone := *w.target
		alone.Breaker, alone.Retry.Schedule = nil, steady.Schedule[:5]
		w.setTarget(&alone)
		n := w.publish("acme", gateway.PlatformEndpoint)
		w.await(1)
		d, attempts := w.read(n)
		if d.State != gateway.DeliveryDead || len(attempts) != 6 {
			t.Fatalf("%s after %d attempts", d.State, len(attempts))
		}
		at := n.Delivery.CreatedAt
		for i, a := range attempts {
			if i > 0 {
				at = at.Add(steady.Schedule[i-1])
			}
			if late := a.At.Sub(at); late < 0 || late > time.Second || a.Status != 500 || a.Error != "5xx" {
				t.Errorf("attempt %d at %s, want %s: %+v", i+1, a.At, at, a)
			}
		}
	})
}

func TestDeliveriesWaitForATarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := bubble(t, always(200))
		defer w.stop()
		target := w.target
		w.setTarget(nil)
		n := w.publish("acme", gateway.PlatformEndpoint)
		time.Sleep(time.Hour)
		if got := w.receiver.all(); len(got) != 0 {
			t.Fatal("sent to nowhere")
		}
		w.setTarget(target)
		w.await(1)
		if d, _ := w.read(n); d.Attempts != 1 {
			t.Errorf("%d attempts", d.Attempts)
		}
	})
}

// lines is a log that many write to.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestOneLineForEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged lines
		w := bubble(t, func(r received) reply { return reply{status: 500, body: []byte("s3cret")} })
		defer w.stop()
		_ = w.halt()
		w.options.Logger = slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		w.start()
		target := *w.target
		target.URL += "?key=s3cret"
		target.Headers = []directory.Header{{Name: "X", Value: "s3cret"}}
		target.Retry = retry.Policy{Schedule: []time.Duration{time.Second}}
		w.setTarget(&target)
		n := w.publish("acme", gateway.PlatformEndpoint)
		w.await(1)
		text := logged.String()
		if strings.Count(text, "\n") != 2 || strings.Contains(text, "s3cret") {
			t.Errorf("%s", text)
		}
		for _, part := range []string{
			`"tenant":"acme"`, `"endpoint":"_platform"`, `"delivery_id":"` + n.Delivery.ID, `"event_id":"` + n.Event.ID,
			`"attempt":2`, `"status":500`, `"error":"5xx"`, `"duration_ms":`, `"state":"dead"`, `"level":"WARN"`,
		} {
			if !strings.Contains(text, part) {
				t.Errorf("no %s in %s", part, text)
			}
		}
	})
}

// TestWordsAreOutcomes: what transport says is what retry and metrics know.
func TestWordsAreOutcomes(t *testing.T) {
	known := map[string]bool{}
	for _, o := range retry.Outcomes {
		known[string(o)] = true
	}
	for _, word := range []string{
		transport.WordTimeout, transport.WordConnect, transport.WordTLS, transport.WordDNS, transport.WordBlocked, transport.WordProtocol,
	} {
		if !known[word] {
			t.Errorf("%s is no outcome", word)
		}
	}
}
