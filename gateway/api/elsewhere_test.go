package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/api"
)

// away decides what is read at another node, whose answer has so many bytes.
type away struct{ bytes int }

func (a away) Decide(ctx *fasthttp.RequestCtx, _ gateway.Slot, _ string, _ []byte, here func() error) (bool, error) {
	if !ctx.IsGet() {
		return false, here()
	}
	ctx.SetStatusCode(http.StatusOK)
	ctx.Response.Header.Set("X-Of", "another")
	ctx.SetContentType("application/json")
	ctx.Response.SetBodyString(`{"data":[],"next_cursor":null}` + strings.Repeat(" ", a.bytes-30))
	return true, nil
}
func (away) Configures() gateway.Slot { return 0 }
func (away) Counts() gateway.Slot     { return 0 }
func (away) CatchUp() error           { return nil }
func (away) Missing() []string        { return nil }
func (away) Look(string)              {}

// An answer of another node has its memory here until its client has taken it: the one that gave it
// counts it no more. Whoever read large ones slowly, from nodes that do not decide, had as much as he
// liked.
func TestAnswersOfOtherNodesAreWithinTheBudget(t *testing.T) {
	const large = 12 << 20 // much more than sockets buffer
	budget, with := budgeted(16 << 20)
	k := withAcme(t, with, func(o *api.Options) { o.Elsewhere = away{large} })
	slow := k.ask(v1Acme + "/waits")
	for end := time.Now().Add(20 * time.Second); budget.Stat().Used < large; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("answers hold %+v", budget.Stat())
		}
	}
	if g := k.do("GET", v1Acme+"/waits", ""); g.status != 503 || g.code() != "unavailable" || g.header.Get("Retry-After") == "" {
		t.Errorf("beside it: %d %.200s", g.status, g.text)
	}
	k.must(slow.Close())
	drained(t, budget)
	if g := k.do("GET", v1Acme+"/waits", ""); g.status != 200 || len(g.text) != large || g.header.Get("X-Of") != "another" || g.header.Get("Content-Type") != "application/json" {
		t.Errorf("after it: %d %v %d bytes", g.status, g.header, len(g.text))
	}
	drained(t, budget)
}
