//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// What issue 12 asks of many tenants: 10,000 with five endpoints each.
const (
	goalTenantsStart   = 3 * time.Second        // until ready
	goalTenantsSame    = 200 * time.Millisecond // a reload of the same file
	goalTenantsMore    = 2 * time.Second        // a reload with one tenant more
	goalTenantsPeak    = 1.4                    // resident at most in reloads / at rest
	goalTenantsRest    = 450 << 20              // bytes resident at rest
	goalTenantsPut     = 2 * time.Millisecond   // a PUT of one endpoint
	goalTenantsScraped = 8_000_000              // bytes of /metrics
	goalTenantsScrape  = time.Second            // for /metrics
)

// tenantsPatience bounds what a gateway with many tenants does at a time: a build that
// is slow at it is to be measured, too.
const tenantsPatience = 5 * time.Minute

// tenants measures a gateway with a large configuration file and next to no traffic.
type tenants struct {
	common
	file   tenantFile
	rounds int
	puts   int
	write  string
}

func newTenantsCommand() *cobra.Command {
	t := &tenants{}
	cmd := &cobra.Command{
		Use:   "tenants",
		Short: "Start, memory, reloads and metrics with many tenants",
		Long: `Writes a configuration file of many tenants, starts a gateway with it, and measures:
the start until it is ready; its memory at rest, which is after two garbage collections
and when it no longer falls; reloads of the same file, and of one with one tenant more;
the most memory in those; a PUT of one endpoint; and what /metrics has, plain and with
gzip accepted.

At rest /metrics is read again and again, as a Prometheus does: nothing else brings a
garbage collection, and without one the memory is that of the start.`,
		Example: `  hookbench tenants
  hookbench tenants --tenants 1000 --endpoints 50 --sources 2
  hookbench tenants --write tenants.yaml   # the file alone`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := &t.file
			if f.tenants < 1 || f.tenants > 100_000 || f.endpoints < 1 || f.sources < 0 || (f.endpoints+f.sources)*f.tenants > 1_000_000 {
				return fmt.Errorf("--tenants 1 to 100000, --endpoints 1 or more, --sources 0 or more, of all tenants together at most 1000000")
			}
			if t.rounds < 1 || t.rounds > 100 || t.puts < 1 || t.puts > 10_000 {
				return fmt.Errorf("--rounds 1 to 100, --puts 1 to 10000")
			}
			t.config, t.patience = f.text(), tenantsPatience
			if t.write != "" {
				return os.WriteFile(t.write, []byte(config+t.config), 0o600)
			}
			return t.measure(cmd, t.run)
		},
	}
	t.add(cmd)
	flags := cmd.Flags()
	flags.IntVar(&t.file.tenants, "tenants", 10_000, "tenants in the file")
	flags.IntVar(&t.file.endpoints, "endpoints", 5, "endpoints of each")
	flags.IntVar(&t.file.sources, "sources", 0, "sources of each")
	flags.IntVar(&t.rounds, "rounds", 5, "reloads of each kind, and reads of /metrics")
	flags.IntVar(&t.puts, "puts", 50, "PUTs of an endpoint")
	flags.StringVar(&t.write, "write", "", "write the configuration file there, and measure nothing")
	return cmd
}

func (t *tenants) run(ctx context.Context, g *gateway, r *report) error {
	if err := t.there(g, t.file.id(t.file.tenants-1)); err != nil {
		return err
	}
	r.printf("file                %d tenants, %d endpoints, %d sources, %.1f MB\n",
		t.file.tenants, t.file.tenants*t.file.endpoints, t.file.tenants*t.file.sources, float64(len(t.config))/1e6)
	r.less("start", "ms", micros(g.took)/1000)
	r.less("CPU of the start", "ms", micros(g.startCPU)/1000)
	r.printf("start               %s until ready, CPU %s; goal at most %s: %s\n", short(g.took), short(g.startCPU), goalTenantsStart, verdict(g.took <= goalTenantsStart))
	m, err := g.atRest(ctx)
	if err != nil {
		return err
	}
	r.less("resident at rest", "MiB", float64(m.resident)/(1<<20))
	r.less("live heap at rest", "MiB", m.live/(1<<20))
	r.printf("resident at rest    %s (live heap %s); goal at most %s: %s\n", mib(m.resident), mib(int64(m.live)), mib(goalTenantsRest), verdict(m.resident <= goalTenantsRest))
	for _, step := range []func(context.Context, *gateway, *report) error{
		func(ctx context.Context, g *gateway, r *report) error { return t.reloads(ctx, g, r, m.resident) },
		t.putEndpoints,
		t.scrapes,
	} {
		if err := step(ctx, g, r); err != nil {
			return err
		}
	}
	return nil
}

// there wants a tenant of the file to be in force.
func (t *tenants) there(g *gateway, id string) error {
	_, err := g.call("GET", fmt.Sprintf("/v1/tenants/%s/endpoints/e%d", id, t.file.endpoints-1), "", 200)
	return err
}

// putEndpoints changes one endpoint of a tenant that the API made.
func (t *tenants) putEndpoints(_ context.Context, g *gateway, r *report) error {
	took := &histogram{}
	before, err := cpuTime(g.pid())
	if err != nil {
		return err
	}
	for i := range t.puts {
		start := time.Now()
		spec := fmt.Sprintf(`{"url":"https://crm.example.com/%d","sign":{"type":"standard","secrets":["whsec_%s"]}}`, i, sinkSecret)
		if _, err := g.call("PUT", endpointPath("bench"), spec, 200, 201); err != nil {
			return err
		}
		took.add(time.Since(start))
	}
	after, err := cpuTime(g.pid())
	if err != nil {
		return err
	}
	p50, cpu := took.quantile(0.5), (after-before)/time.Duration(t.puts)
	r.less("PUT of an endpoint p50", "us", micros(p50))
	r.less("CPU of a PUT", "us", micros(cpu))
	r.printf("PUT of an endpoint  p50 %s, p99 %s of %d, CPU %s; goal p50 at most %s: %s\n",
		short(p50), short(took.quantile(0.99)), took.n, short(cpu), goalTenantsPut, verdict(p50 <= goalTenantsPut))
	return nil
}
