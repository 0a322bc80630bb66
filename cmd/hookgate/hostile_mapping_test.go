package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
)

// mappingNeighbours is a configuration with a hostile tenant and a bystander.
const mappingNeighbours = `
tenants:
  hostile: {}
  bystander:
    sources:
      payments:
        early: { max: 100000 }
        verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-16-characters"] }
        variables: [ { name: amount, path: data.amount, type: number }, { name: currency, path: data.currency } ]
`

// A tenant that maps one large field fifty times, and one whose patterns are as dear as
// they may be, get their refusals; the callbacks of another tenant do not feel it.
func TestHostileMapping(t *testing.T) {
	p, pid := startWithFiles(t, 4096, mappingNeighbours)
	var made struct{ Token string }
	a := p.Admin().Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"hostile","name":"h"}`)
	if err := json.Unmarshal(a.Body, &made); err != nil {
		t.Fatal(err)
	}
	hostile := p.Admin().As(made.Token)
	refusePatterns(t, hostile)
	attacks := hostileSources(t, hostile)

	calm := passerby(t, p, 500*time.Millisecond, nil)
	t.Logf("calm: %s", calm)
	for _, attack := range attacks {
		// The same bytes where nothing is mapped: what slows that is the machine, on which the
		// attacker works, too.
		twin := attack
		twin.source, twin.status, twin.outcome = "plain", 422, "conversation_key_missing"
		twin.body = strings.Replace(attack.body, "KEY", "no key", 1)
		beside, _ := twin.beside(t, p, time.Second)
		under, sent := attack.beside(t, p, 2*time.Second)
		t.Logf("%s, %d answered: %s; where nothing is mapped: %s", attack.source, sent, under, beside)
		if sent == 0 {
			t.Errorf("%s: nothing was answered as it should be", attack.source)
		}
		if most := max(3*calm.p99, 3*beside.p99, hostileFloorOf); under.p99 > most {
			t.Errorf("%s: a bystander's p99 is %s, want at most %s", attack.source, under.p99, most)
		}
	}
	peak := mostResidentOf(t, pid)
	t.Logf("peak memory: %d MiB", peak>>20)
	if peak > 512<<20 {
		t.Errorf("peak memory: %d MiB", peak>>20)
	}
	if lines := strings.Count(p.Log.Text(), "too much work"); lines == 0 || lines > 2*len(attacks) {
		t.Errorf("too complex callbacks are told of %d times", lines)
	}
}

const anySource = `"verify":{"type":"token","in":"header","name":"X-Token","secrets":["a-token-of-16-characters"]},"max_body":"16MiB"`

// refusePatterns writes patterns that grow when they are compiled, everywhere that one
// can be written.
func refusePatterns(t *testing.T, hostile *gatewaytest.Client) {
	pattern := strings.Repeat("(a{0,30}){0,30}", 48) + "b"
	if len(pattern) != 721 {
		t.Fatalf("%d bytes", len(pattern))
	}
	match := `"match":[{"name":"m","branch":"SUCCESS","when":[{"path":"a","regex":"` + pattern + `"}]}]`
	variables := `"variables":[{"name":"v","path":"$[?search(@,'` + pattern + `')]"}]`
	hostile.Must(t, []int{201}, "PUT", "/v1/tenants/hostile/sources/plain", `{`+anySource+`}`)
	for what, c := range map[string][3]string{
		"a source's match":     {"PUT", "/sources/s", `{` + anySource + `,` + match + `}`},
		"a source's variables": {"PUT", "/sources/s", `{` + anySource + `,` + variables + `}`},
		"a source's key":       {"PUT", "/sources/s", `{` + anySource + `,"conversation_key":{"in":"body","path":"$[?match(@,'` + pattern + `')]"}}`},
		"a wait's match":       {"POST", "/waits", `{"source":"plain","conversation_key":"k","mode":"poll",` + match + `}`},
		"a wait's variables":   {"POST", "/waits", `{"source":"plain","conversation_key":"k","mode":"poll",` + variables + `}`},
		"a webhook's":          {"PUT", "/webhooks/w", `{"profile":"builder","url":"https://example.com/","response":{` + variables + `}}`},
	} {
		a := hostile.Must(t, []int{422}, c[0], "/v1/tenants/hostile"+c[1], c[2])
		if !strings.Contains(string(a.Body), "over 2000 instructions: at most 1000") {
			t.Errorf("%s: %s", what, a.Body)
		}
	}
}

// hostileAttack is a source, what is sent to it, and how that must be answered.
type hostileAttack struct {
	source, body string
	status       int
	outcome      string
}

// hostileSources makes the worst sources that are taken.
func hostileSources(t *testing.T, hostile *gatewaytest.Client) []hostileAttack {
	var fifty, patterns, deep []string
	for i := range 50 {
		fifty = append(fifty, fmt.Sprintf(`{"name":"v%d","path":"a"}`, i))
		deep = append(deep, fmt.Sprintf(`{"name":"v%d","path":"$..*[?search(@,'%d(a{0,3}b?){9}')]..*"}`, i, i))
		patterns = append(patterns, fmt.Sprintf(`{"name":"m%d","branch":"SUCCESS","when":[{"path":"a","regex":"%da[ab]{50}|(a{0,9}b?){0,9}c"}]}`, i, i))
	}
	put := func(name, rules string) {
		hostile.Must(t, []int{201}, "PUT", "/v1/tenants/hostile/sources/"+name, `{`+anySource+`,`+rules+`}`)
	}
	put("fifty", `"variables":[`+strings.Join(fifty, ",")+`]`)
	put("patterns", `"match":[`+strings.Join(patterns, ",")+`]`)
	put("deep", `"variables":[`+strings.Join(deep, ",")+`]`)
	nested := strings.Repeat(`["aab",`, 60) + `1` + strings.Repeat(`]`, 60)
	return []hostileAttack{
		{"fifty", `{"conversation_key":"KEY","a":"` + strings.Repeat("x", 4<<20) + `"}`, 422, "variables_too_large"},
		{"patterns", `{"conversation_key":"KEY","a":"` + strings.Repeat("abaab", 20<<10) + `"}`, 422, "too_complex"},
		{"deep", `{"conversation_key":"KEY","a":[` + strings.Repeat(nested+",", 60) + nested + `]}`, 422, "too_complex"},
	}
}

// paceOf is how the callbacks of a bystander were answered.
type paceOf struct {
	n        int
	p50, p99 time.Duration
}

func (c paceOf) String() string {
	return fmt.Sprintf("%d callbacks, p50 %s, p99 %s", c.n, c.p50, c.p99)
}

// beside sends an attack on some connections, and gives how the bystander's callbacks
// were answered meanwhile, and how many of the attack's were as they should be.
func (a hostileAttack) beside(t *testing.T, p *gatewaytest.Program, length time.Duration) (paceOf, int64) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wait sync.WaitGroup
	var sent atomic.Int64
	for i := range 6 {
		wait.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				time.Sleep(hostilePause) // the attacker has the machine in common with those who are attacked
				got, err := p.Sender().Do(ctx, http.MethodPost, "/hooks/hostile/"+a.source, strings.Replace(a.body, "KEY", fmt.Sprintf("k%d-%d", i, n), 1), sourceToken)
				switch {
				case err != nil:
				case got.Status == a.status && got.Header.Get("Hookgate-Outcome") == a.outcome:
					sent.Add(1)
				case got.Status != http.StatusServiceUnavailable: // his own line may be too long
					t.Errorf("%s: %d %.200s", a.source, got.Status, got.Body)
					return
				}
			}
		})
	}
	under := passerby(t, p, length, &sent)
	stop()
	wait.Wait()
	return under, sent.Load()
}

// hostileFloorOf is what a bystander's p99 may be on a machine that is busy with other
// things; before the bounds it was seconds.
const hostileFloorOf = 300 * time.Millisecond

// hostilePause is between two requests of one hostile sender.
const hostilePause = 20 * time.Millisecond

// passerby sends callbacks of the bystander for so long, one after the other on two connections, and
// until the attack has had some answers. Each must be taken.
func passerby(t *testing.T, p *gatewaytest.Program, length time.Duration, attacked *atomic.Int64) paceOf {
	t.Helper()
	var mu sync.Mutex
	var all []time.Duration
	var wait sync.WaitGroup
	until := time.Now().Add(length)
	for i := range 2 {
		conn := dialFrom(t, net.IPv4(127, 0, 7, byte(1+i)), p.Public) // a client of his own
		wait.Go(func() {
			for time.Now().Before(until) || attacked != nil && attacked.Load() < 5 && time.Now().Before(until.Add(hostilePatience)) {
				body := fmt.Sprintf(`{"conversation_key":"chat%d","data":{"amount":1200,"currency":"EUR"}}`, serial.Add(1))
				start := time.Now()
				conn.send(fmt.Sprintf("POST /hooks/bystander/payments HTTP/1.1\r\nHost: a.test\r\n%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
					sourceToken, len(body), body))
				if status := conn.status(); status != 202 {
					t.Errorf("a bystander is answered %d", status)
					return
				}
				took := time.Since(start)
				mu.Lock()
				all = append(all, took)
				mu.Unlock()
				time.Sleep(time.Millisecond) // a sender, not a load
			}
		})
	}
	wait.Wait()
	if len(all) == 0 {
		t.Fatal("a bystander got no answer")
	}
	slices.Sort(all)
	return paceOf{len(all), all[len(all)/2], all[len(all)*99/100]}
}

// mostResidentOf is the most memory that a process has had, in bytes.
func mostResidentOf(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kilobytes int
	if _, err := fmt.Sscan(rest, &kilobytes); err != nil {
		t.Fatal(err)
	}
	return kilobytes << 10
}
