//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/performance"
	"github.com/chromedp/chromedp"
	"github.com/valyala/fasthttp"
)

var errNoBrowser = errors.New("there is no Chromium")

// chromium is a real browser that looks at a gateway.
type chromium struct {
	context.Context
	base  string
	asked atomic.Int64 // requests so far
	close func()
}

func newChromium(ctx context.Context, g *gateway) (*chromium, error) {
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		return nil, errNoBrowser
	}
	profile, err := os.MkdirTemp(g.folder, "chromium-")
	if err != nil {
		return nil, err
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true))
	allocator, stop := chromedp.NewExecAllocator(ctx, options...)
	c := &chromium{base: "http://" + g.internal}
	c.Context, _ = chromedp.NewContext(allocator)
	c.close = func() { _ = chromedp.Cancel(c.Context); stop() }
	err = chromedp.Listen(c.Context, func(event any) {
		if e, is := event.(*network.EventRequestWillBeSent); is {
			if u, err := url.Parse(e.Request.URL); err == nil && u.Scheme != "data" {
				c.asked.Add(1)
			}
		}
	})
	if err == nil {
		err = c.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, net := chromedp.Call(ctx, network.Enable, network.EnableParams{})
			_, perf := chromedp.Call(ctx, performance.Enable, performance.EnableParams{})
			return errors.Join(net, perf)
		}), chromedp.EmulateViewport(1280, 900), chromedp.Navigate(c.base+"/console/login"), chromedp.SendKeys("#token", adminToken+"\r"), chromedp.WaitReady("nav.places"))
	}
	if err != nil {
		c.close()
		return nil, fmt.Errorf("in the browser: %w", err)
	}
	return c, nil
}

func (c *chromium) do(actions ...chromedp.Action[chromedp.Void]) error {
	ctx, stop := context.WithTimeout(c.Context, patience)
	defer stop()
	return chromedp.Do(ctx, actions...)
}

// seen measures what a browser makes of the pages.
func (c *console) seen(ctx context.Context, g *gateway, r *report, pages []consolePage) error {
	b, err := newChromium(ctx, g)
	if err != nil {
		return err
	}
	defer b.close()
	if err := c.paints(b, r, pages); err != nil {
		return err
	}
	if err := c.idles(ctx, b, r); err != nil {
		return err
	}
	for _, p := range []consolePage{pages[0], pages[3], pages[5]} {
		if err := c.lives(ctx, g, b, r, p); err != nil {
			return err
		}
	}
	return nil
}

// paints measures when something is to be seen of each page, first.
func (c *console) paints(b *chromium, r *report, pages []consolePage) error {
	const rounds = 5
	rows := []string{"page\tfirst paint ms\tmost ms\tgoal"}
	for _, p := range pages {
		var took []float64
		for range min(rounds, c.rounds) {
			if err := b.do(chromedp.Navigate(b.base+p.path), chromedp.WaitReady("main")); err != nil {
				return fmt.Errorf("%s in the browser: %w", p.path, err)
			}
			at, err := b.painted()
			if err != nil {
				return err
			}
			took = append(took, at)
		}
		slices.Sort(took)
		at := took[len(took)/2]
		r.less(p.name+", first paint", "ms", at)
		rows = append(rows, fmt.Sprintf("%s\t%.0f\t%.0f\t300: %s", p.name, at, took[len(took)-1], verdict(at <= float64(goalPaint.Milliseconds()))))
	}
	r.table(rows)
	return nil
}

// painted is when the page was painted first, in milliseconds since somebody went to it.
func (b *chromium) painted() (at float64, err error) {
	const first = `(performance.getEntriesByName("first-contentful-paint")[0] || {startTime: 0}).startTime`
	for end := time.Now().Add(patience); at == 0; {
		if at, err = chromedp.Run(b.Context, chromedp.Evaluate[float64](first)); err != nil {
			return 0, err
		}
		if at == 0 && time.Now().After(end) {
			return 0, errors.New("a page was never painted")
		}
		if err := rest(b.Context, 10*time.Millisecond); err != nil {
			return 0, err
		}
	}
	return at, nil
}

// idles counts what a page asks for while nothing happens.
func (c *console) idles(ctx context.Context, b *chromium, r *report) error {
	if err := b.live("/console/tenants/bench/waits"); err != nil {
		return err
	}
	before := b.asked.Load()
	if err := rest(ctx, c.idle); err != nil {
		return err
	}
	n := b.asked.Load() - before
	r.less("requests of an idle page", "", float64(n))
	r.printf("idle                %d requests in %s; goal at most one in %s: %s\n", n, c.idle, goalIdle, verdict(float64(n) <= max(1, c.idle.Seconds()/goalIdle.Seconds())))
	return nil
}

// live opens a page, and waits until it says that it is live.
func (b *chromium) live(path string) error {
	if err := b.do(chromedp.Navigate(b.base+path), chromedp.WaitReady("main")); err != nil {
		return err
	}
	for end := time.Now().Add(patience); ; {
		is, err := chromedp.Run(b.Context, chromedp.Evaluate[bool](`document.querySelector("[data-live-word]")?.textContent === "live"`))
		if err != nil || is {
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("%s did not become live", path)
		}
		if err := rest(b.Context, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// lives measures what the main thread does for a live page while many events come.
func (c *console) lives(ctx context.Context, g *gateway, b *chromium, r *report, p consolePage) error {
	if err := b.live(p.path); err != nil {
		return err
	}
	head, body := internalHead("POST", g.internal, tenantPath+"/events"), []byte(`{"events":[{"event":{"type":"note"},"conversation":{"key":"42"}}]}`)
	n := max(64, int(liveRate*c.seconds.Seconds()))
	l := &load{
		addr: g.internal, conns: 64, n: n, pace: newPace(liveRate), check: wantAnswer(fasthttp.StatusAccepted, `"accepted":1`),
		fill: func(_ int, m *message) { m.head, m.body = head, body },
	}
	before, err := b.metrics()
	if err != nil {
		return err
	}
	asked, start := b.asked.Load(), time.Now()
	if _, err := l.run(ctx); err != nil {
		return err
	}
	after, err := b.metrics()
	if err != nil {
		return err
	}
	took := time.Since(start).Seconds()
	each := func(name string) float64 { return 1000 * (after[name] - before[name]) / took }
	script := each("ScriptDuration")
	r.less(p.name+", script live", "ms a second", script)
	r.printf("live, %-16s%.1f ms of script a second (all of the main thread %.1f, layout and style %.1f), %.1f requests a second, at %.0f events a second; goal at most %.0f: %s\n",
		p.name, script, each("TaskDuration"), each("LayoutDuration")+each("RecalcStyleDuration"), float64(b.asked.Load()-asked)/took, float64(n)/took, goalScript, verdict(script <= goalScript))
	return nil
}

// metrics are what the browser counts of the page, in seconds.
func (b *chromium) metrics() (map[string]float64, error) {
	all := map[string]float64{}
	err := b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		got, err := chromedp.Call(ctx, performance.GetMetrics, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, m := range got.Metrics {
			all[m.Name] = m.Value
		}
		return nil
	}))
	return all, err
}
