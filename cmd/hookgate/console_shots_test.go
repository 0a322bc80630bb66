package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hookgate/gateway/gatewaytest/program"
)

// TestConsoleShots takes pictures of the console for the README, and to be looked at, into
// the folder that HOOKGATE_SHOTS names; without it there is nothing to do. With a link that
// signs in once in HOOKGATE_SHOTS_OF they are of the gateway that printed it: of a demo.
func TestConsoleShots(t *testing.T) {
	if os.Getenv("HOOKGATE_SHOTS") == "" {
		t.Skip("HOOKGATE_SHOTS names no folder")
	}
	var c *chromium
	tenant := "" // the worst
	pages := map[string]string{"overview": "/console", "not-found": "/console/none"}
	if link := os.Getenv("HOOKGATE_SHOTS_OF"); link != "" {
		at, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		c = newChromium(t, link)
		c.open(at.Path)
		c.do(chromedp.Click("main form button"), chromedp.WaitReady("nav.places"))
	} else {
		w := newConsoleWorld(t)
		w.neighbours()
		const in = "/console/tenants/acme"
		tenant = in
		pages["conversation"], pages["deliveries-beside"] = in+"/conversations/"+w.Key+"?sel="+w.Wait, in+"/deliveries?sel="+w.Dead
		pages["resolve"], pages["edit"], pages["replay"], pages["wrong-filter"] = in+"/waits/"+w.Wait+"/resolve", in+"/endpoints/own/edit", in+"/endpoints/crm/replay", in+"/deliveries?stat=dead"
		pages["source-edit"], pages["webhook-edit"], pages["request"] = in+"/sources/mine/edit?request="+w.Request, in+"/webhooks/mine/edit", in+"/requests/"+w.Request+"?value=body:/order/total&with="+w.Request
		pages["attempts"], pages["source-test"], pages["endpoint-test"] = in+"/deliveries/"+w.Dead+"?one=1&two=2", in+"/sources/mine/test", in+"/endpoints/archive/test"
		pages["source-new"], pages["replay-all"] = in+"/new/sources", in+"/deliveries/replay"
		w.Sender().Must(t, []int{200}, "POST", "/bot/x", map[string]any{"hello": "you"})
		w.Sender().Must(t, []int{404}, "POST", "/hooks/acme/paymnts", map[string]any{"conversation_key": "x"}, sourceToken)
		pages["known"] = in + "/deliveries/groups/known?endpoint=crm&error=5xx&status=503"
		c = newChromium(t, w.Internal)
		c.signIn(program.AdminToken)
	}
	c.discover(pages, tenant)
	c.looks(func(suffix string, _ int64) {
		for name, path := range pages {
			c.open(path)
			c.shoot(name + suffix)
		}
	})
}

// looks has somebody look in light, in dark and on a phone.
func (c *chromium) looks(at func(suffix string, width int64)) {
	c.t.Helper()
	at("", 1280)
	c.prefers("dark")
	at("-dark", 1280)
	c.prefers("light")
	c.do(chromedp.EmulateViewport(360, 740, chromedp.EmulateMobile))
	at("-360", 360)
	c.do(chromedp.EmulateViewport(1280, 900))
}

// shoot takes a picture of the page that is open, into the folder that HOOKGATE_SHOTS names.
func (c *chromium) shoot(name string) {
	c.t.Helper()
	dir := os.Getenv("HOOKGATE_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(c.Context, chromedp.FullScreenshot(100))
	c.must(errors.Join(err, os.MkdirAll(dir, 0o700)))
	c.must(os.WriteFile(filepath.Join(dir, name+".png"), png, 0o600))
}

// discover finds the pages that people come to by themselves: each place, those of a tenant
// too (of the worst where none is named), and what stands first in each list.
func (c *chromium) discover(pages map[string]string, tenant string) {
	c.t.Helper()
	links := func(at, query string) []string {
		c.open(at)
		return eval[[]string](c, `[...document.querySelectorAll("`+query+`")].map((a) => a.getAttribute("href"))`)
	}
	add := func(path string) {
		path, _, _ = strings.Cut(path, "#")
		kind := strings.Split(regexp.MustCompile(`^/console(/tenants/[^/]*)?/?|\?.*`).ReplaceAllString(path, ""), "/")
		name := kind[0]
		if len(kind) > 1 {
			name = kind[0] + "-one"
		}
		if strings.Contains(path, "sel=") {
			name += "-beside"
		}
		if name == "" {
			name = "tenant"
		}
		if _, is := pages[name]; !is && path != "/console" {
			pages[name] = path
		}
	}
	places := links("/console", "nav.places a")
	if worst := links("/console", "tbody th a"); tenant == "" && len(worst) > 0 {
		tenant = worst[0]
	}
	if tenant != "" {
		add(tenant)
		places = append(append(places, tenant+"/callbacks"), links(tenant, "nav.places a")...)
	}
	slices.Sort(places)
	for _, place := range slices.Compact(places) {
		add(place)
		if place == "/console" {
			continue
		}
		if rows := links(place, "table[data-rows] tbody th a"); len(rows) > 0 {
			add(rows[0])
		}
	}
}

// neighbours are more tenants, for an overview with something to compare: one whose endpoint
// is down, one whose callbacks are refused, one that is well, one at which nothing happens.
func (w *consoleWorld) neighbours() {
	t, admin, sender := w.t, w.Admin(), w.Sender()
	for id, name := range map[string]string{"bakery": "Bakery & Sons", "clinic": "Clinic at the Park", "travel": "Travel Desk", "unused": "Nobody yet"} {
		admin.Must(t, []int{201}, "PUT", "/v1/tenants/"+id, map[string]any{"name": name})
		admin.Must(t, []int{201}, "PUT", "/v1/tenants/"+id+"/sources/payments", `{"verify":{"type":"token","in":"header","name":"X-Token","secrets":["a-token-of-16-characters"]}}`)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(w.Internal, "http://"), ":")
	admin.Must(t, []int{201}, "PUT", "/v1/tenants/travel/endpoints/crm", `{"url":"https://127.0.0.1:`+port+`/crm","breaker":{"failures":2}}`)
	for i := range 12 {
		key := fmt.Sprintf("chat-%d", i)
		sender.Must(t, []int{202}, "POST", "/hooks/bakery/payments", map[string]any{"conversation_key": key}, sourceToken)
		if i%3 == 0 {
			sender.Must(t, []int{401}, "POST", "/hooks/clinic/payments", map[string]any{"conversation_key": key})
			sender.Must(t, []int{202}, "POST", "/hooks/clinic/payments", map[string]any{"conversation_key": key}, sourceToken)
		}
		if i%2 == 0 {
			admin.Must(t, []int{202}, "POST", "/v1/tenants/travel/events", map[string]any{"events": []any{map[string]any{"event": map[string]any{"type": "message"}, "conversation": map[string]any{"key": key}}}})
		}
	}
}
