package server

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strconv"
	"testing"
	"time"
)

func TestWatchdogEvery(t *testing.T) {
	self := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		limit, pid string
		every      time.Duration
		fails      bool
	}{
		{"", "", 0, false},
		{"", self, 0, false},
		{"30000000", "", 15 * time.Second, false},
		{"30000000", self, 15 * time.Second, false},
		{"30000000", "1", 0, false}, // another process is watched
		{"1", self, time.Millisecond, false},
		{"0", self, 0, true},
		{"-5", "", 0, true},
		{"30s", "", 0, true},
		{"9223372036854775807", "", 0, true}, // more than a Duration holds
	} {
		t.Setenv("WATCHDOG_USEC", c.limit)
		t.Setenv("WATCHDOG_PID", c.pid)
		if every, err := WatchdogEvery(); every != c.every || (err != nil) != c.fails {
			t.Errorf("%q for process %q: %s, %v", c.limit, c.pid, every, err)
		}
	}
}

// The manager is told when this process works, and not while it does not.
func TestWatchdogTells(t *testing.T) {
	path := t.TempDir() + "/notify"
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = manager.Close() }()
	t.Setenv("NOTIFY_SOCKET", path)
	heard := make([]byte, 64)
	hear := func() string {
		n, err := manager.Read(heard)
		if err != nil {
			t.Fatal(err)
		}
		return string(heard[:n])
	}
	asked, answers := make(chan struct{}), make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		Watchdog(ctx, time.Millisecond, func(context.Context) error {
			asked <- struct{}{}
			return <-answers
		}, slog.New(slog.DiscardHandler))
	}()
	for range 3 {
		<-asked
		answers <- nil
		if got := hear(); got != NotifyWatchdog {
			t.Errorf("heard %q", got)
		}
	}
	<-asked
	for range 2 {
		answers <- errors.New("it hangs")
		<-asked // the next question: what became of the last answer is over
	}
	// A deadline that is over would end it before it looks.
	if err := manager.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := manager.Read(heard); err == nil {
		t.Errorf("it was told %q while this process did not work", heard[:n])
	}
	cancel()
	answers <- nil
	<-done
}

// Any answer is one, and none in time is not.
func TestAnswers(t *testing.T) {
	r := start(t, Options{}, answerHandlers())
	if err := r.Answers(t.Context()); err != nil {
		t.Error(err)
	}
	ln := passed(t, Internal, "127.0.0.1:0") // whose connections the system takes, and nobody reads
	hangs, err := New(Options{Sockets: []Socket{ln, passed(t, Public, "127.0.0.1:0")}, Log: slog.New(slog.DiscardHandler)}, answerHandlers())
	if err != nil {
		t.Fatal(err)
	}
	if err := hangs.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := hangs.Answers(ctx); err == nil {
		t.Error("who reads nothing is said to answer")
	}
	if err := hangs.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}
