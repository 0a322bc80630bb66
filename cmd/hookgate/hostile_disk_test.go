package main

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// startOnDisk starts the program with its data on a disk of its own of so many MiB: a
// tmpfs in a namespace of its own, where a user may make one.
func startOnDisk(t *testing.T, mebibytes int, config string) *program.Program {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("a disk is made as Linux does")
	}
	folder := t.TempDir()
	p := &program.Program{Log: &program.Log{}, Dir: filepath.Join(folder, "disk", "data"), File: filepath.Join(folder, "hookgate.yaml")}
	disk := filepath.Dir(p.Dir)
	if err := os.Mkdir(disk, 0o700); err != nil {
		t.Fatal(err)
	}
	const mount = `mount -t tmpfs -o size="$0"m tmpfs "$1" && shift && exec "$@"`
	size := fmt.Sprint(mebibytes)
	wrapped := []string{"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount, size, disk}
	unshare, err := exec.LookPath(wrapped[0])
	if err != nil {
		t.Skip("this needs unshare")
	}
	if out, err := exec.CommandContext(t.Context(), unshare, append(wrapped[1:len(wrapped):len(wrapped)], "true")...).CombinedOutput(); err != nil {
		t.Skipf("no disk can be made here: %v %s", err, out)
	}
	p.Configure(t, config)
	c := program.Command(t, []string{"HOOKGATE_ADMIN_TOKEN=" + program.AdminToken, "HOOKGATE_LOG_LEVEL=info"},
		"serve", "--public", "127.0.0.1:0", "--internal", "127.0.0.1:0", "--data", p.Dir, "--config", p.File)
	link := filepath.Join(folder, program.Name) // by which the test binary knows what to be
	if err := os.Symlink(c.Path, link); err != nil {
		t.Fatal(err)
	}
	c.Args = append(append(wrapped, link), c.Args[1:]...)
	c.Path, c.Stderr = unshare, p.Log
	p.Run(t, c)
	if err := p.Listening(t); err != nil {
		t.Fatalf("%v\n%s", err, p.Log.Text())
	}
	p.WaitReady(t)
	return p
}

// A tenant that fills the disk: its events, which nobody takes, and what its endpoint says
// to each of a hundred attempts. The bystander's callbacks, waits and events are taken all
// the while.
func TestHostileDisk(t *testing.T) {
	angry := gatewaytest.NewReceiver(t)
	text := noise(12 << 10)
	angry.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Status: 500, Body: text} })
	p := startOnDisk(t, 192, fmt.Sprintf(arenaConfig, angry.URL))
	p.Admin().Must(t, []int{201}, "PUT", ofMallory, "{}")
	mallory := program.NewClient(t, p.Internal, (&arena{Program: p, t: t}).token("mallory"))
	for i := range 5 {
		mallory.Must(t, []int{201}, "PUT", fmt.Sprintf("%s/endpoints/e%d", ofMallory, i),
			fmt.Sprintf(`{"url":%q,"event_types":["note"],"retry":{"initial":"100ms","max":"100ms","max_attempts":1000},"breaker":{"enabled":false},"concurrency":50}`, angry.URL))
	}
	fill := func() (refused int) {
		for until := time.Now().Add(3 * time.Second); time.Now().Before(until); {
			got := mallory.Must(t, []int{202, 503}, "POST", ofMallory+"/events", `{"events":[{"event":{"type":"note","payload":{"text":"`+noise(200<<10)+`"}}}]}`)
			if got.Status == 503 {
				refused++
				if !strings.Contains(string(got.Body), "its share") || got.Header.Get("Retry-After") == "" {
					t.Fatalf("the attacker fills the disk for all: %s", got)
				}
			}
		}
		return refused
	}
	n := 0
	works := func() {
		n++
		got := p.Sender().Must(t, []int{200, 202}, "POST", "/hooks/bystander/payments", keyed(fmt.Sprintf("k%d", n), `"x":1`), "X-Token: a-token-of-16-characters")
		if got.Field("outcome") == "" {
			t.Errorf("a callback of the bystander: %s", got)
		}
		p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/bystander/events", messages(1))
	}
	works()
	refused := 0
	program.Eventually(t, 2*hostilePatience, func() error {
		if refused += fill(); refused == 0 {
			return fmt.Errorf("the attacker was not refused yet")
		}
		return nil
	})
	for range 3 {
		for range 20 {
			works()
		}
		refused += fill()
	}
	t.Logf("the attacker was refused %d times", refused)
	if share := measured(t, dialRaw(t, p.Internal), `hookgate_budget_largest_share{budget="storage"}`); share < 60<<20 || share > 140<<20 {
		t.Errorf("its share is told as %.0f bytes", share)
	}
}

