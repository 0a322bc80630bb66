package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/node"
)

// trial is a recipe that runs.
type trial struct {
	*senders
	p      *program.Program
	source string // "": it is a route
	path   string
	verify gateway.Verify
}

// configure has the program run a recipe.
func (x *trial) configure(t *testing.T, text string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hookgate.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := configs.Load(configs.Options{Flags: configs.Flags{Config: path}, Environ: x.variables, Check: node.Check})
	if err != nil {
		t.Fatal(err)
	}
	x.p.Configure(t, x.out+text)
	x.p.Admin().Must(t, []int{200}, "POST", "/v1/reload", nil)
	for id, source := range c.Tenants["acme"].Sources {
		x.source, x.path, x.verify = id, "/hooks/acme/"+id, source.Verify
	}
	for _, route := range c.Routes {
		x.path, x.verify = route.Match.Path, *route.Verify
	}
}

// takes sends a source its traffic.
func (x *trial) takes(t *testing.T, c traffic) {
	var waits []string
	for _, key := range c.keys {
		waits = append(waits, openFor(t, x.p, x.source, key).Field("id"))
	}
	if a := x.send(t, c.own, ""); a.Status != 401 {
		t.Errorf("unsigned: %s", a)
	}
	x.looks(t, c.own)
	foreign := x.passes(t, c)
	x.stand(t, waits, "waiting", "")
	own := x.send(t, c.own, "own")
	if own.Status >= 400 || own.Header.Get("Hookgate-Outcome") != "resumed" {
		t.Errorf("its own: %s", own)
	}
	x.stand(t, waits, "resumed", "SUCCESS")
	if again := x.send(t, c.own, "own"); again.Header.Get("Hookgate-Outcome") != "duplicate" {
		t.Errorf("once more: %s", again)
	}
	if c.answer != nil && !c.answer(own, foreign) {
		t.Errorf("it is answered %v %s, and what is not for it %v %s", own.Header, own, foreign.Header, foreign)
	}
}

// passes sends what is not for the waits, and gives the last answer.
func (x *trial) passes(t *testing.T, c traffic) (last program.Answer) {
	t.Helper()
	for name, asked := range c.asks {
		if a := x.send(t, asked, name); a.Status != 200 || a.Header.Get("Hookgate-Outcome") != "handshake" {
			t.Errorf("%s: %s", name, a)
		}
	}
	for name, other := range c.foreign {
		last = x.send(t, other, name)
		if last.Status >= 400 || last.Header.Get("Hookgate-Outcome") != "ignored" {
			t.Errorf("%s: %d %s", name, last.Status, last)
		}
	}
	if len(c.foreign) < 2 && !c.alone {
		t.Error("it is sent too little that is not for it")
	}
	return last
}

// fails sends what ends a wait by the recipe's other branch.
func (x *trial) fails(t *testing.T, c traffic) {
	t.Helper()
	otherwise := strings.NewReplacer(c.fails...)
	failure := c.own
	failure.body, failure.fields = otherwise.Replace(c.own.body), nil
	for _, field := range c.own.fields {
		failure.fields = append(failure.fields, otherwise.Replace(field))
	}
	wait := openFor(t, x.p, x.source, c.keys[0]).Field("id")
	if a := x.send(t, failure, "fails"); a.Status >= 400 || a.Header.Get("Hookgate-Outcome") != "resumed" {
		t.Errorf("a failure: %s", a)
	}
	x.stand(t, []string{wait}, "resumed", "FAILURE")
}

// looks opens what the sender opens by HEAD, as scanners of links do, who know no secret
// but that of a link.
func (x *trial) looks(t *testing.T, m posted) {
	t.Helper()
	id := ""
	if m.method, m.body = "HEAD", ""; x.verify.Type == "token" {
		id = "head"
	}
	if a := x.send(t, m, id); a.Status != 200 || len(a.Body) > 0 {
		t.Errorf("a scanner: %s", a)
	}
}

// stand holds waits to a state.
func (x *trial) stand(t *testing.T, waits []string, state, branch string) {
	t.Helper()
	for _, id := range waits {
		w := x.p.Admin().Must(t, []int{200}, "GET", acmeWaits+"/"+id, nil)
		if w.Field("state") != state || w.Field("branch") != branch {
			t.Errorf("a wait stands as %s, want %s", w, state)
		}
	}
}

// relays sends a route what people wrote, and others' statuses.
func (x *trial) relays(t *testing.T, platform *gatewaytest.Receiver) {
	if a := x.send(t, posted{body: whatsAppOwn()}, ""); a.Status != 401 {
		t.Errorf("unsigned: %s", a)
	}
	for _, outcome := range []string{"accepted", "duplicate"} {
		if a := x.send(t, posted{body: whatsAppOwn()}, "own"); a.Status != 200 || a.Field("outcome") != outcome {
			t.Errorf("what people wrote: %s", a)
		}
	}
	if a := x.send(t, posted{body: whatsAppStatus("wamid.S")}, "status"); a.Field("outcome") != "accepted" {
		t.Errorf("a status: %s", a)
	}
	for _, id := range []string{"wamid.A", "wamid.B", "wamid.S"} {
		alone := func(r gatewaytest.Received) bool {
			return strings.Contains(string(r.Body), id) && strings.Count(string(r.Body), "wamid.") == 1
		}
		if _, err := platform.Await(t.Context(), alone); err != nil {
			t.Fatalf("of %s alone nothing came: %v", id, err)
		}
	}
}
