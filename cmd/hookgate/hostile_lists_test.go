package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
)

// listsConfig lets an endpoint on loopback fail, again and again, at once.
const listsConfig = `
egress: { allow: [127.0.0.0/8] }
tenants:
  acme:
    sources:
      payments: { verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] } }
    endpoints:
      crm:
        url: %s
        sign: { type: none }
        concurrency: 32
        breaker: { enabled: false }
        retry: { schedule: ["1ms", "1ms", "1ms"], jitter: 0 }
  other: {}
`

const (
	mostListed   = 8 << 20   // bytes of one answer of a list (SPEC 16)
	mostResident = 512 << 20 // bytes of the whole process, whatever is done to it
)

// peakMemory is the most that a process has had in memory, in bytes.
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells how much a process has had in memory")
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// lister reads lists as a tenant.
type lister struct {
	client *gatewaytest.Client
	mu     sync.Mutex
	faults []string
}

func (l *lister) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

// all reads a list to its end and counts how often each thing is in it. Where it is
// told to come again it does.
func (l *lister) all(path string) map[string]int {
	seen := map[string]int{}
	for next := path; next != ""; {
		a, err := l.client.Do(context.Background(), "GET", next, nil)
		switch {
		case err != nil:
			l.fault("%s: %v", path, err)
			return seen
		case a.Status == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != "":
			time.Sleep(20 * time.Millisecond) // as it was told, only sooner
			continue
		case a.Status != http.StatusOK || len(a.Body) > mostListed:
			l.fault("%s: status %d, %d bytes", path, a.Status, len(a.Body))
			return seen
		}
		var page struct {
			Data []struct{ ID string }
			Next *string `json:"next_cursor"`
		}
		if err := json.Unmarshal(a.Body, &page); err != nil {
			l.fault("%s: %v", path, err)
			return seen
		}
		for _, one := range page.Data {
			seen[one.ID]++
		}
		if next = ""; page.Next != nil {
			next = path + "&cursor=" + *page.Next
		}
	}
	return seen
}

// wants checks that a list had so many things, each once.
func (l *lister) wants(path string, count int) {
	seen := l.all(path)
	for id, n := range seen {
		if n != 1 {
			l.fault("%s lists %s %d times", path, id, n)
		}
	}
	if len(seen) != count {
		l.fault("%s lists %d, want %d", path, len(seen), count)
	}
}

