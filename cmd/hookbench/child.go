//go:build linux

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// child is a server of our own in a process of its own, so that what it costs can
// be told from what the client costs.
type child struct {
	addr  string
	cmd   *exec.Cmd
	input io.Closer
}

// startChild runs this program again, as one of its hidden commands.
func startChild(name string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, append([]string{name}, args...)...)
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, input: input}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		c.stop()
		return nil, fmt.Errorf("start the %s server: %w", name, err)
	}
	c.addr = strings.TrimSpace(line)
	return c, nil
}

// startRelay runs the bare relay, with its file beside the gateway's data: on the same
// disk. What target is "" is kept and not passed on.
func startRelay(g *gateway, target string, conns int) (*child, error) {
	file, err := os.CreateTemp(g.folder, "relay-")
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	if target == "" {
		return startChild("relay", file.Name())
	}
	return startChild("relay", file.Name(), target, strconv.Itoa(conns))
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// sent is what a load took of a child of ours.
type sent struct {
	*result
	cpu, client time.Duration // CPU time of the child, and of this process
}

// each gives a part of the CPU time for one request, in microseconds.
func (s *sent) each(cpu time.Duration) float64 { return micros(cpu) / float64(s.n) }

// send sends a load to the child.
func (c *child) send(ctx context.Context, l *load) (s sent, err error) {
	pids := []int{c.pid(), os.Getpid()}
	before, err := cpuTimes(pids)
	if err != nil {
		return s, err
	}
	if s.result, err = l.run(ctx); err != nil {
		return s, err
	}
	after, err := cpuTimes(pids)
	if err != nil {
		return s, err
	}
	s.cpu, s.client = after[0]-before[0], after[1]-before[1]
	return s, nil
}

// sayClient says whether the client, and not the echo, was measured.
func sayClient[R any](r *report, all []*R, echo func(*R) *sent) {
	server := middle(all, func(one *R) float64 { return echo(one).each(echo(one).cpu) })
	client := middle(all, func(one *R) float64 { return echo(one).each(echo(one).client) })
	part := client / (client + server)
	busy := middle(all, func(one *R) float64 { return echo(one).client.Seconds() / echo(one).took.Seconds() })
	r.printf("CPU of an echo      %.1f us of the server, %.1f us of the client, which is %.0f %% of both and has its thread busy for %.0f %% of the time; within a third: %s\n",
		server, client, 100*part, 100*busy, verdict(part <= 1.0/3))
}

func (c *child) stop() {
	_ = c.input.Close()
	_ = c.cmd.Wait() // it ends by its listener being closed, which is an error to it
}
