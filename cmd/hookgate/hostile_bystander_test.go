package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// bystander is a tenant that does its work, and what came of it. The work is done in a
// process of its own: what slows it is the gateway and the machine, and not the heap
// and the goroutines of the attacker.
type bystander struct {
	t        *testing.T
	program  *program.Program
	endpoint *gatewaytest.Receiver
	stop     func()
	over     chan struct{} // closed when the process has told everything

	mu       sync.Mutex
	took     []seen // of callbacks
	promised int    // deliveries: of events, and of the outcomes of calls
	broken   []string
}

// seen is what the process tells, a line of JSON each.
type seen struct {
	Due      time.Time     // when a callback was
	Lasted   time.Duration // 0: of no callback
	Promised bool          // a delivery
	Broken   string        // a promise
}

// begin starts its work, which goes on until end.
func (b *bystander) begin() {
	process := program.Command(b.t, []string{bystanderOf + "=" + b.program.Public + " " + b.program.Internal})
	process.Args = []string{process.Path, "-test.run=^TestBystanderAtWork$"}
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	stdout, err := process.StdoutPipe()
	if err != nil {
		b.t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.over = make(chan struct{})
	b.stop = func() {
		_ = stdin.Close() // by which it knows; the second time there is nothing to do
		<-b.over
	}
	go func() {
		defer close(b.over)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			b.hears(lines.Bytes())
		}
		if err := process.Wait(); err != nil {
			b.hears(fmt.Appendf(nil, `{"Broken":"the process of the bystander: %s"}`, err))
		}
	}()
}

func (b *bystander) hears(line []byte) {
	var one seen
	if json.Unmarshal(line, &one) != nil {
		return // the end of the test
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case one.Broken != "":
		b.broken = append(b.broken, one.Broken)
	case one.Promised:
		b.promised++
	default:
		b.took = append(b.took, one)
	}
}

// end stops it, and checks that each event and each outcome was delivered, and once.
func (b *bystander) end() {
	b.stop()
	var counts map[string]int
	program.Eventually(b.t, hostilePatience, func() error {
		counts = map[string]int{}
		for _, q := range b.endpoint.Got() {
			if q.Path != bystanderCalls {
				counts[q.Header.Get("webhook-id")]++
			}
		}
		if missing := b.promised - len(counts); missing > 0 {
			return fmt.Errorf("%d of the bystander's %d events and outcomes were not delivered", missing, b.promised)
		}
		return nil
	})
	for id, n := range counts {
		if n != 1 {
			b.t.Errorf("the bystander's delivery %s came %d times", id, n)
		}
	}
	for i, text := range b.broken {
		if i == 3 {
			b.t.Errorf("and %d more", len(b.broken)-i)
			break
		}
		b.t.Errorf("the bystander: %.300s", text)
	}
}

// between gives median and 99th percentile of the callbacks that were due then.
func (b *bystander) between(from, until time.Time) (p50, p99 time.Duration, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []time.Duration
	for _, one := range b.took {
		if !one.Due.Before(from) && one.Due.Before(until) {
			all = append(all, one.Lasted)
		}
	}
	if len(all) == 0 {
		return 0, 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)*99/100], len(all)
}
