package waiting_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/waiting"
)

var somebody = waiting.Doer{Scope: "admin", TokenID: "tok_7"}

func resolve(k *kit, id string, as waiting.Resolution) (*gateway.Wait, error) {
	return k.sessions.Resolve(context.Background(), "acme", id, as, somebody)
}

func extend(k *kit, id string, by time.Duration) (*gateway.Wait, error) {
	return k.sessions.Extend(context.Background(), "acme", id, by, somebody)
}

func endedAlready(err error) bool {
	var known *gateway.Error
	return errors.As(err, &known) && known.Code == gateway.CodeWaitEnded
}

// deeds gives the lines of what was done by hand in a conversation, newest first.
func deeds(k *kit, key string) (lines []gateway.Trace) {
	k.t.Helper()
	all, err := k.sessions.Timeline(key, store.Timeline{Tenant: "acme"})
	if err != nil {
		k.t.Fatal(err)
	}
	for _, line := range all {
		if line.Kind == "deed" {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestResolvedByHand(t *testing.T) {
	k := newKit(t, vfs.NewCrashableMem(), gateway.Source{})
	defer func() { k.stop() }()
	w := k.open(waiting.OpenRequest{Key: "chat1", Aliases: []string{"pi_1"}, Mode: gateway.ModeNotify}).Wait
	told := make(chan *gateway.Wait, 1)
	if _, _, err := k.sessions.Watch(context.Background(), "acme", w.ID, func(w *gateway.Wait, _ error) { told <- w }); err != nil {
		t.Fatal(err)
	}
	as := waiting.Resolution{Branch: gateway.Failure, Match: "declined", Variables: gateway.Raw(`{"amount": 7}`)}
	final, err := resolve(k, w.ID, as)
	if err != nil || final.State != gateway.StateResumed || final.Reason != "manual" || final.Callback != nil || final.Branch != gateway.Failure ||
		final.Match != "declined" || string(final.Variables) != `{"amount": 7}` {
		t.Fatalf("resolved: %s, %v", final.AppendJSON(nil), err)
	}
	if got := <-told; got.Reason != "manual" {
		t.Errorf("who holds it is told %s", got.AppendJSON(nil))
	}
	if len(k.notices) != 1 {
		t.Errorf("%d notices woke their lane, want that of the end", len(k.notices))
	}
	k.crash()
	if got, err := k.sessions.Get("acme", w.ID); err != nil || string(got.AppendJSON(nil)) != string(final.AppendJSON(nil)) {
		t.Errorf("after a crash it reads %s, %v", got.AppendJSON(nil), err)
	}
	lines := deeds(k, "pi_1")
	if len(lines) != 1 || !strings.Contains(string(lines[0].Data), `"deed":"resolve"`) || !strings.Contains(string(lines[0].Data), `"token_id":"tok_7"`) {
		t.Errorf("the timeline has %v", lines)
	}
	if _, err := resolve(k, w.ID, as); !endedAlready(err) {
		t.Errorf("resolved twice: %v", err)
	}
	if _, err := extend(k, w.ID, time.Minute); !endedAlready(err) {
		t.Errorf("extended after its end: %v", err)
	}
	if got := k.send(sent{key: "pi_1", body: paid(1)}); got.Outcome != gateway.OutcomeAlreadyResumed || got.WaitID != w.ID {
		t.Errorf("a callback after it: %+v", got)
	}
}

// The new deadline holds, also over a crash, and the old one is none any more.
func TestExtendedByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewCrashableMem(), gateway.Source{})
		defer func() { k.stop() }()
		longer := k.open(waiting.OpenRequest{Key: "longer", Timeout: 10 * time.Second}).Wait
		shorter := k.open(waiting.OpenRequest{Key: "shorter", Timeout: 100 * time.Second}).Wait
		time.Sleep(9 * time.Second)
		w, err := extend(k, longer.ID, 20*time.Second)
		if err != nil || w.State != gateway.StateWaiting || !w.ExpiresAt.Equal(longer.CreatedAt.Add(29*time.Second)) {
			t.Fatalf("extended: %v, %v", w, err)
		}
		if _, err := extend(k, shorter.ID, 3*time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		k.crash()
		if got := k.wait(longer.ID); got.State != gateway.StateWaiting || !got.ExpiresAt.Equal(w.ExpiresAt) {
			t.Fatalf("after its first deadline and a crash: %s", got.AppendJSON(nil))
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := k.wait(shorter.ID); got.State != gateway.StateTimedOut || !got.EndedAt.Equal(shorter.CreatedAt.Add(12*time.Second)) {
			t.Errorf("the shortened: %s", got.AppendJSON(nil))
		}
		told := make(chan *gateway.Wait, 1)
		if _, _, err := k.sessions.Watch(context.Background(), "acme", longer.ID, func(w *gateway.Wait, _ error) { told <- w }); err != nil {
			t.Fatal(err)
		}
		got := <-told
		if got.State != gateway.StateTimedOut || !got.EndedAt.Equal(w.ExpiresAt) || !time.Now().Equal(w.ExpiresAt) {
			t.Errorf("the extended ended so at %s: %s", time.Now(), got.AppendJSON(nil))
		}
		if lines := deeds(k, "longer"); len(lines) != 1 || !strings.Contains(string(lines[0].Data), `"deed":"extend"`) {
			t.Errorf("the timeline has %v", lines)
		}
	})
}

// A wait that is extended for long is found again after a crash, though all that were
// opened with it are history; and there is an end to it.
func TestExtendedForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newKit(t, vfs.NewCrashableMem(), gateway.Source{})
		defer func() { k.stop() }()
		w := k.open(waiting.OpenRequest{Key: "chat1", Timeout: 300 * time.Second}).Wait
		for n := 0; ; n++ {
			time.Sleep(299 * time.Second)
			if _, err := extend(k, w.ID, 300*time.Second); err != nil {
				if n < 280 || !strings.Contains(err.Error(), "24h") {
					t.Errorf("extended %d times, then %v", n, err)
				}
				break
			}
			if n%100 == 50 {
				k.crash()
			}
		}
		k.crash()
		if got := k.wait(w.ID); got.State != gateway.StateWaiting {
			t.Errorf("after the last crash: %s", got.AppendJSON(nil))
		}
	})
}

// What an extension that could not be written leaves is the old deadline.
func TestExtensionThatIsNotWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var full atomic.Bool
		k := &kit{t: t, fs: vfs.NewCrashableMem(), dir: "data", wrap: func(l waiting.Ledger) waiting.Ledger { return refusing{l, &full} }}
		k.begin(gateway.Source{})
		defer func() { k.stop() }()
		w := k.open(waiting.OpenRequest{Key: "chat1", Timeout: 10 * time.Second}).Wait
		time.Sleep(5 * time.Second)
		full.Store(true)
		if _, err := extend(k, w.ID, 100*time.Second); err == nil {
			t.Fatal("it was extended")
		}
		if _, err := resolve(k, w.ID, waiting.Resolution{Branch: gateway.Success}); err == nil {
			t.Fatal("it was resolved")
		}
		full.Store(false)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if got := k.wait(w.ID); got.State != gateway.StateTimedOut || !got.EndedAt.Equal(w.ExpiresAt) {
			t.Errorf("it reads %s", got.AppendJSON(nil))
		}
	})
}

// refusing is a ledger that has no room now and then.
type refusing struct {
	waiting.Ledger
	full *atomic.Bool
}

func (r refusing) Commit(changes ...*gateway.Change) error {
	if r.full.Load() {
		return gateway.Unavailable("the disk is full", time.Second)
	}
	return r.Ledger.Commit(changes...)
}