// A tenant makes its deliveries and waits as large as they can be, and lists them all
// at once, many times at once: each answer and the process stay within their bounds,
// and another tenant is answered.
func TestHostileLists(t *testing.T) {
	const deliveries, attempts, waits, holders = 250, 4, 100, 200
	answer := bytes.Repeat([]byte{1}, 16<<10) // in JSON each byte takes six
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write(answer)
	}))
	t.Cleanup(failing.Close)
	p := gatewaytest.Start(t, gatewaytest.Options{Config: fmt.Sprintf(listsConfig, failing.URL)})
	token := p.Admin().Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"acme","name":"hostile"}`).Field("token")
	attacker := &lister{client: p.Admin().As(token)}
	other := p.Admin().As(p.Admin().Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"other","name":"bystander"}`).Field("token"))

	event := `{"event":{"type":"message"},"conversation":{"key":"c"}}`
	p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[`+event+strings.Repeat(","+event, deliveries-1)+`]}`)
	large := strings.Repeat("x", 1<<20-64)
	for i := range waits {
		p.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/waits", fmt.Sprintf(`{"source":"payments","conversation_key":"w%d","mode":"poll"}`, i))
		p.Sender().Must(t, []int{200}, "POST", "/hooks/acme/payments", fmt.Sprintf(`{"conversation_key":"w%d","x":"%s"}`, i, large), sourceToken)
	}
	gatewaytest.Eventually(t, hostilePatience, func() error {
		if n := len(attacker.all("/v1/tenants/acme/deliveries?limit=1000&state=dead")); n != deliveries {
			return fmt.Errorf("%d deliveries are dead, want %d; %q", n, deliveries, attacker.faults)
		}
		return nil
	})
	t.Logf("before the attack: %d MiB at most", peakMemory(t, p.PID())>>20)

	var attack sync.WaitGroup
	for range 4 {
		for path, count := range map[string]int{
			"/v1/tenants/acme/deliveries?limit=1000": deliveries, "/v1/tenants/acme/waits?limit=1000": waits, "/v1/tenants/acme/events?limit=1000": deliveries,
		} {
			attack.Go(func() { attacker.wants(path, count) })
		}
	}
	for range 2 {
		attack.Go(func() { attacker.wants("/v1/tenants/acme/deliveries?limit=1000&include=bodies", deliveries) })
		attack.Go(func() { attacker.wants("/v1/tenants/acme/waits?limit=1000&include=bodies", waits) })
	}
	done := make(chan struct{})
	go func() { attack.Wait(); close(done) }()
	for under := true; under; {
		other.Must(t, []int{200}, "GET", "/v1/tenants/other/deliveries?limit=1000&include=bodies", nil)
		select {
		case <-done:
			under = false
		case <-time.After(10 * time.Millisecond): // one list of many a second
		}
	}
	readOnes(attacker, "/v1/tenants/acme/waits")
	readOnes(attacker, "/v1/tenants/acme/deliveries")
	holdOne(t, p, attacker, holders, large)
	for _, fault := range attacker.faults {
		t.Error(fault)
	}
	peak := peakMemory(t, p.PID())
	t.Logf("%d MiB at most", peak>>20)
	if peak > mostResident {
		t.Errorf("the process had %d MiB, want at most %d", peak>>20, mostResident>>20)
	}
	scrape := dialRaw(t, p.Internal)
	gatewaytest.Eventually(t, hostilePatience, func() error {
		if n := measured(t, scrape, `hookgate_budget_used{budget="answers"}`); n != 0 {
			return fmt.Errorf("answers still hold %.0f bytes", n)
		}
		return nil
	})
}

// readOnes reads things of a list by themselves, very many at once. Each is answered,
// or told to come again.
func readOnes(l *lister, list string) {
	var reads sync.WaitGroup
	for id := range l.all(list + "?limit=100") {
		for range 8 {
			reads.Go(func() {
				a, err := l.client.Do(context.Background(), "GET", list+"/"+id, nil)
				if err != nil || a.Status != 200 && (a.Status != 503 || a.Header.Get("Retry-After") == "") {
					l.fault("%s/%s: %d, %v", list, id, a.Status, err)
				}
			})
		}
	}
	reads.Wait()
}

// holdOne has many hold one wait with a large callback, which ends for all of them at
// once: each is told, or told to come again.
func holdOne(t *testing.T, p *gatewaytest.Program, l *lister, holders int, large string) {
	t.Helper()
	id := p.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/waits", `{"source":"payments","conversation_key":"held","mode":"poll","timeout_seconds":300}`).Field("id")
	var held sync.WaitGroup
	told := make(chan int, holders)
	for range holders {
		conn := dialRaw(t, p.Internal)
		conn.send("GET /v1/tenants/acme/waits/" + id + "?hold=60 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nAuthorization: Bearer " + l.client.Token + "\r\n\r\n")
		held.Go(func() {
			a, body, err := conn.take()
			if err != nil || a.StatusCode != 503 && (a.StatusCode != 200 || body < 1<<20-64) {
				l.fault("a holder got %d bytes, %v, %v", body, a, err)
				return
			}
			told <- a.StatusCode
		})
	}
	p.Sender().Must(t, []int{200}, "POST", "/hooks/acme/payments", `{"conversation_key":"held","x":"`+large+`"}`, sourceToken)
	held.Wait()
	close(told)
	counts := map[int]int{}
	for status := range told {
		counts[status]++
	}
	t.Logf("of %d holders: %v", holders, counts)
	p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/waits/"+id, nil)
}

// take reads one answer, and gives how long its body is.
func (c *peer) take() (*http.Response, int64, error) {
	a, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return nil, 0, err
	}
	n, err := io.Copy(io.Discard, a.Body)
	return a, n, err
}
