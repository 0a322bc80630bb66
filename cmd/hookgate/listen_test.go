package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// laptop is a developer's server: it refuses what it gets first.
type laptop struct {
	mu     sync.Mutex
	fails  int
	bodies []string
	signed int
}

func (l *laptop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what is cut is not what is looked for
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails > 0 {
		l.fails--
		http.Error(w, "the developer is at lunch", http.StatusInternalServerError)
		return
	}
	if strings.HasPrefix(r.Header.Get("webhook-signature"), "v1,") && r.Header.Get("webhook-id") != "" {
		l.signed++
	}
	l.bodies = append(l.bodies, string(body))
}

// has says whether an event has arrived.
func (l *laptop) has(text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, body := range l.bodies {
		if strings.Contains(body, text) {
			return nil
		}
	}
	return fmt.Errorf("%s is not among %q", text, l.bodies)
}

// goesOn runs a command that has no end; stop ends it as Ctrl-C does.
func goesOn(t *testing.T, env []string, args ...string) (log *program.Log, stop func()) {
	log = &program.Log{}
	c := program.Command(t, env, args...)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- c.Wait() }()
	t.Cleanup(func() { _ = c.Process.Kill() }) // it may have ended by itself
	return log, func() {
		t.Helper()
		if err := c.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-exited:
			if exit, failed := errors.AsType[*exec.ExitError](err); failed {
				t.Errorf("%s exits with %d\n%s", args[0], exit.ExitCode(), log.Text())
			}
		case <-time.After(60 * time.Second):
			t.Errorf("%s does not end\n%s", args[0], log.Text())
		}
	}
}

