//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// goalHold is what DESIGN allows a held wait to cost in bytes.
const goalHold = 9 << 10

// holds measures what held waits cost.
type holds struct {
	common
	n      int
	attach bool
}

func newHoldsCommand() *cobra.Command {
	h := &holds{}
	cmd := &cobra.Command{
		Use:   "holds",
		Short: "Memory of a held wait",
		Long: `Holds many waits, a connection each, and compares the memory of hookgate with
before. Then a callback resumes each one, and every holder must get its answer.`,
		Example: `  hookbench holds
  hookbench holds --attach   # the request alone: the waits are there before`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if h.n < 1 {
				return fmt.Errorf("--count is %d: hold at least one", h.n)
			}
			return h.measure(cmd, h.run)
		},
	}
	h.add(cmd)
	cmd.Flags().IntVar(&h.n, "count", 10_000, "held waits")
	cmd.Flags().BoolVar(&h.attach, "attach", false, "open the waits first, and measure GET …?hold alone")
	return cmd
}

func (h *holds) run(ctx context.Context, g *gateway, r *report) error {
	s, err := newSender("none", 0, 256)
	if err != nil {
		return err
	}
	s.batch("hold-", h.n)
	requests, err := h.requests(ctx, g, s)
	if err != nil {
		return err
	}
	before, err := g.settled(ctx)
	if err != nil {
		return err
	}
	conns, err := hold(g, requests)
	defer func() { closeAll(conns) }()
	if err != nil {
		return err
	}
	if err := g.awaitOpen(ctx, h.n, 2*time.Minute); err != nil {
		return err
	}
	after, err := g.settled(ctx)
	if err != nil {
		return err
	}
	h.say(r, before, after)
	start := time.Now()
	resume := &load{addr: g.public, conns: min(64, h.n), n: h.n, check: wantAnswer(200, `"outcome":"resumed"`),
		fill: s.filler(g.public)}
	if _, err := resume.run(ctx); err != nil {
		return fmt.Errorf("resume: %w", err)
	}
	if err := collect(conns, s); err != nil {
		return err
	}
	r.printf("resumed             all %d holders had their own answer, %s after the first callback\n", h.n, short(time.Since(start)))
	return nil
}

// requests gives what each holder sends.
func (h *holds) requests(ctx context.Context, g *gateway, s *sender) (all [][]byte, err error) {
	all = make([][]byte, h.n)
	head := internalHead("POST", g.internal, waitsPath)
	open := func(i int, m *message, mode string) {
		m.head, m.body = head, []byte(`{"source":"payments","mode":"`+mode+`","timeout_seconds":300,"conversation_key":"`+s.key(i)+`"}`)
	}
	if !h.attach {
		for i := range all {
			m := &message{}
			open(i, m, "hold")
			all[i] = m.appendTo(nil)
		}
		return all, nil
	}
	first := &load{addr: g.internal, conns: min(64, h.n), n: h.n,
		fill: func(i int, m *message) { open(i, m, "poll") },
		check: func(i int, a answer) error {
			_, rest, found := strings.Cut(string(a.body), `{"id":"`)
			id, _, _ := strings.Cut(rest, `"`)
			if a.status != fasthttp.StatusCreated || !found {
				return fmt.Errorf("answered %d %s", a.status, a.body)
			}
			all[i] = (&message{head: internalHead("GET", g.internal, waitsPath+"/"+id+"?hold=300")}).appendTo(nil)
			return nil
		}}
	_, err = first.run(ctx)
	return all, err
}

// hold sends each request on a connection of its own, and leaves the answers there.
func hold(g *gateway, requests [][]byte) (conns []net.Conn, err error) {
	for i, req := range requests {
		conn, err := net.DialTimeout("tcp", g.internal, patience)
		if err != nil {
			return conns, fmt.Errorf("connection %d: %w", i, err)
		}
		conns = append(conns, conn)
		if _, err := conn.Write(req); err != nil {
			return conns, fmt.Errorf("connection %d: %w", i, err)
		}
	}
	return conns, nil
}

func closeAll(conns []net.Conn) {
	for _, conn := range conns {
		_ = conn.Close() // nothing more is read or written
	}
}

// collect reads every holder's answer and checks that it is its own.
func collect(conns []net.Conn, s *sender) error {
	res := &fasthttp.Response{}
	for i, conn := range conns {
		if err := conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		if err := res.Read(bufio.NewReader(conn)); err != nil {
			return fmt.Errorf("holder %d: %w", i, err)
		}
		body := string(res.Body())
		if res.StatusCode() != 200 || !strings.Contains(body, `"state":"resumed"`) || !strings.Contains(body, strconv.Quote(s.key(i))) {
			return fmt.Errorf("holder %d was answered %d %s", i, res.StatusCode(), body)
		}
	}
	return nil
}

// say prints what one of the n cost.
func (h *holds) say(r *report, before, after memory) {
	each := func(bytes float64) float64 { return bytes / float64(h.n) / 1024 }
	rss := float64(after.resident - before.resident)
	r.less("resident a hold", "KiB", each(rss))
	r.less("heap a hold", "KiB", each(after.heap-before.heap))
	r.less("stacks a hold", "KiB", each(after.stack-before.stack))
	r.printf("resident            %.2f KiB a hold (%d to %d MiB); goal at most %d: %s\n",
		each(rss), before.resident>>20, after.resident>>20, goalHold>>10, verdict(rss <= float64(goalHold*h.n)))
	r.printf("heap in use         %.2f KiB a hold, of which objects %.2f\n", each(after.heap-before.heap), each(after.live-before.live))
	r.printf("stacks              %.2f KiB a hold, %.2f goroutines\n", each(after.stack-before.stack), (after.goroutines-before.goroutines)/float64(h.n))
}
