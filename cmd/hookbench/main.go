//go:build linux

// Hookbench measures hookgate from outside. It is a stranger to the gateway: it
// starts the program, speaks HTTP with it, and reads /metrics and /proc; it knows
// nothing of what is inside.
//
//	callbacks   callbacks a second against a bare fasthttp echo and a bare relay, in the same run
//	holds       memory of a held wait
//	timers      how late waits time out
//	events      events taken, delivered and queued, against the same
//	calls       calls of a backend through the gateway, against the same backend itself
//	proxy       a proxy route beside nginx and httputil.ReverseProxy
//	tenants     start, memory, reloads and metrics with many tenants
//	operations  what it costs to look on: the stream, the statistics
//	console     what its pages cost the gateway, and a browser
//	first       how large it is, how soon it is ready, and what it takes with nothing to do
//	cluster     events and callbacks on PostgreSQL beside Pebble
//	beside      any of these, of two builds in turns
//
// What it prints can be kept with --record: each record says how it came about.
// Every answer is checked, so that no figure is of a gateway that refused.
//
// The echo says what HTTP costs alone; the bare relay what it costs to promise as well:
// it makes durable what it answers, and delivers, but signs nothing and does nothing
// again.
//
// Where a ratio to the echo is asked for, the load is closed: each connection sends
// its next request when the last one is answered. That tells nothing of latency at
// a rate below the most; where that is asked for, requests are due by the clock.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newRootCommand().ExecuteContext(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "hookbench: %v\n", err)
		stop()
		os.Exit(1)
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "hookbench",
		Short:         "Measures hookgate from outside",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newCallbacksCommand(), newHoldsCommand(), newTimersCommand(), newEventsCommand(), newCallsCommand(), newProxyCommand(), newTenantsCommand(), newOperationsCommand(), newConsoleCommand(), newClusterCommand(), newFirstCommand(), newBesideCommand(),
		newEchoCommand(), newRelayCommand(), newSinkCommand(), newSecureSinkCommand(), newBackendCommand(), newReverseProxyCommand())
	return root
}

// common are the flags that every measurement has.
type common struct {
	hookgate, dir, record string
	config                string        // more of the gateway's configuration file
	env                   []string      // more of its environment
	patience              time.Duration // for what the gateway is asked, where the usual is too little
}

func (c *common) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.hookgate, "hookgate", "", "the program to measure (default: build ./cmd/hookgate)")
	flags.StringVar(&c.dir, "dir", "", "where to make the data folder, to choose the disk (default: the system's temporary folder)")
	flags.StringVar(&c.record, "record", "", "append what was measured to this file")
}

// measure starts a gateway, runs a measurement against it, stops it, and keeps the
// record if one is asked for.
func (c *common) measure(cmd *cobra.Command, run func(context.Context, *gateway, *report) error) (err error) {
	if err := raiseFileLimit(); err != nil {
		return err
	}
	g, err := startGateway(cmd.Context(), c)
	if err != nil {
		return err
	}
	defer func() {
		if stopped := g.stop(); err == nil {
			err = stopped
		}
	}()
	if err := g.prepare(); err != nil {
		return err
	}
	r := &report{out: cmd.OutOrStdout()}
	r.describe(cmd, g)
	if err := run(cmd.Context(), g, r); err != nil {
		return err
	}
	if tell, ok := cmd.Context().Value(figuresKey{}).(func([]figure)); ok {
		tell(r.figures)
	}
	return r.keep(c.record)
}