// A developer on a laptop gets the deliveries of a tenant, signed, over failures of the own
// server and a kill -9 of the gateway; hookgate knows what the server said.
func TestListen(t *testing.T) {
	t.Parallel()
	internal := freeAddr(t)
	o := program.Options{Dir: t.TempDir() + "/data", Args: []string{"--internal", internal}}
	p := program.Start(t, o)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/endpoints/mine", `{"mode":"pull","retry":{"schedule":["100ms","1s"]}}`)
	publish := func(text string) {
		t.Helper()
		p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note"},"text":"`+text+`"}]}`)
	}
	mine := &laptop{fails: 1}
	server := httptest.NewServer(mine)
	t.Cleanup(server.Close)
	env := []string{"HOOKGATE_SERVER=" + internal, "HOOKGATE_TOKEN=" + program.AdminToken, "HOOKGATE_TENANT=acme"}
	log, stop := goesOn(t, env, "listen", "--forward", server.URL, "--endpoint", "mine")
	publish("before")
	program.Eventually(t, 60*time.Second, func() error { return mine.has("before") })
	deliveries := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/deliveries?include=bodies", nil)
	if !strings.Contains(string(deliveries.Body), "the developer is at lunch") {
		t.Errorf("the attempt does not tell what the server said: %s", deliveries.Body)
	}

	p.Kill9()
	// By the command that gives up for a while, or by its client that asks again.
	program.Eventually(t, 60*time.Second, func() error {
		if text := log.Text(); !strings.Contains(text, "hookgate is away") && !strings.Contains(text, ": again in ") {
			return errors.New("it does not say that hookgate is away")
		}
		return nil
	})
	p = program.Start(t, o)
	publish("after")
	program.Eventually(t, 60*time.Second, func() error { return mine.has("after") })
	stop()
	for _, want := range []string{" 500 ", "the developer is at lunch", " 200 "} {
		if !strings.Contains(log.Text(), want) {
			t.Errorf("it prints no %q:\n%s", want, log.Text())
		}
	}
	if mine.signed != len(mine.bodies) {
		t.Errorf("%d of %d are signed", mine.signed, len(mine.bodies))
	}

	// An endpoint that was made for it is gone when it ends.
	log, stop = goesOn(t, env, "listen", "--forward", server.URL, "--event-types", "note", "--json")
	made := func() string {
		return string(p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/endpoints", nil).Body)
	}
	program.Eventually(t, 60*time.Second, func() error {
		if !strings.Contains(made(), `"listen-`) {
			return errors.New("no endpoint was made")
		}
		return nil
	})
	publish("made")
	program.Eventually(t, 60*time.Second, func() error {
		if !strings.Contains(log.Text(), `"result":"200"`) {
			return errors.New("nothing is printed")
		}
		return mine.has("made")
	})
	stop()
	if strings.Contains(made(), `"listen-`) {
		t.Errorf("its endpoint is left: %s", made())
	}
}

// What a killed listen leaves behind expires; who listens under its name takes over what
// waits in it. One that is deleted under a listen that goes on is made anew.
func TestListenTakesOver(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	const place = "/v1/tenants/acme/endpoints/listen-mine"
	mine := &laptop{}
	server := httptest.NewServer(mine)
	t.Cleanup(server.Close)
	env := []string{"HOOKGATE_SERVER=" + p.Internal, "HOOKGATE_TOKEN=" + program.AdminToken, "HOOKGATE_TENANT=acme"}
	publish := func(text string) {
		t.Helper()
		p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note"},"text":"`+text+`"}]}`)
	}
	killed := program.Command(t, env, "listen", "--forward", server.URL, "--name", "mine")
	if err := killed.Start(); err != nil {
		t.Fatal(err)
	}
	there := func() error {
		r := p.Admin().Must(t, []int{200, 404}, "GET", place, nil)
		if r.Status != 200 || r.Field("expire_after") != "10m" {
			return fmt.Errorf("its endpoint is %d %s", r.Status, r.Body)
		}
		return nil
	}
	program.Eventually(t, 60*time.Second, there)
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // it says that it was killed
	publish("meanwhile")

	log, stop := goesOn(t, env, "listen", "--forward", server.URL, "--name", "mine")
	program.Eventually(t, 60*time.Second, func() error { return mine.has("meanwhile") })
	p.Admin().Must(t, []int{204}, "DELETE", place, nil)
	program.Eventually(t, 60*time.Second, there)
	publish("anew")
	program.Eventually(t, 60*time.Second, func() error { return mine.has("anew") })
	stop()
	if !strings.Contains(log.Text(), "is made anew") {
		t.Errorf("it says nothing of it:\n%s", log.Text())
	}
	p.Admin().Must(t, []int{404}, "GET", place, nil)
}

// An endpoint that listen made goes with it, however that ends: it is told to, its terminal is
// closed, nobody reads what it prints any more, or it never heard that the endpoint was made.
func TestListenLeavesNothing(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	server := httptest.NewServer(&laptop{})
	t.Cleanup(server.Close)
	lossy := gatewaytest.NewWay(t, func() (network, address string) { return "tcp", strings.TrimPrefix(p.Internal, "http://") })
	lossy.Answers.Store(math.MaxInt64)
	// there says whether an endpoint is there, as is wanted.
	there := func(name string, want int) error {
		if r := p.Admin().Must(t, []int{200, 404}, "GET", "/v1/tenants/acme/endpoints/listen-"+name, nil); r.Status != want {
			return fmt.Errorf("the endpoint of %s is answered %d, want %d", name, r.Status, want)
		}
		return nil
	}
	t.Run("ends", func(t *testing.T) { // with all that are parallel in it
		for name, c := range map[string]struct {
			server string
			ends   func(listen *exec.Cmd, reads io.Closer) error
		}{
			"told":     {p.Internal, func(listen *exec.Cmd, _ io.Closer) error { return listen.Process.Signal(syscall.SIGTERM) }},
			"terminal": {p.Internal, func(listen *exec.Cmd, _ io.Closer) error { return listen.Process.Signal(syscall.SIGHUP) }},
			"unread": {p.Internal, func(_ *exec.Cmd, reads io.Closer) error {
				err := reads.Close()
				p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note"}}]}`)
				return err
			}},
			"unheard": {lossy.Addr, nil},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				if name == "terminal" && signal.Ignored(syscall.SIGHUP) { // under nohup, for one
					name, c.ends = "nohup", func(listen *exec.Cmd, _ io.Closer) error {
						return errors.Join(listen.Process.Signal(syscall.SIGHUP), listen.Process.Signal(syscall.SIGTERM))
					}
				}
				listen := program.Command(t, []string{"HOOKGATE_SERVER=" + c.server, "HOOKGATE_TOKEN=" + program.AdminToken, "HOOKGATE_TENANT=acme"},
					"listen", "--forward", server.URL, "--name", name)
				reads, err := listen.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				log := &program.Log{}
				listen.Stderr = log
				if err := listen.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = listen.Process.Kill() }) // it may have ended by itself
				if c.ends != nil {
					program.Eventually(t, time.Minute, func() error { return there(name, 200) })
					if err := c.ends(listen, reads); err != nil {
						t.Fatal(err)
					}
				}
				ended := make(chan struct{})
				go func() {
					_ = listen.Wait() // how it ended is not what is looked for
					close(ended)
				}()
				select {
				case <-ended:
				case <-time.After(time.Minute):
					t.Fatalf("it does not end\n%s", log.Text())
				}
				if err := there(name, 404); err != nil {
					t.Errorf("%v\n%s", err, log.Text())
				}
			})
		}
	})
	if gone := p.Admin().Must(t, []int{200}, "GET", "/v1/audit?action=delete", nil).String(); strings.Count(gone, "endpoints/listen-") != 4 {
		t.Errorf("of four that were made not all were deleted: %s", gone)
	}
}

