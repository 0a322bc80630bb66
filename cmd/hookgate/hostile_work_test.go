package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// How much a bystander does, in the open: no request waits for another's answer.
const (
	bystanderRate  = 80                     // callbacks a second
	bystanderLead  = 250 * time.Millisecond // from opening a wait until its callback
	bystanderEvery = 4                      // callbacks for each event that is published, and for each call
)

const ofBystander = "/v1/tenants/bystander"

// bystanderOf is the variable with the addresses of the program that a bystander's
// process works with.
const bystanderOf = "HOOKGATE_BYSTANDER_OF"

// TestBystanderAtWork is the process of a bystander, which works until its input ends.
func TestBystanderAtWork(t *testing.T) {
	public, internal, is := strings.Cut(os.Getenv(bystanderOf), " ")
	if !is {
		t.Skip("an attack runs this")
	}
	w := &work{
		t: t, out: json.NewEncoder(os.Stdout), platform: program.NewClient(t, internal, platformOfArena),
		sender: program.NewClientFrom(t, net.IPv4(127, 0, 77, 1), public, ""),
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	ticks := time.NewTicker(time.Second / bystanderRate)
	defer ticks.Stop()
	for {
		select {
		case <-over:
			w.under.Wait()
			return
		case now := <-ticks.C:
			w.under.Go(func() { w.one(now.Add(bystanderLead)) })
		}
	}
}

// work is what the process of a bystander does, from an address block of its own.
type work struct {
	t        *testing.T
	platform *program.Client // opens its waits, publishes its events and makes its calls
	sender   *program.Client // calls back
	serial   atomic.Int64
	under    sync.WaitGroup

	mu  sync.Mutex
	out *json.Encoder
}

// one opens a wait, and sends its callback when that is due. What a callback took is
// counted from then, but for a sender that was late itself.
func (w *work) one(due time.Time) {
	n := w.serial.Add(1)
	key := fmt.Sprint("bystander-", n)
	switch n % (2 * bystanderEvery) {
	case 0, bystanderEvery:
		w.under.Go(func() { w.publish(key) })
	case 1:
		w.under.Go(w.call)
	case 1 + bystanderEvery:
		w.under.Go(w.callLater)
	}
	wait := w.ask(w.platform, ofBystander+"/waits", 201,
		fmt.Sprintf(`{"source":"payments","conversation_key":%q,"timeout_seconds":60,"mode":"poll","context":{"a":1}}`, key))
	if early := time.Until(due); early > 0 {
		time.Sleep(early) // the pace of the load, and no wait for anything
		due = time.Now()
	}
	a := w.ask(w.sender, "/hooks/bystander/payments", 200, fmt.Sprintf(`{"conversation_key":%q,"paid":true}`, key), sourceToken)
	if outcome := a.Field("outcome"); a.Status == 200 && (outcome != "resumed" || a.Field("wait_id") != wait.Field("id")) {
		w.says("a callback was answered %s, want it to resume %s", a, wait.Field("id"))
	}
	w.tell(seen{Due: due, Lasted: time.Since(due)})
}

func (w *work) publish(key string) {
	w.promise(w.ask(w.platform, ofBystander+"/events", 202,
		fmt.Sprintf(`{"events":[{"event":{"type":"message"},"conversation":{"key":%q}}]}`, key)))
}

// call makes a call and wants its outcome.
func (w *work) call() {
	if a := w.ask(w.platform, ofBystander+"/webhooks/own/call", 200, `{}`); a.Status == 200 && a.Field("outcome") != "success" {
		w.says("a call was answered %s, want a success", a)
	}
}

// callLater makes a call whose outcome comes by itself.
func (w *work) callLater() {
	w.promise(w.ask(w.platform, ofBystander+"/webhooks/later/call", 202, `{}`))
}

// promise counts what an answer has promised to deliver.
func (w *work) promise(a program.Answer) {
	if a.Status == 202 {
		w.tell(seen{Promised: true})
	}
}

// ask sends one request and wants this status of it.
func (w *work) ask(by *program.Client, path string, want int, body string, fields ...string) program.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), hostilePatience)
	defer cancel()
	a, err := by.Do(ctx, "POST", path, body, fields...)
	if err != nil {
		w.says("POST %s: %v", path, err)
	} else if a.Status != want {
		w.says("POST %s: %s, want %d", path, a, want)
	}
	return a
}

func (w *work) says(format string, args ...any) {
	w.tell(seen{Broken: fmt.Sprintf(format, args...)})
}

func (w *work) tell(what seen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.out.Encode(what); err != nil {
		w.t.Error(err)
	}
}