// A tenant fills the disk with what was promised before it was nearly full: the outcomes of
// calls that all wait for their backend, and of waits that are then resolved by hand. The
// bystander's callbacks and events are taken all the while.
func TestHostileDiskPromises(t *testing.T) {
	target, answer := gatewaytest.NewReceiver(t), make(chan struct{})
	target.Script(func(got gatewaytest.Received) gatewaytest.Reply {
		if got.Path != "/backend" {
			return gatewaytest.Reply{Status: 500}
		}
		<-answer
		return gatewaytest.Reply{Body: `{"v":"` + noise(980<<10) + `"}`, Header: http.Header{"Content-Type": {"application/json"}}}
	})
	p := startOnDisk(t, 256, fmt.Sprintf(arenaConfig, target.URL))
	api := p.Admin()
	api.Must(t, []int{201}, "PUT", ofMallory, `{"platform":{"url":"`+target.URL+`"}}`)
	api.Must(t, []int{201}, "PUT", ofMallory+"/sources/payments", arenaOpen)
	api.Must(t, []int{201}, "PUT", ofMallory+"/webhooks/slow", `{"url":"`+target.URL+`/backend","mode":"async","timeout":"60s","response":{"variables":[{"name":"v","path":"v"}]}}`)
	n := 0
	works := func() {
		t.Helper()
		for range 10 {
			n++
			p.Sender().Must(t, []int{202}, "POST", "/hooks/bystander/payments", keyed(fmt.Sprintf("k%d", n), `"x":1`), "X-Token: a-token-of-16-characters")
			api.Must(t, []int{202}, "POST", "/v1/tenants/bystander/events", messages(1))
		}
	}
	var waits []string
	for i := range 100 {
		waits = append(waits, api.Must(t, []int{201}, "POST", ofMallory+"/waits", fmt.Sprintf(`{"conversation_key":"w%d","source":"payments","mode":"poll","timeout_seconds":300}`, i)).Field("id"))
	}
	calls := 0
	for api.Must(t, []int{202, 503}, "POST", ofMallory+"/webhooks/slow/call", `{}`).Status == 202 {
		calls++
	}
	if calls == 0 || calls > 60 {
		t.Errorf("on a disk of 256 MiB %d calls are let in, whose outcomes have 2 MiB each", calls)
	}
	works()
	close(answer)
	program.Eventually(t, hostilePatience, func() error {
		works()
		if left := measured(t, dialRaw(t, p.Internal), `hookgate_budget_used{budget="calls"}`); left > 0 {
			return fmt.Errorf("%.0f calls have not ended", left)
		}
		return nil
	})
	for api.Must(t, []int{202, 503}, "POST", ofMallory+"/events", `{"events":[{"event":{"type":"note","payload":{"text":"`+noise(900<<10)+`"}}}]}`).Status == 202 {
	}
	refused := ""
	for _, id := range waits {
		switch got := api.Must(t, nil, "POST", ofMallory+"/waits/"+id+"/resolve", `{"branch":"SUCCESS","variables":{"v":"`+noise(900<<10)+`"}}`); got.Status {
		case 200: // what is compacted may give some back
		case 503:
			refused = id
		default:
			t.Fatalf("a wait is resolved by hand: %d", got.Status)
		}
	}
	works()
	if refused == "" {
		t.Fatal("each wait was resolved with 900 KiB of variables")
	}
	api.Must(t, []int{200}, "POST", ofMallory+"/waits/"+refused+"/resolve", `{"branch":"SUCCESS"}`)
}

// noise is text that no disk compresses to less than half.
func noise(n int) string {
	b := make([]byte, n/2)
	_, _ = rand.Read(b) // it never fails
	return hex.EncodeToString(b)
}

// Whatever a tenant keeps, and whichever way it comes, counts for its limits.storage, and
// for that of the tenant above; what others bring is taken.
func TestLimitsStorage(t *testing.T) {
	target := gatewaytest.NewReceiver(t)
	p := program.Start(t, program.Options{Config: fmt.Sprintf(arenaConfig, target.URL)})
	api := p.Admin()
	api.Must(t, []int{201}, "PUT", "/v1/tenants/agency", `{"limits":{"storage":"1MiB"}}`)
	api.Must(t, []int{201}, "PUT", ofMallory, `{"parent":"agency","platform":{"url":"`+target.URL+`"}}`)
	api.Must(t, []int{201}, "PUT", ofMallory+"/sources/payments", arenaOpen)
	api.Must(t, []int{201}, "PUT", ofMallory+"/webhooks/own", fmt.Sprintf(`{"url":%q}`, target.URL))
	api.Must(t, []int{422}, "PUT", "/v1/tenants/agency", `{"limits":{"storage":1000}}`)
	for range 6 {
		api.Must(t, []int{202}, "POST", ofMallory+"/events", `{"events":[{"event":{"type":"note","payload":{"text":"`+noise(200<<10)+`"}}}]}`)
	}
	// What is stored is looked at after a while: the first of a kind may be taken, and one like
	// it would be answered for that one's sake.
	asked := 0
	another := func() string { asked++; return fmt.Sprintf("k-%d", asked) }
	for of, want := range map[string]int{"mallory": 429, "bystander": 0} {
		for what, ask := range map[string]func() program.Answer{
			"an event": func() program.Answer {
				return api.Must(t, nil, "POST", "/v1/tenants/"+of+"/events", messages(1))
			},
			"a wait": func() program.Answer {
				return api.Must(t, nil, "POST", "/v1/tenants/"+of+"/waits", `{"source":"payments","conversation_key":"`+another()+`","mode":"poll"}`)
			},
			"a call": func() program.Answer {
				return api.Must(t, nil, "POST", "/v1/tenants/"+of+"/webhooks/own/call", `{"conversation_key":"c"}`)
			},
			"a job": func() program.Answer {
				if of == "mallory" {
					api.Must(t, []int{200, 201}, "PUT", ofMallory+"/endpoints/own", fmt.Sprintf(`{"url":%q}`, target.URL))
				}
				return api.Must(t, nil, "POST", "/v1/tenants/"+of+"/endpoints/own/replay", `{}`)
			},
			"a callback": func() program.Answer {
				return p.Sender().Must(t, nil, "POST", "/hooks/"+of+"/payments", keyed(another(), `"x":1`), "X-Token: a-token-of-16-characters")
			},
		} {
			program.Eventually(t, hostilePatience, func() error {
				got := ask()
				if want == 0 && got.Status >= 300 || want != 0 && (got.Status != want || got.Header.Get("Retry-After") == "" || !strings.Contains(string(got.Body), "limits.storage")) {
					return fmt.Errorf("%s of %s: %s", what, of, got)
				}
				return nil
			})
		}
	}
}
