package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"hookgate/gateway/gatewaytest/program"
)

// A page of another site that a portal's link names frames it: the link opens there, its
// session lives in the frame, and acts and live rows work in it. A page that the link does
// not name shows nothing of it, and has not used the link up. A session of the console in the
// same browser stays as it is.
func TestConsolePortalIsFramed(t *testing.T) {
	w := newConsoleWorld(t)
	src := ""
	page := http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		out.Header().Set("Content-Type", "text/html")
		_, _ = out.Write([]byte(`<!DOCTYPE html><title>shop</title><link rel="icon" href="data:,"><h1>Shop</h1><iframe width="1000" height="700" src="` + src + `"></iframe>`))
	})
	shop, other := httptest.NewServer(page), httptest.NewServer(page)
	t.Cleanup(shop.Close)
	t.Cleanup(other.Close)
	// The gateway is at 127.0.0.1: to a browser localhost is another site, whatever the port.
	elsewhere := func(s *httptest.Server) string {
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		return "http://localhost:" + u.Port()
	}
	link := func() string {
		return w.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/portal-links", map[string]any{
			"read_only": false, "pages": []string{"deliveries", "waits"}, "frame_ancestors": []string{elsewhere(shop)},
		}).Field("url")
	}
	c := newChromium(t, w.Internal)
	c.also = []string{strings.TrimPrefix(elsewhere(shop), "http://"), strings.TrimPrefix(elsewhere(other), "http://")}
	c.signIn(program.AdminToken)

	src = link()
	c.do(chromedp.Navigate(elsewhere(other)))
	c.says("frame-ancestors")
	if got := newBrowser(t, w.Internal).get(strings.TrimPrefix(src, w.Internal)); got.status != 200 {
		t.Errorf("a page that may not frame a link has used it up: %d", got.status)
	}

	c.do(chromedp.Navigate(elsewhere(shop)))
	f := c.frame("/portal/link/")
	f.until(`document.querySelector("h1")?.textContent.includes("Open the portal of acme")`)
	eval[chromedp.Void](f, `document.querySelector("main form button").click()`)
	f.until(`location.pathname === "/portal/tenants/acme/deliveries" && document.querySelector("[data-live-word]")?.textContent === "live"`)
	if is := eval[bool](f, `window.top !== window && document.cookie === ""`); !is {
		t.Error("it is not framed, or a script can read its session")
	}
	eval[chromedp.Void](f, `location.search = "?state=dead&sel=`+w.Dead+`"`)
	f.until(`document.querySelector("#detail form.act button")?.textContent === "Retry" && document.readyState === "complete"`)
	eval[chromedp.Void](f, `document.querySelector("#detail form.act button").click()`)
	f.until(`document.querySelector("dialog button.first") !== null`)
	eval[chromedp.Void](f, `document.querySelector("dialog button.first").click()`)
	f.until(`document.querySelector("[role=status]")?.textContent.includes("due again")`)

	eval[chromedp.Void](f, `location.href = "/portal/tenants/acme/waits"`)
	f.until(`location.pathname.endsWith("/waits") && document.querySelector("[data-live-word]")?.textContent === "live"`)
	w.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/waits", `{"conversation_key":"framed-1","source":"payments","mode":"poll","timeout_seconds":300}`)
	f.until(`[...document.querySelectorAll("tbody tr")].some((r) => r.textContent.includes("framed-1"))`)

	tab := c.tab()
	tab.open("/console/tenants/acme/endpoints")
	tab.until(`document.querySelector("h1")?.textContent === "Endpoints"`)
	// Elsewhere in the browser the frame's session is none: it is the frame's alone.
	tab.open("/portal/tenants/acme/waits")
	tab.until(`document.body.textContent.includes("Your session is over")`)
}

// What a path finds is shown while it is typed; a value of the sample becomes a variable, and
// Enter saves the form.
func TestConsoleShowsWhatIsTyped(t *testing.T) {
	w := newConsoleWorld(t)
	c := newChromium(t, w.Internal)
	c.signIn(program.AdminToken)
	c.open("/console/tenants/acme/requests/" + w.Request)
	eval[chromedp.Void](c, `[...document.querySelectorAll("a.value")].find((a) => a.textContent === '"12.50"').click()`)
	c.until(`location.search.includes("value=") && document.querySelector("#value-body code")?.textContent === "order.total"`)
	c.open("/console/tenants/acme/sources/mine/edit?request=" + w.Request)
	c.do(chromedp.SendKeys(`[id="i-variables[2].name"]`, "who"), chromedp.SendKeys(`[id="i-variables[2].path"]`, "order.who"))
	c.until(`[...document.querySelectorAll("[data-part=mapped] tbody tr")].some((r) => r.textContent.includes("order.who") && r.textContent.includes("onerror") && r.textContent.includes("found"))`)
	c.until(`document.querySelector("[data-part=whole]").textContent.includes("order.who")`)
	if got := eval[string](c, `document.getElementById("i-variables[2].path").value + " " + document.activeElement.id`); got != "order.who i-variables[2].path" {
		t.Errorf("what is typed has become %q", got)
	}
	eval[chromedp.Void](c, `[...document.querySelectorAll(".picks li")].find((l) => l.textContent.includes('"paid"')).querySelector("button").click()`)
	c.until(`document.getElementById("i-variables[3].path")?.value === "status" && document.getElementById("i-variables[2].path").value === "order.who"`)
	c.do(chromedp.SendKeys(`[id="i-variables[3].name"]`, "\r"))
	c.until(`document.querySelector("[role=status]")?.textContent.includes("It was saved")`)
	if text := w.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources/mine", nil).String(); !strings.Contains(text, "order.who") || !strings.Contains(text, `"path":"status"`) {
		t.Errorf("saved is %s", text)
	}
}
