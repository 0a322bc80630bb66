package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"hookgate/gateway/client"
)

// running is a hookgate that runs, and as whom it is asked (SPEC-operations O7).
type running struct {
	server, token string
	ca, cert, key string      // files in PEM, for TLS
	tls           *tls.Config // in place of those; nil: by those
	tenant        string
	json, utc     bool
}

// flags adds the flags by which it is found, to a command and all below it.
func (r *running) flags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&r.server, "server", "", "URL of the internal listener (default HOOKGATE_SERVER, else "+client.DefaultServer+")")
	flags.StringVar(&r.token, "token", "", "the token; better in HOOKGATE_TOKEN, which no list of processes shows")
	r.tlsFlags(cmd)
}

// reads adds the flags of commands that show what they are told.
func (r *running) reads(cmd *cobra.Command) {
	r.flags(cmd)
	cmd.PersistentFlags().BoolVar(&r.json, "json", false, "print the API's own JSON")
	cmd.PersistentFlags().BoolVar(&r.utc, "utc", false, "print times as they are, in UTC, in place of how long ago")
}

// ofTenant adds the flag of commands that are about one tenant.
func (r *running) ofTenant(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&r.tenant, "tenant", "", "the tenant (default HOOKGATE_TENANT)")
	completes(cmd, "tenant", tenantsOf(r))
}

// base is the URL of the internal listener.
func (r *running) base() string {
	server := cmp.Or(r.server, os.Getenv("HOOKGATE_SERVER"), client.DefaultServer)
	if !strings.Contains(server, "://") {
		server = "http://" + server
	}
	return strings.TrimSuffix(server, "/")
}

// asks makes the client; what is sent again is told on standard error of cmd.
func (r *running) asks(cmd *cobra.Command) (*client.Client, error) {
	o := client.Options{
		Server: r.base(), Token: cmp.Or(r.token, os.Getenv("HOOKGATE_TOKEN"), os.Getenv("HOOKGATE_ADMIN_TOKEN")),
		UserAgent: "hookgate-cli/" + version(), Tries: 4, // some two seconds: somebody waits
		Again: func(pause time.Duration, because error) {
			fmt.Fprintf(cmd.ErrOrStderr(), "hookgate: %v: again in %s\n", because, pause.Round(100*time.Millisecond))
		},
	}
	if o.Token == "" {
		return nil, errors.New("no token: set HOOKGATE_TOKEN, or --token")
	}
	return r.connected(o)
}

// connected makes a client over connections as the flags say.
func (r *running) connected(o client.Options) (*client.Client, error) {
	over, err := r.client()
	if err != nil {
		return nil, err
	}
	o.Transport = over.Transport
	c, err := client.New(o)
	if err != nil {
		return nil, usagef("--server: %w", err)
	}
	return c, nil
}

// question is one command that asks a hookgate, while it runs.
type question struct {
	*client.Client
	*screen
	ctx    context.Context
	cmd    *cobra.Command
	args   []string
	tenant string
}

// ask makes what a command does of a function that asks.
func (r *running) ask(do func(*question) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		words := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
		c, err := r.asks(cmd)
		if err != nil {
			return fmt.Errorf("%s: %w", words, err)
		}
		a := &question{Client: c, screen: newScreen(cmd.OutOrStdout(), cmd.ErrOrStderr(), r), ctx: cmd.Context(), cmd: cmd, args: args, tenant: cmp.Or(r.tenant, os.Getenv("HOOKGATE_TENANT"))}
		if err := do(a); err != nil {
			return fmt.Errorf("%s: %w", words, err)
		}
		return a.screen.err
	}
}

// askTenant is ask for commands that need a tenant.
func (r *running) askTenant(do func(*question) error) func(*cobra.Command, []string) error {
	return r.ask(func(a *question) error {
		if a.tenant == "" {
			return usagef("no tenant: set --tenant, or HOOKGATE_TENANT")
		}
		return do(a)
	})
}

// at is a path below the command's tenant.
func (a *question) at(segments ...string) string {
	return client.Path(append([]string{"v1", "tenants", a.tenant}, segments...)...)
}

// untilStopped has a command end well on Ctrl-C, when it is told to, and when its terminal is
// closed; nohup says that the last is not to be.
func (a *question) untilStopped() (stop func()) {
	a.ctx, stop = stopping(a.ctx)
	return stop
}

func stopping(ctx context.Context) (stopped context.Context, stop func()) {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		ends = append(ends, syscall.SIGHUP)
	}
	return signal.NotifyContext(ctx, ends...)
}
