package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// slowServer begins an answer at once, with its name, and ends it when it is told to:
// what has the path /late it does not even begin before.
func slowServer(t *testing.T, name string) (s *httptest.Server, asked <-chan struct{}, end chan<- struct{}) {
	t.Helper()
	began, ending := make(chan struct{}, 8), make(chan struct{}, 8)
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/late") {
			_, _ = io.WriteString(w, name)
			_ = http.NewResponseController(w).Flush() // net/http's own can
		}
		began <- struct{}{}
		select {
		case <-ending:
			_, _ = io.WriteString(w, " ends")
		case <-r.Context().Done():
			t.Errorf("%s %s was dropped", name, r.URL.Path)
		}
	}))
	t.Cleanup(s.Close)
	return s, began, ending
}

// routesOf is a file with proxy routes, each "name path upstream".
func routesOf(routes ...string) string {
	text := oneSource + "routes:\n"
	for _, r := range routes {
		part := strings.Fields(r)
		text += fmt.Sprintf("  %s: { mode: proxy, match: { path: %s }, upstreams: [{ url: %q }] }\n", part[0], part[1], part[2])
	}
	return text
}

// underWay asks for a path, and gives what comes of it in the end.
func underWay(t *testing.T, p *program.Program, path string) <-chan string {
	got := make(chan string, 1)
	go func() {
		a, err := p.Sender().Do(t.Context(), http.MethodGet, path, nil)
		got <- fmt.Sprintf("%d %s %v", a.Status, a.Body, err)
	}()
	return got
}

// A reload changes, adds and takes away routes. What is under way ends as it began.
func TestReloadDuringAProxiedRequest(t *testing.T) {
	t.Parallel()
	slow, asked, end := slowServer(t, "slow")
	quick := platformServer(t, "quick")
	p := program.Start(t, program.Options{Config: routesOf("stays /stays "+slow.URL, "goes /goes "+slow.URL)})
	reload := func(routes ...string) {
		t.Helper()
		p.Configure(t, routesOf(routes...))
		p.Admin().Must(t, []int{200}, "POST", "/v1/reload", nil)
	}
	var all []<-chan string
	for _, path := range []string{"/stays", "/stays/late", "/goes", "/goes/late"} {
		all = append(all, underWay(t, p, path))
		<-asked
	}

	reload("stays /stays "+quick.URL, "added /added "+quick.URL)
	for path, want := range map[string]int{"/stays": 200, "/added": 200, "/goes": 404} {
		a := p.Sender().Must(t, []int{want}, "GET", path, nil)
		if want == 200 && !strings.HasPrefix(string(a.Body), "quick GET "+path) {
			t.Errorf("%s is answered %s", path, a)
		}
	}
	reload("other / " + quick.URL) // and with the last of its routes, the slow server goes
	for range all {
		end <- struct{}{}
	}
	for i, want := range []string{"200 slow ends <nil>", "200  ends <nil>", "200 slow ends <nil>", "200  ends <nil>"} {
		if got := <-all[i]; got != want {
			t.Errorf("request %d was answered %q, want %q", i, got, want)
		}
	}
}

// What a relay route took waits while the file does not have it, and goes to where
// the file says once it has it again.
func TestReloadOfARelay(t *testing.T) {
	t.Parallel()
	ill, well := gatewaytest.NewReceiver(t, 500), gatewaytest.NewReceiver(t)
	relayTo := func(url string) string {
		return oneSource + `routes:
  bot: { mode: relay, tenant: acme, match: { path: /bot }, retry: { initial: 10ms, max: 20ms, max_attempts: 100000 }, breaker: { enabled: false }, upstreams: [{ url: "` + url + `" }] }
`
	}
	p := program.Start(t, program.Options{Config: relayTo(ill.URL)})
	reload := func(text string) {
		t.Helper()
		p.Configure(t, text)
		p.Admin().Must(t, []int{200}, "POST", "/v1/reload", nil)
	}
	p.Sender().Must(t, []int{200}, "POST", "/bot/x?y=1", "\x00kept")
	if _, err := ill.Await(t.Context(), func(q gatewaytest.Received) bool { return q.Number == 2 }); err != nil {
		t.Fatal(err)
	}
	reload(oneSource)
	p.Sender().Must(t, []int{404}, "POST", "/bot/x", "lost")
	program.Eventually(t, time.Minute, func() error { // its time has come, and nobody knew where to
		var list struct {
			Data []struct {
				NextAttemptAt time.Time `json:"next_attempt_at"`
			}
		}
		p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/deliveries", nil).Decode(t, &list)
		if len(list.Data) != 1 || time.Since(list.Data[0].NextAttemptAt) < 100*time.Millisecond {
			return fmt.Errorf("it is still tried: %+v", list)
		}
		return nil
	})
	reload(relayTo(well.URL))
	q, err := well.Await(t.Context(), func(gatewaytest.Received) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if q.Path != "/bot/x?y=1" || string(q.Body) != "\x00kept" || q.Header.Get("webhook-id") != ill.Got()[0].Header.Get("webhook-id") {
		t.Errorf("after all it came as %s %v %q", q.Path, q.Header, q.Body)
	}
}
