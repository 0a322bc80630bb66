//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// Goals of what operations cost: the part of one processor that readers of the stream may
// take, and the time of an answer with figures.
const (
	goalStream = 0.15
	goalStats  = 50 * time.Millisecond
)

// operations measures what it costs to look on.
type operations struct {
	common
	readers int
	rate    float64
	time    time.Duration
	backup  int64 // bytes that the store has
	lists   int   // deliveries that it has
}

func newOperationsCommand() *cobra.Command {
	o := &operations{}
	cmd := &cobra.Command{
		Use:   "operations",
		Short: "What it costs to look on: the stream and the statistics",
		Long: `Publishes events at a rate, first while nobody reads the stream and then with
readers, each of whom must get every event; compares the CPU time of the two. Then
it asks for the statistics of what was.

With --backup the store is filled, and the latency of callbacks at the rate is that
without and with a backup that runs. With --lists it is filled with deliveries, and
pages of lists are asked for over HTTP.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.lists != 0 && (o.lists < listAtOnce || o.lists > 10_000_000) {
				return fmt.Errorf("--lists is %d to 10000000", listAtOnce)
			}
			if o.lists > 0 {
				return o.measure(cmd, o.runLists)
			}
			if o.backup > 0 {
				return o.measure(cmd, o.runBackup)
			}
			return o.measure(cmd, o.run)
		},
	}
	o.add(cmd)
	cmd.Flags().IntVar(&o.readers, "readers", 100, "readers of the stream")
	cmd.Flags().Float64Var(&o.rate, "rate", 2000, "events a second")
	cmd.Flags().Int64Var(&o.backup, "backup", 0, "instead, back up a store of so many bytes while callbacks come at the rate")
	cmd.Flags().IntVar(&o.lists, "lists", 0, "instead, ask for pages of lists with so many deliveries stored")
	cmd.Flags().Lookup("lists").NoOptDefVal = "1000000"
	cmd.Flags().DurationVar(&o.time, "for", 10*time.Second, "how long")
	return cmd
}

func (o *operations) run(ctx context.Context, g *gateway, r *report) error {
	alone, err := o.publish(ctx, g)
	if err != nil {
		return err
	}
	var got atomic.Int64
	conns, err := o.read(g, &got)
	defer func() { closeAll(conns) }()
	if err != nil {
		return err
	}
	with, err := o.publish(ctx, g)
	if err != nil {
		return err
	}
	want := int64(o.readers) * int64(o.events())
	for end := time.Now().Add(patience); got.Load() < want; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("readers have %d events of %d", got.Load(), want)
		}
	}
	part := (with - alone).Seconds() / o.time.Seconds()
	r.less("stream", "%", 100*part)
	r.printf("stream              %d readers of %.0f events a second: %.1f %% of a processor (%s of CPU in %s, %s with nobody); goal at most %.0f %%: %s\n",
		o.readers, o.rate, 100*part, short(with), o.time, short(alone), 100*goalStream, verdict(part <= goalStream))
	return o.ask(g, r)
}

func (o *operations) events() int { return int(o.rate * o.time.Seconds()) }

// publish sends events at the rate, and gives the CPU time that it took the gateway.
func (o *operations) publish(ctx context.Context, g *gateway) (time.Duration, error) {
	head, body := internalHead("POST", g.internal, tenantPath+"/events"), []byte(`{"events":[{"event":{"type":"note"},"conversation":{"key":"42"}}]}`)
	l := &load{
		addr: g.internal, conns: 64, n: o.events(), pace: newPace(o.rate), check: wantAnswer(fasthttp.StatusAccepted, `"accepted":1`),
		fill: func(_ int, m *message) { m.head, m.body = head, body },
	}
	before, err := cpuTime(g.pid())
	if err != nil {
		return 0, err
	}
	if _, err := l.run(ctx); err != nil {
		return 0, err
	}
	after, err := cpuTime(g.pid())
	return after - before, err
}

// read opens the readers, who count what they get.
func (o *operations) read(g *gateway, got *atomic.Int64) (conns []net.Conn, err error) {
	for range o.readers {
		conn, err := net.DialTimeout("tcp", g.internal, patience)
		if err != nil {
			return conns, err
		}
		conns = append(conns, conn)
		m := &message{head: internalHead("GET", g.internal, "/v1/stream?kinds=event")}
		if _, err := conn.Write(m.appendTo(nil)); err != nil {
			return conns, err
		}
		in := bufio.NewReaderSize(conn, 64<<10)
		answer, err := http.ReadResponse(in, nil)
		if err != nil {
			return conns, err
		}
		if answer.StatusCode != http.StatusOK {
			return conns, errors.New("the stream answered " + answer.Status)
		}
		go func() {
			for {
				line, err := in.ReadSlice('\n')
				if err != nil {
					return
				}
				if bytes.HasPrefix(line, []byte("event: event")) {
					got.Add(1)
				}
			}
		}()
	}
	return conns, nil
}

// ask asks for statistics, again and again.
func (o *operations) ask(g *gateway, r *report) error {
	const rounds = 50
	var took []time.Duration
	size := 0
	for range rounds {
		start := time.Now()
		answer, err := g.call("GET", "/v1/stats?step=1m&since="+start.Add(-24*time.Hour).UTC().Format("2006-01-02T15:04:05Z"), "", 200)
		if err != nil {
			return err
		}
		took, size = append(took, time.Since(start)), len(answer)
	}
	slices.Sort(took)
	half := took[rounds/2].Seconds() * 1000
	r.less("statistics", "ms", half)
	r.printf("statistics          %d bytes in %.2f ms, the middle of %d; goal at most %s: %s\n", size, half, rounds, goalStats, verdict(took[rounds/2] <= goalStats))
	return nil
}
