//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/client"
	"hookgate/gateway/gatewaytest/program"
)

// socketUnit listens as configs/systemd/hookgate.socket does, for one process after the other.
func socketUnit(t *testing.T, name string) (s program.Socket, url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	file, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Close(); err != nil { // the file listens on
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return program.Socket{Name: name, File: file}, "http://" + ln.Addr().String()
}

// visits are what happened to those who called during the restarts.
type visits struct {
	mu       sync.Mutex
	answers  map[int]int
	errors   []error
	slowest  time.Duration
	answered chan struct{} // one for each answer, as long as somebody counts
}

func (v *visits) saw(status int, took time.Duration, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.slowest = max(v.slowest, took)
	if err != nil {
		v.errors = append(v.errors, err)
		return
	}
	v.answers[status]++
	select {
	case v.answered <- struct{}{}:
	default:
	}
}

// call posts callbacks until ctx is done, each on a connection of its own, so that each
// restart meets connections in every state.
func (v *visits) call(ctx context.Context, url string, caller int) {
	visitor := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for n := 0; ctx.Err() == nil; n++ {
		r, err := http.NewRequest("POST", url+"/hooks/acme/payments", strings.NewReader(fmt.Sprintf(`{"conversation_key":"caller-%d-%d"}`, caller, n))) // not of ctx: the last one is to be answered, too
		if err != nil {
			v.saw(0, 0, err)
			return
		}
		r.GetBody = nil // nothing is sent a second time
		r.Header.Set("X-Token", "a-token-of-16-characters")
		began, status := time.Now(), 0
		res, err := visitor.Do(r)
		if err == nil {
			status = res.StatusCode
			_, err = io.Copy(io.Discard, res.Body)
			err = errors.Join(err, res.Body.Close())
		}
		v.saw(status, time.Since(began), err)
	}
}

// Restarted under load behind the sockets of a service manager, hookgate refuses no
// connection, cuts none off, and every wait that was held ends with its callback.
func TestRestartUnderSocketActivation(t *testing.T) {
	t.Parallel()
	const callers, holders, restarts = 8, 16, 2
	public, publicURL := socketUnit(t, "public")
	internal, internalURL := socketUnit(t, "internal")
	o := program.Options{
		Config: oneSource, Dir: filepath.Join(t.TempDir(), "data"),
		Sockets: []program.Socket{public, internal},
	}
	p := program.Start(t, o)
	if p.Public != publicURL || p.Internal != internalURL {
		t.Fatalf("it listens on %s and %s, and not on the sockets %s and %s", p.Public, p.Internal, publicURL, internalURL)
	}
	resumed := holdMany(t, internalURL, holders)
	for i := range holders {
		awaitOpen(t, p, heldKey(i))
	}
	v := visits{answers: map[int]int{}, answered: make(chan struct{})}
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	var calling sync.WaitGroup
	for i := range callers {
		calling.Go(func() { v.call(ctx, publicURL, i) })
	}
	for range restarts {
		v.await(t, 4*callers)
		if code := p.Terminate(t); code != 0 {
			t.Fatalf("exit code %d\n%s", code, p.Log.Text())
		}
		p = program.Start(t, o)
	}
	v.await(t, 4*callers)
	enough()
	calling.Wait()
	for i := range holders {
		p.Sender().Must(t, []int{200}, "POST", "/hooks/acme/payments", map[string]any{"conversation_key": heldKey(i)}, sourceToken)
	}
	for range holders {
		if err := <-resumed; err != nil {
			t.Error(err)
		}
	}
	for status := range v.answers {
		if status != 202 { // nobody waits yet: it is kept, and so it must be durable
			t.Errorf("%d callbacks were answered with %d", v.answers[status], status)
		}
	}
	if len(v.errors) > 0 {
		t.Errorf("%d callers were refused or cut off, such as: %v", len(v.errors), v.errors[0])
	}
	t.Logf("%d restarts, answers by status %v, the slowest after %s", restarts, v.answers, v.slowest.Round(time.Millisecond))
}

// await returns when n more callers were answered.
func (v *visits) await(t *testing.T, n int) {
	t.Helper()
	limit := time.After(time.Minute)
	for range n {
		select {
		case <-v.answered:
		case <-limit:
			v.mu.Lock()
			defer v.mu.Unlock()
			t.Fatalf("nobody is answered any more: %v, %v", v.answers, v.errors)
		}
	}
}

func heldKey(i int) string { return fmt.Sprintf("held-%d", i) }

// holdMany opens waits and holds them as a program with our client does.
func holdMany(t *testing.T, url string, n int) <-chan error {
	t.Helper()
	platform, err := client.New(client.Options{Server: url, Token: program.AdminToken, Patience: 2 * time.Minute, Tries: 1000})
	if err != nil {
		t.Fatal(err)
	}
	resumed := make(chan error, n)
	for i := range n {
		go func() {
			w, err := platform.Of("acme").OpenWait(t.Context(), client.NewWait{Source: "payments", ConversationKey: heldKey(i), TimeoutSeconds: 300, Mode: gateway.ModeHold})
			if err == nil && w.State != gateway.StateResumed {
				err = fmt.Errorf("the wait of %s ended as %s", heldKey(i), w.State)
			}
			resumed <- err
		}()
	}
	return resumed
}

// A socket that no listener is for ends the start, and says what to change.
func TestSocketOfNobody(t *testing.T) {
	t.Parallel()
	socket, url := socketUnit(t, "hookgate.socket")
	p := program.Launch(t, program.Options{Sockets: []program.Socket{socket}})
	if code := p.Wait(t); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if text := p.Log.Text(); !strings.Contains(text, strings.TrimPrefix(url, "http://")+", which is no address of the configuration") || !strings.Contains(text, "ListenStream=") {
		t.Error(text)
	}
}

// The watchdog of a service manager hears of a process that works, and of no other: one that
// is stopped says nothing.
func TestWatchdogIsTold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	manager, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = manager.Close() }()
	hear := func(until time.Time) (string, error) {
		if err := manager.SetReadDeadline(until); err != nil {
			t.Fatal(err)
		}
		text := make([]byte, 256)
		n, err := manager.Read(text)
		return string(text[:n]), err
	}
	p := program.Start(t, program.Options{Env: []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=100000"}})
	var told []string
	for range 4 {
		text, err := hear(time.Now().Add(time.Minute))
		if err != nil {
			t.Fatalf("after %q: %v", told, err)
		}
		told = append(told, text)
	}
	if !slices.Equal(told, []string{"READY=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"}) {
		t.Errorf("it is told %q", told)
	}
	p.Pause(t)
	awaitStopped(t, p.Pid())
	for {
		// A deadline that is over would end it before it looks.
		if _, err := hear(time.Now().Add(50 * time.Millisecond)); err != nil {
			break // what was on its way is read
		}
	}
	if text, err := hear(time.Now().Add(300 * time.Millisecond)); err == nil {
		t.Errorf("a stopped process says %q", text)
	}
	p.Continue(t)
	if text, err := hear(time.Now().Add(time.Minute)); text != "WATCHDOG=1" {
		t.Errorf("it goes on with %q, %v", text, err)
	}
}

// awaitStopped returns when the process runs no more.
func awaitStopped(t *testing.T, pid int) {
	t.Helper()
	program.Eventually(t, time.Minute, func() error {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Skip(err)
		}
		if _, state, _ := strings.Cut(string(text), ") "); !strings.HasPrefix(state, "T") {
			return fmt.Errorf("its state is %.1s", state)
		}
		return nil
	})
}