// What listen pulls it has handed on, and told of, before its lease is over, however long the
// local server takes; and it pulls again before hookgate takes it for gone.
func TestListenIsInTime(t *testing.T) {
	stays, err := time.ParseDuration(made)
	if err != nil {
		t.Fatal(err)
	}
	if longest := pullMost * (localTime + partTime); longest > pullLease || longest+pullHold > stays {
		t.Errorf("what is pulled at once may take %s; its lease is %s, and the endpoint stays for %s", longest, pullLease, stays)
	}
}

// Who follows a conversation is shown its past and what happens in it, and nothing of
// others; the stream goes on over a restart of the gateway.
func TestFollow(t *testing.T) {
	t.Parallel()
	internal := freeAddr(t)
	o := program.Options{Dir: t.TempDir() + "/data", Args: []string{"--internal", internal}}
	p := program.Start(t, o)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/sources/s", `{"verify":{"type":"none"}}`)
	open := func(key string) string {
		return p.Admin().Must(t, []int{201}, "POST", "/v1/tenants/acme/waits", `{"source":"s","mode":"poll","conversation_key":"`+key+`"}`).Field("id")
	}
	past := open("chat-1")
	env := []string{"HOOKGATE_SERVER=" + internal, "HOOKGATE_TOKEN=" + program.AdminToken, "HOOKGATE_TENANT=acme"}
	log, stop := goesOn(t, env, "conversation", "chat-1", "--follow", "--json")
	tail, stopTail := goesOn(t, env, "tail", "--kinds", "wait", "--utc")
	shows := func(log *program.Log, text string) {
		t.Helper()
		program.Eventually(t, 60*time.Second, func() error {
			open(fmt.Sprint("other-", time.Now().UnixNano()))
			if !strings.Contains(log.Text(), text) {
				return errors.New(log.Text())
			}
			return nil
		})
	}
	shows(log, past)
	shows(tail, "acme/other-")
	p.Admin().Must(t, []int{200}, "DELETE", "/v1/tenants/acme/waits/"+past, nil)
	shows(log, `"state":"cancelled"`)
	p.Kill9()
	p = program.Start(t, o)
	shows(tail, "again in")
	again := ""
	program.Eventually(t, 60*time.Second, func() error { // until the stream is open again
		if again != "" && strings.Contains(log.Text(), again) {
			return nil
		}
		if again != "" {
			p.Admin().Must(t, []int{200}, "DELETE", "/v1/tenants/acme/waits/"+again, nil)
		}
		again = open("chat-1")
		return errors.New("nothing is shown after the restart")
	})
	stop()
	stopTail()
	if strings.Contains(log.Text(), "other-") {
		t.Errorf("it shows another conversation:\n%s", log.Text())
	}
}
