package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"hookgate/gateway"
	"hookgate/gateway/client"
)

// listening pulls deliveries, and hands each on to a server of the developer's own.
type listening struct {
	*question
	to       string
	endpoint string
	name     string // of the endpoint that is made: listen-NAME
	types    []string
	made     bool // the endpoint was made for this, and goes with it
	local    http.Client
}

// How much is pulled, and for how long. It is one at a time: what came with it would wait behind
// a local server that stands in a debugger, past its lease, and ten of them for as long as an
// endpoint stays that nobody pulls from.
const (
	pullMost  = 1
	pullHold  = 30 * time.Second
	pullLease = 2 * time.Minute
	localTime = time.Minute // for an answer of the local server
	partTime  = 10 * time.Second
	made      = "10m" // how long an endpoint that was made stays without a pull
)

func newListenCommand() *cobra.Command {
	r := &running{}
	var l listening
	cmd := &cobra.Command{
		Use:   "listen --forward URL",
		Short: "Get the deliveries of a tenant on a local port",
		Long: `Pull the deliveries of a tenant, and send each to a server on this machine as hookgate
would have: with its header fields and signature. What that answers is told to hookgate,
which tries again by the endpoint's retries, and is printed. It goes on after a connection
that broke, and after a restart of hookgate, until Ctrl-C.

Without --endpoint one is made, listen-NAME with mode pull, and deleted at the end; where that
is not to be (the machine went away), hookgate deletes it ten minutes after the last pull. Of
a name that is there already what waits in it is taken over: that of a listen that was killed.
Two that listen under one name at once each get a part.`,
		Example: "  hookgate listen --tenant acme --forward http://127.0.0.1:3000/hooks --event-types message",
		Args:    cobra.NoArgs,
		RunE: r.askTenant(func(a *question) error {
			l.question = a
			return l.run()
		}),
	}
	r.reads(cmd)
	r.ofTenant(cmd)
	flags := cmd.Flags()
	flags.StringVar(&l.to, "forward", "", "the URL of the local server")
	flags.StringVar(&l.endpoint, "endpoint", "", "an endpoint with mode pull that is there")
	flags.StringVar(&l.name, "name", "", "the name of what is made (default made up)")
	flags.StringSliceVar(&l.types, "event-types", nil, "of these types alone (default all)")
	required(cmd, "forward")
	cmd.MarkFlagsMutuallyExclusive("endpoint", "event-types")
	cmd.MarkFlagsMutuallyExclusive("endpoint", "name")
	completes(cmd, "endpoint", partsOf(r, "endpoints"))
	return cmd
}

func (l *listening) run() (err error) {
	if !strings.Contains(l.to, "://") {
		l.to = "http://" + l.to
	}
	signal.Ignore(syscall.SIGPIPE) // who reads what is printed may go: that ends it as Ctrl-C does
	l.local = http.Client{Timeout: localTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer l.untilStopped()()
	if l.endpoint == "" {
		if l.name == "" {
			l.name = strings.ToLower(rand.Text()[:8])
		}
		l.endpoint = "listen-" + l.name
		err = l.make()
	}
	if err == nil {
		fmt.Fprintf(l.errs, "endpoint %s of %s goes to %s; Ctrl-C ends\n", l.endpoint, l.tenant, l.to)
		err = l.pull()
	}
	if l.made {
		err = errors.Join(err, l.unmake())
	}
	return err
}

// make makes an endpoint for this run. Where its answer is lost, or not waited for, it may be
// there.
func (l *listening) make() error {
	_, _, err := l.PutRaw(l.ctx, l.at("endpoints", l.endpoint), nil, map[string]any{"mode": "pull", "event_types": l.types, "expire_after": made}, "")
	problem, answered := errors.AsType[*client.Problem](err)
	failed, dialled := errors.AsType[*net.OpError](err)
	refused := answered && problem.Status < http.StatusInternalServerError
	away := dialled && failed.Op == "dial"
	l.made = l.made || !refused && !away
	return err
}

// unmake deletes it, though the command was told to stop.
func (l *listening) unmake() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), partTime)
	defer cancel()
	if err := l.Remove(ctx, l.at("endpoints", l.endpoint), ""); err != nil && !client.IsCode(err, gateway.CodeNotFound) {
		return fmt.Errorf("endpoint %s is left: %w", l.endpoint, err)
	}
	return nil
}

