package waiting_test

import (
	"context"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/waiting"
)

// slowStore stops an Open between its commit and its registration, which nobody
// outside can see otherwise.
type slowStore struct {
	waiting.Ledger
	committed chan *gateway.Wait
	goOn      chan struct{}
}

func (s *slowStore) Commit(changes ...*gateway.Change) error {
	err := s.Ledger.Commit(changes...)
	if w := changes[0].Wait; w != nil && w.State == gateway.StateWaiting {
		s.committed <- w
		<-s.goOn
	}
	return err
}

// A wait that was just committed can be found in a list before it is in the
// registry: who holds or cancels it then must not be told that it has ended, nor
// be sent away.
func TestWaitIsWholeFromItsCommitOn(t *testing.T) {
	slow := &slowStore{committed: make(chan *gateway.Wait), goOn: make(chan struct{})}
	k := &kit{t: t, wrap: func(s waiting.Ledger) waiting.Ledger { slow.Ledger = s; return slow }}
	k.begin(gateway.Source{})
	defer func() { k.stop() }()
	opened := make(chan error)
	go func() {
		_, err := k.tryOpen(waiting.OpenRequest{Key: "chat1"})
		opened <- err
	}()
	w := <-slow.committed
	var listed []*gateway.Wait
	_, err := k.sessions.List(store.Query{Tenant: "acme", Bodies: true}, func(w *gateway.Wait) bool { listed = append(listed, w); return true })
	if err != nil || len(listed) != 1 || listed[0].ID != w.ID {
		t.Fatalf("listed %v, %v", listed, err)
	}
	held := make(chan *gateway.Wait)
	go func() {
		got, err := k.hold(context.Background(), w.ID)
		if err != nil {
			t.Error(err)
		}
		held <- got
	}()
	cancelled := make(chan error)
	go func() {
		ctx, stop := context.WithTimeout(context.Background(), time.Minute)
		defer stop()
		_, err := k.sessions.Cancel(ctx, "acme", w.ID, gateway.ReasonCancelled)
		cancelled <- err
	}()
	select {
	case got := <-held:
		t.Fatalf("held while it is being opened: %s", got.AppendJSON(nil))
	case err := <-cancelled:
		t.Fatalf("cancelled while it is being opened: %v", err)
	case slow.goOn <- struct{}{}:
	}
	if err := <-opened; err != nil {
		t.Fatal(err)
	}
	if err := <-cancelled; err != nil {
		t.Errorf("cancel: %v", err)
	}
	if got := <-held; got.State != gateway.StateCancelled {
		t.Errorf("held %s, want cancelled", got.AppendJSON(nil))
	}
}
