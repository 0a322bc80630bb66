//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// What SPEC-console C1 and issue 14 ask of the console.
const (
	goalShown   = 50 * time.Millisecond  // an overview of 1,000 tenants, a page of 100 deliveries of 1,000,000, by the server
	goalPaint   = 300 * time.Millisecond // until something is to be seen of a page
	goalScript  = 15.0                   // milliseconds of main thread a second that the script takes, live
	goalIdle    = 15 * time.Second       // between two requests of an idle page
	liveRate    = 2000                   // events a second, of the live page
	consoleFill = 8                      // connections that publish what there is to be seen
)

// console measures the console: what its pages cost the gateway, and the browser.
type console struct {
	common
	file          tenantFile
	deliveries    int
	rounds        int
	seconds, idle time.Duration
	queued        bool
}

func newConsoleCommand() *cobra.Command {
	c := &console{}
	cmd := &cobra.Command{
		Use:   "console",
		Short: "What the console's pages cost the gateway, and a browser",
		Long: `Starts a gateway with many tenants, has many deliveries made, and asks for pages of
the console as a browser does: how long the server takes for each. With a Chromium in the
path each page is loaded there too: when something is to be seen first, what the script
takes of the main thread while events come at 2,000 a second, and how many requests an
idle page sends.

With --queued the deliveries stay queued, which is much faster than to deliver them.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if c.file.tenants < 1 || c.file.tenants > 10_000 || c.deliveries < 100 || c.deliveries%100 != 0 || c.deliveries > 10_000_000 || c.rounds < 1 || c.rounds > 1000 {
				return fmt.Errorf("--tenants 1 to 10000, --deliveries a multiple of 100 to 10000000, --rounds 1 to 1000")
			}
			c.file.endpoints, c.file.sources = 1, 1
			c.config, c.patience = c.file.text(), tenantsPatience
			return c.measure(cmd, c.run)
		},
	}
	c.add(cmd)
	flags := cmd.Flags()
	flags.IntVar(&c.file.tenants, "tenants", 1000, "tenants in the file")
	flags.IntVar(&c.deliveries, "deliveries", 1_000_000, "deliveries of one of them")
	flags.IntVar(&c.rounds, "rounds", 30, "how often each page is asked for")
	flags.DurationVar(&c.seconds, "for", 10*time.Second, "how long a page is live")
	flags.DurationVar(&c.idle, "idle", 30*time.Second, "how long a page is idle")
	flags.BoolVar(&c.queued, "queued", false, "leave the deliveries queued")
	return cmd
}

// consolePage is a page that is measured.
type consolePage struct {
	name, path string
	goal       bool // it is one of the two that C1 names
}

// pages are those that are measured, each with something to see.
func (c *console) pages(conversation string) []consolePage {
	const in = "/console/tenants/bench"
	return []consolePage{
		{"overview", "/console", true},
		{"overview, 200 a page", "/console?limit=200", true},
		{"overview, 24h", "/console?span=24h", true},
		{"deliveries, 100", in + "/deliveries?limit=100", true},
		{"deliveries of one state", in + "/deliveries?limit=100&state=" + c.state(), true},
		{"events", in + "/events", false},
		{"waits", in + "/waits", false},
		{"conversation", in + "/conversations/" + conversation, false},
		{"tenant", in, false},
		{"endpoints", in + "/endpoints", false},
		{"endpoint", in + "/endpoints/crm", false},
		{"callbacks", in + "/sources", false},
		{"requests", in + "/sources/payments/requests", false},
		{"audit", "/console/audit", false},
		{"configuration", "/console/config", false},
		{"search", "/console/search?q=nothing-is-called-so", false},
	}
}

func (c *console) state() string {
	if c.queued {
		return "pending"
	}
	return "succeeded"
}

func (c *console) run(ctx context.Context, g *gateway, r *report) error {
	sink, err := startChild("sink")
	if err != nil {
		return err
	}
	defer sink.stop()
	start := time.Now()
	if err := c.fill(ctx, g, sink); err != nil {
		return err
	}
	r.printf("filled              %d tenants, %d deliveries of one, in %s\n", c.file.tenants, c.deliveries, time.Since(start).Round(time.Second))
	if err := g.quiet(ctx); err != nil {
		return err
	}
	pages := c.pages("42bb83f00d8240e5bb41290a12eb44400")
	if err := c.served(g, r, pages); err != nil {
		return err
	}
	err = c.seen(ctx, g, r, pages)
	if errors.Is(err, errNoBrowser) {
		r.printf("chromium is not installed: no page was looked at with a browser\n")
		return nil
	}
	return err
}

// fill has deliveries made, and one event of each tenant.
func (c *console) fill(ctx context.Context, g *gateway, sink *child) error {
	e := &events{concurrency: 64}
	if err := e.endpoint(g, "bench", into(sink, "bench")); err != nil {
		return err
	}
	if err := sink.expect("bench", c.deliveries); err != nil {
		return err
	}
	if c.queued {
		if err := g.steer("bench", "pause"); err != nil {
			return err
		}
	}
	for i := range c.file.tenants {
		body := `{"events":[{"event":{"type":"nobody-wants-it"},"conversation":{"key":"42"}}]}`
		if _, err := g.call("POST", "/v1/tenants/"+c.file.id(i)+"/events", body, fasthttp.StatusAccepted); err != nil {
			return err
		}
	}
	if _, err := newStream(g.internal, "bench", 100, 0).load(consoleFill, c.deliveries).run(ctx); err != nil {
		return err
	}
	if c.queued {
		return nil
	}
	const least = 500 // deliveries a second, of the slowest machine
	return g.await(ctx, `hookgate_deliveries_total{endpoint="crm",state="succeeded",tenant="bench"}`, c.deliveries, patience+time.Duration(c.deliveries/least)*time.Second)
}

// quiet waits until the gateway has next to nothing to do: what came last is being settled
// and compacted for a while. Two minutes are the most.
func (g *gateway) quiet(ctx context.Context) error {
	const look, idle = time.Second, 50 * time.Millisecond
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
		before, err := cpuTime(g.pid())
		if err != nil {
			return err
		}
		if err := rest(ctx, look); err != nil {
			return err
		}
		after, err := cpuTime(g.pid())
		if err != nil || after-before < idle {
			return err
		}
	}
	return nil
}

// visitor is somebody who has signed in, without a script.
type visitor struct {
	base string
	http http.Client
}

func newVisitor(g *gateway) (*visitor, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	v := &visitor{"http://" + g.internal, http.Client{Jar: jar, Timeout: g.patience}}
	a, err := v.http.PostForm(v.base+"/console/login", url.Values{"token": {adminToken}})
	if err != nil {
		return nil, err
	}
	defer a.Body.Close()
	if a.StatusCode != http.StatusOK {
		return nil, errors.New("signing in was answered " + a.Status)
	}
	return v, nil
}

// get loads a page, and says how many bytes it has.
func (v *visitor) get(path string) (size int, err error) {
	a, err := v.http.Get(v.base + path)
	if err != nil {
		return 0, err
	}
	defer a.Body.Close()
	var text strings.Builder
	for part := make([]byte, 64<<10); err == nil; {
		var n int
		n, err = a.Body.Read(part)
		text.Write(part[:n])
	}
	if a.StatusCode != http.StatusOK || !strings.Contains(text.String(), "</html>") || strings.Contains(text.String(), `id="token"`) {
		return 0, fmt.Errorf("GET %s was answered %s: %.300s", path, a.Status, text.String())
	}
	return text.Len(), nil
}

// served measures how long the server takes for each page. Chats of many lines, and figures
// that are read for the first time, are read once before.
func (c *console) served(g *gateway, r *report, pages []consolePage) error {
	v, err := newVisitor(g)
	if err != nil {
		return err
	}
	rows := []string{"page\tp50 ms\tleast ms\tp99 ms\tfirst ms\tCPU ms\tKB\tgoal"}
	for _, p := range pages {
		took, size, least := &histogram{}, 0, time.Hour
		start := time.Now()
		if _, err := v.get(p.path); err != nil {
			return err
		}
		first := time.Since(start)
		before, err := cpuTime(g.pid())
		if err != nil {
			return err
		}
		for range c.rounds {
			start := time.Now()
			if size, err = v.get(p.path); err != nil {
				return err
			}
			is := time.Since(start)
			took.add(is)
			least = min(least, is)
		}
		after, err := cpuTime(g.pid())
		if err != nil {
			return err
		}
		p50, cpu, goal := took.quantile(0.5), (after-before)/time.Duration(c.rounds), ""
		if p.goal {
			goal = "50: " + verdict(p50 <= goalShown)
			r.less(p.name+", server", "ms", micros(p50)/1000)
			r.less(p.name+", CPU of the server", "ms", micros(cpu)/1000)
		}
		rows = append(rows, fmt.Sprintf("%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%.0f\t%s",
			p.name, micros(p50)/1000, micros(least)/1000, micros(took.quantile(0.99))/1000, micros(first)/1000, micros(cpu)/1000, float64(size)/1000, goal))
	}
	r.table(rows)
	return nil
}
