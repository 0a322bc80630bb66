//go:build linux

package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// What DESIGN asks of a proxy route.
const (
	goalOfNginx = 0.80
	goalProxied = 120 * time.Microsecond // added p50 at 2,000/s
)

// proxy measures a proxy route beside others.
type proxy struct {
	common
	nginx                           string
	rate                            float64
	seconds, rounds, conns, n, size int
}

func newProxyCommand() *cobra.Command {
	p := &proxy{}
	cmd := &cobra.Command{
		Use:   "proxy",
		Short: "A proxy route beside nginx and httputil.ReverseProxy",
		Long: `Sends the same requests to a bare fasthttp server itself, through a route of
hookgate that verifies their signature, through httputil.ReverseProxy, and through
nginx with kept connections to its upstream; in turns, so that a slow moment of the
machine falls on all. Nginx is looked for in the PATH: where there is none (apt-get
install nginx-light), its part is left out, and that is said.`,
		Example: `  hookbench proxy
  hookbench proxy --nginx /usr/sbin/nginx --body 4096`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.rate < 1 || p.seconds < 1 || p.rounds < 1 || p.rounds > 100 || p.conns < 1 || p.n < p.conns || p.n > 1_000_000 || p.size < 64 || p.size > 1<<20 {
				return fmt.Errorf("--rate, --seconds and --connections 1 or more, --rounds 1 to 100, --count from --connections to 1000000, --body 64 to 1048576")
			}
			upstream, err := startChild("echo")
			if err != nil {
				return err
			}
			defer upstream.stop()
			p.config = proxyConfig(upstream.addr)
			return p.measure(cmd, func(ctx context.Context, g *gateway, r *report) error { return p.run(ctx, g, r, upstream) })
		},
	}
	p.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&p.nginx, "nginx", "nginx", "nginx, by its name in the PATH or its path")
	flags.Float64Var(&p.rate, "rate", 2000, "requests a second of the paced rounds")
	flags.IntVar(&p.seconds, "seconds", 5, "of a paced round")
	flags.IntVar(&p.rounds, "rounds", 5, "rounds")
	flags.IntVar(&p.conns, "connections", 64, "kept connections")
	flags.IntVar(&p.n, "count", 40_000, "requests a round, where the load is closed")
	flags.IntVar(&p.size, "body", 512, "bytes of a body, each way")
	return cmd
}

// proxyConfig has one route, which verifies as GitHub signs.
func proxyConfig(upstream string) string {
	return `routes: { bench: { match: { path: / }, mode: proxy, verify: { type: github, secrets: ["` + secret + `"] }, upstreams: [ { url: "http://` + upstream + `" } ] } }` + "\n"
}

// way is one of those that a request can go.
type way struct {
	name, addr string
	pid        int // whose CPU time is told; 0: nobody's
	closed     []*result
	paced      []*result
	cpu        []*time.Duration // of the closed rounds
}

// per gives the middle of what the closed rounds did in a second.
func (w *way) per() float64 { return middle(w.closed, (*result).perSecond) }

func (w *way) p50() time.Duration {
	return time.Duration(middle(w.paced, func(r *result) float64 { return float64(r.latency.quantile(0.5)) }))
}

// spent is the CPU time that who serves this way has used.
func (w *way) spent() (time.Duration, error) {
	if w.pid == 0 {
		return 0, nil
	}
	return cpuTime(w.pid)
}

func (p *proxy) run(ctx context.Context, g *gateway, r *report, upstream *child) error {
	direct, ours := &way{name: "upstream itself", addr: upstream.addr}, &way{name: "hookgate", addr: g.public, pid: g.pid()}
	plain, err := startChild("reverseproxy", upstream.addr)
	if err != nil {
		return err
	}
	defer plain.stop()
	library := &way{name: "httputil.ReverseProxy", addr: plain.addr}
	ways := []*way{direct, ours, library}
	server, err := startNginx(ctx, p.nginx, upstream.addr, g.folder)
	if err != nil {
		return err
	}
	var nginx *way
	if server != nil {
		defer server.stop()
		nginx = &way{name: "nginx", addr: server.addr}
		ways = append(ways, nginx)
	}
	for i := range 1 + p.rounds {
		for _, w := range ways {
			if err := p.round(ctx, w, i == 0); err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
		}
	}
	p.tell(r, ways)
	p.sum(r, direct, ours, library, nginx)
	return nil
}