// pull takes what is due until the command is told to stop; a hookgate that is away is
// waited for, and one that refuses ends it, as does an output that nobody reads. Where the endpoint that was made is no more, for
// this machine slept for longer than it lasts, it is made anew.
func (l *listening) pull() error {
	away := false
	for l.ctx.Err() == nil && l.screen.err == nil {
		pulled, err := l.Of(l.tenant).Pull(l.ctx, l.endpoint, pullMost, pullHold, pullLease)
		problem, refused := errors.AsType[*client.Problem](err)
		switch {
		case err == nil:
			away = false
		case l.ctx.Err() != nil:
			return nil
		case refused && problem.Status == http.StatusNotFound && l.made:
			if err := l.make(); err != nil {
				return errors.Join(err, problem)
			}
			fmt.Fprintf(l.errs, "endpoint %s was gone, and is made anew: what it had is not sent again\n", l.endpoint)
		case refused && problem.Status < http.StatusInternalServerError && problem.Status != http.StatusTooManyRequests:
			return err
		default:
			if !away {
				fmt.Fprintf(l.errs, "hookgate is away: %v\n", err)
			}
			away = true
			l.rest(time.Second)
		}
		for i := range pulled {
			l.deliver(&pulled[i])
		}
	}
	return nil
}

func (l *listening) rest(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.ctx.Done():
	}
}

// deliver hands one delivery on, and tells hookgate what the local server said. What is
// under way when the command is told to stop is seen to its end.
func (l *listening) deliver(p *client.Pulled) {
	if l.ctx.Err() != nil {
		l.tell(p, client.Failure{Error: "hookgate listen was stopped"})
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), localTime)
	defer cancel()
	began := time.Now()
	status, answer, err := l.forward(ctx, p)
	took := time.Since(began).Round(time.Millisecond)
	switch {
	case err != nil:
		l.printed(p, "no answer", took, err.Error())
		l.tell(p, client.Failure{Error: err.Error()})
	case status/100 == 2:
		l.printed(p, fmt.Sprint(status), took, "")
		l.acknowledge(p)
	default:
		l.printed(p, fmt.Sprint(status), took, answer)
		l.tell(p, client.Failure{Status: status, ResponseBody: answer})
	}
}

// forward sends a delivery to the local server.
func (l *listening) forward(ctx context.Context, p *client.Pulled) (status int, answer string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, l.to, bytes.NewReader(p.Body()))
	if err != nil {
		return 0, "", err
	}
	for name, value := range p.Headers {
		switch http.CanonicalHeaderKey(name) {
		case "Host", "Content-Length", "Connection", "Transfer-Encoding":
		default:
			request.Header.Set(name, value)
		}
	}
	response, err := l.local.Do(request)
	if err != nil {
		return 0, "", err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswered))
	return response.StatusCode, strings.ToValidUTF8(string(text), "\ufffd"), errors.Join(err, response.Body.Close())
}

// acknowledge and tell may fail: the delivery then comes again when its lease is over.
func (l *listening) acknowledge(p *client.Pulled) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), partTime)
	defer cancel()
	told, err := l.Of(l.tenant).Ack(ctx, l.endpoint, p.Lease)
	l.heard(p, told, err)
}

func (l *listening) tell(p *client.Pulled, f client.Failure) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.ctx), partTime)
	defer cancel()
	f.Leases = []string{p.Lease}
	told, err := l.Of(l.tenant).Nack(ctx, l.endpoint, f)
	l.heard(p, told, err)
}

func (l *listening) heard(p *client.Pulled, told client.Told, err error) {
	if err != nil {
		fmt.Fprintf(l.errs, "%s: hookgate was not told, and sends it again: %v\n", p.ID, err)
	} else if len(told.Gone) > 0 {
		fmt.Fprintf(l.errs, "%s: its lease was over: it comes again\n", p.ID)
	}
}

// printed prints a delivery with what the local server said.
func (l *listening) printed(p *client.Pulled, result string, took time.Duration, why string) {
	if l.json {
		text, err := json.Marshal(map[string]any{"delivery": p.ID, "attempt": p.Attempt, "result": result, "duration_ms": took.Milliseconds(), "detail": why})
		if err != nil {
			panic(err) // texts and numbers always have their JSON
		}
		l.line(text)
		return
	}
	at := l.now().Local().Format("15:04:05")
	colour := "31"
	if strings.HasPrefix(result, "2") {
		colour = "32"
	}
	l.printf("%s%s%s%s%s%s%s%stry %d%s%s\n", at, gap, p.ID, gap, l.painted(colour, result), gap, took, gap, p.Attempt, gap, cut(oneLine(why), 200))
}
