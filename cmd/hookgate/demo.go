package main

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"hookgate/auth/signature"
	"hookgate/configs"
	"hookgate/gateway/node"
)

//go:embed demo.yaml
var demoFile []byte

func newDemoCommand() *cobra.Command {
	var length time.Duration
	var rate float64
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show callbacks find their waits, events reach a CRM, and steps ask a bank",
		Long: `Start a gateway on loopback, with a made-up chat platform that opens waits,
publishes events and calls webhooks, a made-up payment provider that sends signed
callbacks and answers calls, and a made-up CRM that wants the events and is out of
order now and then; show what becomes of it all. Everything is real but these
three. Nothing is left behind.

waiting    a chat waits for its payment          timed_out  no callback came in time
parked     a callback came before its wait       late       a callback came after that
resumed    a callback went to its wait           notice     the platform endpoint was told
duplicate  the same callback came again          refused    a forged signature was found out
called     a step asked the provider, and its answer became variables

delivered  an event reached the CRM              breaker open    the CRM failed too often: its events wait
failed     the CRM answered 503: tried again     breaker closed  it has recovered: they go on`,
		Example: `  hookgate demo
  hookgate demo --for 30s --rate 10`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if rate <= 0 || rate > 100 {
				return fmt.Errorf("--rate is %g: start more than 0 and at most 100 chats a second", rate)
			}
			if length < 0 {
				return fmt.Errorf("--for is %s: give 0 or more", length)
			}
			// Whatever ends it, the folder goes: a closed terminal or pipe too. SIGPIPE tells of
			// any socket too that a browser closed, so what ends the demo is a line that could
			// not be written; ignored, the signal leaves that to be an error.
			signal.Ignore(syscall.SIGPIPE)
			defer signal.Reset(syscall.SIGPIPE)
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			defer stop()
			return runDemo(ctx, length, rate, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	cmd.Flags().DurationVar(&length, "for", 0, "end after this long (default: at Ctrl-C)")
	cmd.Flags().Float64Var(&rate, "rate", 2, "chats a second")
	return cmd
}

// demo is the gateway with the three who talk to it.
type demo struct {
	platform   *demoPlatform
	provider   *demoProvider
	bank       *demoBank
	subscriber *demoSubscriber
	screen     *demoScreen
	length     time.Duration // 0: until the context ends
	rate       float64       // chats a second
}

// runDemo builds the little world, lets it live, and takes it down again.
func runDemo(ctx context.Context, length time.Duration, rate float64, out, stderr io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "hookgate-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	ctx, unseen := context.WithCancel(ctx)
	defer unseen()
	d := &demo{screen: newDemoScreen(out, unseen), bank: newDemoBank(), length: length, rate: rate}
	token, noticeSecret := "demo-"+rand.Text(), signature.NewSecret()
	if d.platform, err = newDemoPlatform(token, noticeSecret); err != nil {
		return err
	}
	paymentSecret, eventSecret := signature.NewSecret(), signature.NewSecret()
	if d.provider, err = newDemoProvider(paymentSecret); err != nil {
		return err
	}
	if d.subscriber, err = newDemoSubscriber(eventSecret, d.screen); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/notices", d.platform)
	mux.Handle("/crm", d.subscriber)
	mux.Handle("/bank/", d.bank)
	// The gateway's own server, not net/http's: that one would be linked for this alone, HTTP/2 and
	// all, and make every program 300 KB larger.
	server := &fasthttp.Server{Handler: fasthttpadaptor.NewFastHTTPHandler(mux), ReadTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // it ends when the server is closed
	defer func() { err = errors.Join(err, server.Shutdown()) }()

	file := filepath.Join(folder, "demo.yaml")
	if err := os.WriteFile(file, demoFile, 0o600); err != nil {
		return err
	}
	n, err := d.newNode(stderr, configs.Options{Flags: configs.Flags{Config: file}, Environ: []string{
		"HOOKGATE_ADMIN_TOKEN=" + token,
		"DEMO_FOLDER=" + filepath.Join(folder, "data"),
		"DEMO_PLATFORM=http://" + listener.Addr().String() + "/notices",
		"DEMO_NOTICE_SECRET=" + noticeSecret,
		"DEMO_PAYMENT_SECRET=" + paymentSecret,
		"DEMO_CRM=http://" + listener.Addr().String() + "/crm",
		"DEMO_EVENT_SECRET=" + eventSecret,
		"DEMO_BANK=http://" + listener.Addr().String() + "/bank",
	}})
	if err != nil {
		return err
	}
	public, internal := n.Addrs()
	d.provider.url = "http://" + public.String() + "/hooks/demo/payments"
	d.platform.tenant = "http://" + internal.String() + "/v1/tenants/demo"
	link, err := n.SignInLink(token)
	if err != nil {
		return err
	}
	d.screen.header(d.platform.tenant, d.provider.url, token, link)
	return d.serve(ctx, n)
}

func (d *demo) newNode(stderr io.Writer, o configs.Options) (*node.Node, error) {
	c, err := configs.Load(o)
	if err != nil {
		return nil, err
	}
	return node.New(node.Options{
		Load:    func() (*configs.Config, error) { return configs.Load(o) },
		Log:     slog.New(demoLog{newLogger(c.Log, stderr).Handler(), d.subscriber.breaker}),
		Stderr:  stderr,
		Version: version(),
	})
}

// serve runs the gateway for as long as the chats go on.
func (d *demo) serve(ctx context.Context, n *node.Node) error {
	living, end := context.WithCancel(ctx)
	defer end()
	// Not ended with ctx: chats that are told to stop still have a gateway, so that
	// what they say then is not about its going.
	serving, drain := context.WithCancel(context.WithoutCancel(ctx))
	defer drain()
	served := make(chan error, 1)
	go func() {
		served <- n.Run(serving)
		end()
	}()
	err := d.live(living)
	d.screen.summary()
	drain()
	return errors.Join(err, <-served)
}

// live starts chat after chat, one story after the other, until the demo's length
// is over; those that go on then are seen to their end. When ctx ends they are left.
func (d *demo) live(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var over <-chan time.Time
	if d.length > 0 {
		over = time.After(d.length)
	}
	next := time.NewTicker(time.Duration(float64(time.Second) / d.rate))
	defer next.Stop()
	var chats sync.WaitGroup
	for i, open := 0, true; open; i++ {
		chats.Go(func() {
			c := &demoChat{demo: d, key: fmt.Sprintf("chat-%04d", i+1), amount: 500 + 100*(i*7%40)}
			if err := c.live(ctx, demoStories[i%len(demoStories)]); err != nil && ctx.Err() == nil {
				fail(fmt.Errorf("%s: %w", c.key, err))
			}
		})
		select {
		case <-next.C:
		case <-over:
			open = false
		case <-ctx.Done():
			open = false
		}
	}
	chats.Wait()
	if err := d.subscriber.settled(ctx); err != nil && ctx.Err() == nil {
		return err
	}
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}
