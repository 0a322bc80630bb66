package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
)

var (
	killRounds = flag.Int("rounds", 3, "how many times TestKill and TestKillEvents kill the program")
	killSeed   = flag.Uint64("seed", 0, "seed of their load; 0 draws one")
)

const killConfig = `
tenants:
  acme:
    platform:
      url: "%s/outcomes"
      timeout: 1s
      sign: { type: standard, secrets: ["${KILL_SECRET}"] }
      retry: { initial: 50ms, max: 200ms, max_attempts: 1000 }
    sources:
      payments: &source
        verify: { type: token, in: header, name: X-Token, secrets: ["a-token-of-the-kill-test"] }
        dedupe: { id: id }
        early: { max: 100000 }
        match:
          - { name: paid, branch: SUCCESS, when: [{ path: type, equals: paid }] }
          - { name: declined, branch: FAILURE, when: [{ path: type, equals: declined }] }
        variables: [{ name: amount, path: amount, type: number }]
      brief: # parks for a moment only
        <<: *source
        early: { max: 100000, ttl: 1s }
`

const killSecret = "whsec_a2lsbC10ZXN0LXNlY3JldC1vZi0zMi1ieXRlcyE="

// TestKill kills the program again and again under load, and holds what all its
// clients saw to the laws of package promises, after each restart and at the end.
//
//	go test ./cmd/hookgate -run TestKill -rounds=200
func TestKill(t *testing.T) {
	seed := *killSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-seed=%d: the load; what the kills meet, chance decides", seed)
	k := newKiller(t, seed)
	k.startProgram()
	ctx, stop := context.WithCancel(t.Context())
	var workers sync.WaitGroup
	for range 256 {
		workers.Go(func() { k.work(ctx) })
	}
	for round := range *killRounds {
		k.round.Store(int64(round))
		k.pause(300, 1000)
		k.kill()
		k.startProgram()
		k.readBack()
		k.judge(false, k.recent())
		k.gate.open(k.program)
	}
	k.pause(300, 600)
	stop()
	workers.Wait()
	k.settle()
	k.judge(true, k.history.Names())
	happened, missing := k.tally()
	t.Log(happened)
	if missing != "" && *killRounds >= enoughRounds {
		t.Errorf("the load never provoked: %s", missing)
	}
}

// enoughRounds is in how many everything must have happened once: what a kill
// meets is chance, and in a few rounds it may meet no answer on its way.
const enoughRounds = 10

// killer is the driver: the program of the moment, and what is known of all its lives.
type killer struct {
	*load
	t        *testing.T
	dir      string
	rng      *rand.Rand // of the driver alone
	program  *gatewaytest.Program
	receiver *gatewaytest.Receiver
	began    []time.Time
}

func newKiller(t *testing.T, seed uint64) *killer {
	k := &killer{
		load: newLoad(seed), t: t, dir: filepath.Join(t.TempDir(), "data"),
		rng: rand.New(rand.NewPCG(seed, 0)), receiver: gatewaytest.NewReceiver(t),
	}
	// A platform that fails now and then, but never so often that its breaker opens.
	k.receiver.Script(func(q gatewaytest.Received) gatewaytest.Reply {
		switch {
		case q.Number%97 == 50:
			return gatewaytest.Reply{Hang: true}
		case q.Number%9 == 4:
			return gatewaytest.Reply{Status: 500}
		}
		return gatewaytest.Reply{Delay: time.Duration(q.Number%7) * time.Millisecond}
	})
	return k
}

// startProgram starts the program on the same folder. Now and then it is killed
// once more while it starts.
func (k *killer) startProgram() {
	o := gatewaytest.Options{
		Dir: k.dir, Config: fmt.Sprintf(killConfig, k.receiver.URL), Env: []string{"KILL_SECRET=" + killSecret},
	}
	if len(k.began) > 0 && k.rng.IntN(5) == 0 {
		hasty := gatewaytest.Launch(k.t, o)
		k.pause(0, 200)
		hasty.Kill9()
	}
	k.began = append(k.began, time.Now())
	k.program = gatewaytest.Start(k.t, o)
	k.history.Up(time.Now())
	if len(k.began) == 1 {
		k.gate.open(k.program)
	}
}

// kill ends the program at once, and waits until every client knows.
func (k *killer) kill() {
	k.gate.shut()
	k.program.Kill9()
	k.gate.empty()
	k.history.Down(time.Now())
}

// pause lets the load run for a random time.
func (k *killer) pause(least, most int) {
	timer := time.NewTimer(time.Duration(least+k.rng.IntN(most-least)) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-k.t.Context().Done():
	}
}

// judge holds conversations to the laws; what breaks one ends the test.
func (k *killer) judge(settled bool, names []string) {
	k.t.Helper()
	k.hear()
	found := k.history.Check(settled, names...)
	for i, v := range found {
		if i == 5 {
			k.t.Errorf("… and %d more", len(found)-i)
			break
		}
		k.t.Error(v)
	}
	if len(found) > 0 {
		k.t.Fatalf("after %d lives; the last one's log:\n%s", len(k.began), k.program.Log.Text())
	}
}

// recent gives the conversations of this round and the one before.
func (k *killer) recent() (names []string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for name, round := range k.touched {
		if round >= k.round.Load()-1 {
			names = append(names, name)
		} else {
			delete(k.touched, name)
		}
	}
	return names
}
