//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/valyala/fasthttp"
)

// reloaded is what one reload cost.
type reloaded struct {
	took, cpu time.Duration
	most      int64 // bytes resident at most while it went on
}

func (l *reloaded) seconds() float64 { return l.took.Seconds() }
func (l *reloaded) spent() float64   { return l.cpu.Seconds() }

// reload has the gateway load its file again, and waits until that is in force.
func (g *gateway) reload() (l *reloaded, err error) {
	before, err := cpuTime(g.pid())
	if err != nil {
		return nil, err
	}
	if err := resetPeak(g.pid()); err != nil {
		return nil, err
	}
	l = &reloaded{}
	start := time.Now()
	if _, err := g.call("POST", "/v1/reload", "", fasthttp.StatusOK); err != nil {
		return nil, err
	}
	l.took = time.Since(start)
	after, err := cpuTime(g.pid())
	if err != nil {
		return nil, err
	}
	l.cpu = after - before
	l.most, err = peak(g.pid())
	return l, err
}

// reloads loads the same file again some times, then each time one with one tenant more.
func (t *tenants) reloads(ctx context.Context, g *gateway, r *report, atRest int64) error {
	var same, more []*reloaded
	var most int64
	for i := range 2 * t.rounds {
		all := &same
		added := ""
		if i >= t.rounds {
			all, added = &more, fmt.Sprintf("more%d", i)
			if err := g.appendConfig(t.file.tenant(added)); err != nil {
				return err
			}
		}
		if err := rest(ctx, sample); err != nil { // what the last one left to do is not this one's
			return err
		}
		l, err := g.reload()
		if err != nil {
			return err
		}
		if added != "" {
			if err := t.there(g, added); err != nil {
				return err
			}
		}
		*all, most = append(*all, l), max(most, l.most)
	}
	sayReloads(r, "reload, the same", same, goalTenantsSame)
	sayReloads(r, "reload, one more", more, goalTenantsMore)
	ratio := float64(most) / float64(atRest)
	r.less("resident in reloads", "MiB", float64(most)/(1<<20))
	r.less("resident in reloads / at rest", "", ratio)
	r.printf("resident in reloads %s at most, %.2f of that at rest; goal at most %.1f: %s\n", mib(most), ratio, goalTenantsPeak, verdict(ratio <= goalTenantsPeak))
	return nil
}

func sayReloads(r *report, what string, all []*reloaded, goal time.Duration) {
	took := time.Duration(middle(all, (*reloaded).seconds) * float64(time.Second))
	cpu := time.Duration(middle(all, (*reloaded).spent) * float64(time.Second))
	r.less(what, "ms", micros(took)/1000)
	r.less("CPU of a "+what, "ms", micros(cpu)/1000)
	r.printf("%-19s %s, CPU %s, the middle of %d; goal at most %s: %s\n", what, short(took), short(cpu), len(all), goal, verdict(took <= goal))
}

// appendConfig writes more at the end of the gateway's configuration file.
func (g *gateway) appendConfig(text string) error {
	f, err := os.OpenFile(g.config(), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(text); err != nil {
		_ = f.Close() // the write's error says more
		return err
	}
	return f.Close()
}
