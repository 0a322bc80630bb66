package kills

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway/gatewaytest/program"
)

// TestKillAuditDeeds kills the program while an endpoint is paused and resumed, waits are
// resolved, deliveries cancelled and jobs made. Each that was done has its line, and each
// line is of one that was done.
func TestKillAuditDeeds(t *testing.T) {
	o := program.Options{Binary: built, Dir: filepath.Join(t.TempDir(), "data"), Config: `
tenants:
  acme:
    sources: { s: { verify: { type: none } } }
    endpoints: { e: { url: "https://crm.example.com/" }, still: { url: "https://crm.example.com/" } }
`}
	p := program.Start(t, o)
	p.Admin().Must(t, []int{200}, "POST", "/v1/tenants/acme/endpoints/still/pause", nil)
	p.Kill9()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 2))
	done := 0
	for round := range *auditKills + 1 {
		p = program.Start(t, o)
		if err := deedsHaveLines(t, p.Admin()); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		if round == *auditKills {
			break
		}
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for n := 0; deeds(p.Admin(), fmt.Sprintf("%d-%d", round, n)); n++ {
				done++
			}
		}()
		<-time.After(time.Duration(50+rng.IntN(400)) * time.Millisecond)
		p.Kill9()
		<-stopped
	}
	t.Logf("seed %d: %d rounds of deeds were answered in %d lives", seed, done, *auditKills)
}

// deeds does one of each; false when one was not answered.
func deeds(c *program.Client, key string) bool {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	ok := true
	ask := func(path, body string) program.Answer {
		if !ok {
			return program.Answer{}
		}
		a, err := c.Do(ctx, "POST", "/v1/tenants/acme/"+path, []byte(body))
		ok = err == nil && a.Status < 300
		return a
	}
	ask("endpoints/e/pause", "")
	wait := ask("waits", `{"source":"s","mode":"poll","timeout_seconds":300,"conversation_key":"`+key+`"}`).Field("id")
	ask("waits/"+wait+"/resolve", `{"branch":"SUCCESS"}`)
	sent := ask("endpoints/still/test", "").Field("delivery_id")
	ask("deliveries/"+sent+"/cancel", "")
	ask("endpoints/e/replay", "")
	ask("endpoints/e/resume", "")
	return ok
}

// deedsHaveLines holds what was done to its lines.
func deedsHaveLines(t *testing.T, c *program.Client) error {
	t.Helper()
	lines := map[string][]string{} // by action, the newest first
	for _, l := range pagesOf(t, c, "/v1/audit?tenant=acme") {
		lines[l.Get("action").Str] = append(lines[l.Get("action").Str], strings.TrimPrefix(l.Get("object").Str, "tenants/acme/"))
	}
	happened := map[string]map[string]int{"resolve": {}, "cancel": {}}
	for _, w := range pagesOf(t, c, "/v1/tenants/acme/waits?state=resumed") {
		happened["resolve"]["waits/"+w.Get("id").Str]++
	}
	for _, d := range pagesOf(t, c, "/v1/tenants/acme/deliveries?state=cancelled") {
		happened["cancel"]["deliveries/"+d.Get("id").Str]++
	}
	for action, of := range happened {
		for _, object := range lines[action] {
			if of[object]--; of[object] != 0 {
				return fmt.Errorf("a line says %s %s, which is not so, or says it twice", action, object)
			}
			delete(of, object)
		}
		if len(of) > 0 {
			return fmt.Errorf("%s of %v has no line", action, of)
		}
	}
	if jobs := len(pagesOf(t, c, "/v1/jobs?")); jobs != len(lines["replay"]) {
		return fmt.Errorf("%d jobs have %d lines", jobs, len(lines["replay"]))
	}
	pauses := 0
	for _, object := range lines["pause"] {
		if object == "endpoints/e" {
			pauses++
		}
	}
	paused := gjson.GetBytes(c.Must(t, []int{200}, "GET", "/v1/tenants/acme/endpoints/e", nil).Body, "paused").Bool()
	// One that was killed between is paused again first: then a pause comes after a pause.
	last := ""
	for _, l := range pagesOf(t, c, "/v1/audit?object=tenants/acme/endpoints/e") {
		if action := l.Get("action").Str; action == "pause" || action == "resume" {
			last = action
			break
		}
	}
	if (last == "pause") != paused || pauses < len(lines["resume"]) {
		return fmt.Errorf("paused is %t, the last line says %q, of %d pauses and %d resumes", paused, last, pauses, len(lines["resume"]))
	}
	return nil
}

// pagesOf reads a list whole.
func pagesOf(t *testing.T, c *program.Client, path string) (all []gjson.Result) {
	t.Helper()
	for cursor := ""; ; {
		page := gjson.ParseBytes(c.Must(t, []int{200}, "GET", path+"&limit=1000&cursor="+cursor, nil).Body)
		all = append(all, page.Get("data").Array()...)
		if cursor = page.Get("next_cursor").Str; cursor == "" {
			return all
		}
	}
}