// sum compares the middles of all rounds; nginx may be missing.
func (p *proxy) sum(r *report, direct, ours, library, nginx *way) {
	if nginx == nil {
		r.printf("there is no %s on this machine: that comparison is left out\n", p.nginx)
	} else {
		ratio := ours.per() / nginx.per()
		r.more("hookgate / nginx", "", ratio)
		r.printf("hookgate / nginx                 %.3f, of the middles of %d rounds; goal at least %.2f: %s\n", ratio, p.rounds, goalOfNginx, verdict(ratio >= goalOfNginx))
		r.printf("nginx adds at %.0f/s p50       %s\n", p.rate, short(nginx.p50()-direct.p50()))
	}
	r.printf("hookgate / httputil.ReverseProxy %.3f\n", ours.per()/library.per())
	cpu := middle(ours.cpu, func(d *time.Duration) float64 { return micros(*d) }) / float64(p.n)
	r.printf("CPU a request                    %.1f us of hookgate\n", cpu)
	added := ours.p50() - direct.p50()
	r.more("hookgate / upstream itself", "", ours.per()/direct.per())
	r.more("hookgate / httputil.ReverseProxy", "", ours.per()/library.per())
	r.less("CPU a request", "us", cpu)
	r.less("added p50", "us", micros(added))
	r.printf("hookgate adds at %.0f/s p50    %s; goal at most %s: %s\n", p.rate, short(added), goalProxied, verdict(added <= goalProxied))
}

// round sends both loads one way; the first round only opens what is kept open.
func (p *proxy) round(ctx context.Context, w *way, warm bool) error {
	n, seconds := p.n, p.seconds
	if warm {
		n, seconds = max(p.conns, p.n/10), 1
	}
	before, err := w.spent()
	if err != nil {
		return err
	}
	closed, err := p.load(w, 0, n).run(ctx)
	if err != nil {
		return err
	}
	after, err := w.spent()
	if err != nil {
		return err
	}
	paced, err := p.load(w, p.rate, max(1, int(p.rate)*seconds)).run(ctx)
	if err != nil || warm {
		return err
	}
	cost := after - before
	w.closed, w.paced, w.cpu = append(w.closed, closed), append(w.paced, paced), append(w.cpu, &cost)
	return nil
}

// load is n requests, each with its own signature where it is checked: made before
// the clock runs.
func (p *proxy) load(w *way, rate float64, n int) *load {
	body := []byte(`{"text":"` + strings.Repeat("x", p.size-11) + `"}`)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	signature := "sha256=" + hex.EncodeToString(mac.Sum(nil))
	head := newHead("POST", w.addr, "/channels/bench?page=1", "Content-Type", "application/json", "X-Hub-Signature-256", signature)
	return &load{addr: w.addr, conns: p.conns, n: n, pace: newPace(rate), fill: func(_ int, m *message) {
		m.head, m.body = head, body
	}, check: func(_ int, a answer) error {
		if a.status != 200 || len(a.body) != len(body) {
			return fmt.Errorf("answered %d %.200s", a.status, a.body)
		}
		return nil
	}}
}

func (p *proxy) tell(r *report, ways []*way) {
	rows := []string{"way\tround\trequests/s\tp50\tp99\tp50 paced\tp99 paced"}
	for _, w := range ways {
		for i := range w.closed {
			c, d := &w.closed[i].latency, &w.paced[i].latency
			rows = append(rows, fmt.Sprintf("%s\t%d\t%.0f\t%s\t%s\t%s\t%s", w.name, i+1, w.closed[i].perSecond(),
				short(c.quantile(0.5)), short(c.quantile(0.99)), short(d.quantile(0.5)), short(d.quantile(0.99))))
		}
	}
	r.table(rows)
}
