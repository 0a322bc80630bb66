package kills

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

var auditKills = flag.Int("audit.kills", 10, "how often TestKillAudit kills the program")

// TestKillAudit kills the program while a source is written again and again, made and
// deleted. There is never a change without its line, nor a line without its change: after
// each restart the lines of the source, one after the other, end in what it is now, and
// have every write that was answered.
func TestKillAudit(t *testing.T) {
	o := program.Options{Binary: built, Dir: filepath.Join(t.TempDir(), "data")}
	p := program.Start(t, o)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	p.Kill9()
	seed := rand.Uint64()
	rng := rand.New(rand.NewPCG(seed, 1))
	w := &auditWriter{}
	for round := range *auditKills {
		p = program.Start(t, o)
		if err := w.check(t, p.Admin()); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			for w.write(p.Admin()) {
			}
		}()
		<-time.After(time.Duration(50+rng.IntN(400)) * time.Millisecond)
		p.Kill9()
		<-stopped
	}
	p = program.Start(t, o)
	if err := w.check(t, p.Admin()); err != nil {
		t.Fatalf("seed %d: %v", seed, err)
	}
	t.Logf("seed %d: %d writes were answered in %d lives", seed, w.answered, *auditKills)
}

// auditWriter writes one source. Each write has a number, which is the source's rate_limit;
// every tenth deletes it, which is 0.
type auditWriter struct {
	sent, answered int // numbers
}

func (w *auditWriter) number(n int) int {
	if n%10 == 0 {
		return 0
	}
	return n
}

const auditSource = "/v1/tenants/acme/sources/s"

// write makes the next write; false when it was not answered.
func (w *auditWriter) write(c *program.Client) bool {
	n := w.sent + 1
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	method, body := "PUT", any(fmt.Sprintf(`{"verify": {"type": "token", "in": "header", "name": "X-T", "secrets": ["secret-number-%08d"]}, "rate_limit": %d}`, n, n))
	if w.number(n) == 0 {
		method, body = "DELETE", nil
	}
	w.sent = n
	a, err := c.Do(ctx, method, auditSource, body)
	if err != nil || a.Status >= 300 {
		return false
	}
	w.answered = n
	return true
}

type auditLine struct {
	Action  string
	Changes []struct {
		Path          string
		Before, After any
	}
}

// check reads the source and its lines. A write that was not answered may have happened:
// the next goes on from what is there.
func (w *auditWriter) check(t *testing.T, c *program.Client) error {
	t.Helper()
	var source struct {
		RateLimit struct {
			PerSecond int `json:"per_second"`
		} `json:"rate_limit"`
	}
	now := 0
	if a := c.Must(t, []int{200, 404}, "GET", auditSource, nil); a.Status == 200 {
		a.Decode(t, &source)
		now = source.RateLimit.PerSecond
	}
	var lines []auditLine
	for cursor := ""; ; {
		var page struct {
			Data       []auditLine
			NextCursor string `json:"next_cursor"`
		}
		c.Must(t, []int{200}, "GET", "/v1/audit?limit=1000&object=tenants/acme/sources/s&cursor="+cursor, nil).Decode(t, &page)
		lines = append(lines, page.Data...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	if now != w.number(w.answered) && now != w.number(w.sent) {
		return fmt.Errorf("the source is at %d, the last answered write is %d, the last sent %d", now, w.answered, w.sent)
	}
	at := 0
	for i := len(lines) - 1; i >= 0; i-- {
		before, after := 0, 0
		for _, change := range lines[i].Changes {
			if change.Path == "rate_limit.per_second" {
				before, after = numberOf(change.Before), numberOf(change.After)
			}
		}
		if before != at || lines[i].Action == "delete" != (after == 0) || lines[i].Action == "create" != (before == 0) {
			return fmt.Errorf("the %d-th line, %s, leads from %d to %d; the one before ends at %d", len(lines)-i, lines[i].Action, before, after, at)
		}
		at = after
	}
	if at != now {
		return fmt.Errorf("the lines end at %d, the source is at %d", at, now)
	}
	if len(lines) != w.answered && len(lines) != w.sent {
		return fmt.Errorf("%d lines for %d writes that were answered and %d that were sent", len(lines), w.answered, w.sent)
	}
	w.sent, w.answered = len(lines), len(lines) // each number is written once
	return nil
}

func numberOf(v any) int {
	n, _ := v.(float64)
	return int(n)
}
