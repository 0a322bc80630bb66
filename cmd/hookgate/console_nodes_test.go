package main

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
)

// A gateway with a store of its own is the only node: the page says so, and how it is made
// more. Who runs no gateway has no such page.
func TestConsoleNodesAlone(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: oneSource})
	b := signedIn(t, p, program.AdminToken)
	page := b.want(200, "/console/nodes")
	page.has(t, "This gateway is alone", "driver: postgres", "Slots of 256", "✓ ready", "shown for an hour")
	page.hasNot(t, "/drain", "differs", `class="said bad"`)
	b.want(200, "/console/nodes?tenant=acme").has(t, "Node 1 at", "owns the waits and calls of acme", "◆ owner")
	b.want(200, "/console/nodes?tenant=acne").has(t, "there is no acne now, did you mean acme?")
	b.want(200, "/console/nodes?tenant=acme&endpoint=crm").has(t, "owns the deliveries to crm of acme", "there is no crm now")
	b.want(200, "/console/nodes?tenant=acme&endpoint=_platform").hasNot(t, "there is no")
	b.want(422, "/console/nodes?endpoint=crm").has(t, "is one of a tenant: set tenant, too")
	b.want(422, "/console/nodes?tennant=acme").has(t, "did you mean tenant?")
	// By hand: the API says why, and the page says it again.
	if got := b.post("/console/nodes/1/drain", url.Values{"sure": {"1"}}); got.status != 303 || got.header.Get("Location") != "/console/nodes" {
		t.Errorf("draining the only one: %d %v", got.status, got.header)
	}
	refused := b.want(200, "/console/nodes")
	refused.has(t, "no other node takes slots: start one first")
	if !strings.Contains(refused.text, `class="said bad" role="alert"`) {
		t.Errorf("a refusal is no alert: %s", refused.text)
	}
	b.want(200, "/console").has(t, "Nodes")
	made := p.Admin().Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"acme","name":"engineer"}`)
	own := signedIn(t, p, made.Field("token"))
	own.want(200, "/console").hasNot(t, "Nodes")
	own.want(403, "/console/nodes").has(t, "scope admin")
	if got := own.post("/console/nodes/1/drain", url.Values{"sure": {"1"}}); got.status != 403 {
		t.Errorf("a tenant drains: %d", got.status)
	}
}

// fleet is some nodes on one database, each with a configuration of its own.
func fleet(t *testing.T, configs ...string) (nodes []*program.Program) {
	t.Helper()
	db := postgres.Start(t)
	for _, config := range configs {
		nodes = append(nodes, program.Start(t, program.Options{Config: onPostgres(db) + config, Env: []string{keyOfTests}}))
	}
	return nodes
}

// nodeID is the number by which nodes know one of them.
func nodeID(t *testing.T, p *program.Program) string {
	t.Helper()
	var list struct {
		Data []struct{ ID, Address string }
	}
	p.Admin().Must(t, []int{200}, "GET", "/v1/nodes", nil).Decode(t, &list)
	for _, n := range list.Data {
		if "http://"+n.Address == p.Internal {
			return n.ID
		}
	}
	t.Fatalf("no node is at %s: %v", p.Internal, list.Data)
	return ""
}

// Nodes that come, drain, differ and die are seen by who looks on, each within a moment; one is
// drained by a button that asks first.
func TestConsoleNodes(t *testing.T) {
	const base = "tenants:\n  acme: { sources: { payments: { verify: { type: none } } }, endpoints: { crm: { url: \"https://crm.example.com/\" } } }\n"
	nodes := fleet(t, base, base, base+"  other: {}\n")
	second, third := nodeID(t, nodes[1]), nodeID(t, nodes[2])
	b := signedIn(t, nodes[0], program.AdminToken)
	zeros := regexp.MustCompile(`data-label="Slots of 256">0<`)
	program.Eventually(t, 30*time.Second, func() error {
		if words := b.want(200, "/console/nodes").words(); strings.Count(words, "✓ ready") != 3 || zeros.MatchString(b.want(200, "/console/nodes").text) || strings.Count(words, "! differs") != 1 {
			return fmt.Errorf("the page says %s", words)
		}
		return nil
	})
	b.want(200, "/console/nodes").has(t, "files of these nodes differ")
	if text := b.want(200, "/console/nodes?tenant=acme&endpoint=crm").text; strings.Count(text, "◆") != 1 || strings.Count(text, "<tr data-row=") != 3 {
		t.Errorf("who owns is not beside the others: %s", text)
	}
	b.post("/console/nodes/"+second+"/drain", url.Values{}).has(t, "Drain node "+second, "to 2 other nodes", "takes none again before it is started anew")
	if got := b.post("/console/nodes/99/drain", url.Values{"sure": {"1"}}); got.status != 404 {
		t.Errorf("a node that is not there: %d", got.status)
	}

	c := newChromium(t, nodes[0].Internal)
	c.signIn(program.AdminToken)
	c.open("/console/nodes")
	c.until(`document.querySelector("[data-live-word]")?.textContent === "live"`)
	c.fits("nodes")
	says := func(node, words string) string {
		return fmt.Sprintf(`document.querySelector('tr[data-row="%s"]')?.textContent.includes(%q)`, node, words)
	}
	eval[chromedp.Void](c, `document.querySelector('tr[data-row="`+second+`"] form.act button').click()`)
	c.until(`document.querySelector("dialog")?.textContent.includes("takes none again")`)
	c.do(chromedp.KeyEvent("\r"))
	c.until(`document.querySelector("[role=status]")?.textContent.includes("gives its slots away") && document.readyState === "complete"`)
	c.until(says(second, "draining"))
	owns := func(node, words string) string {
		return fmt.Sprintf(`document.querySelector('tr[data-row="%s"] [data-label^=Slots]')?.textContent === %q`, node, words)
	}
	c.until(owns(second, "0")) // slots that move are no happening: the page looks again by itself
	if text := nodes[0].Admin().Must(t, []int{200}, "GET", "/v1/audit?action=drain", nil).String(); !strings.Contains(text, `"object":"nodes/`+second+`"`) || !strings.Contains(text, `"kind":"console"`) {
		t.Errorf("the audit says %s", text)
	}
	nodes[2].Kill9()
	c.until(says(third, "gone"))
	c.until(owns(third, "0"))
	c.until(`document.querySelector("[data-part=alone]").textContent.includes("One node takes slots")`)
	if eval[int](c, `document.querySelectorAll("form.act[action$=drain]").length`) != 0 {
		t.Error("the last node that takes slots can be drained")
	}
	c.fits("nodes-gone")
}

// fits looks at the page that is open in each way: nothing of it is beside the screen.
func (c *chromium) fits(name string) {
	c.t.Helper()
	c.looks(func(suffix string, width int64) {
		c.shoot(name + suffix)
		if got := eval[int64](c, `document.documentElement.scrollWidth`); got > width {
			c.t.Errorf("%s%s is %d wide, the screen %d", name, suffix, got, width)
		}
	})
}
