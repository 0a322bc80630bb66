//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
)

// balanced are the nodes of configs/docker/cluster.yaml, with their own configuration and their
// own HAProxy, each at an address of this machine in place of a container.
type balanced struct {
	t                *testing.T
	nodes            []*program.Program
	public, internal *program.Client // by way of the balancer
	chats            int
}

func newBalanced(t *testing.T) *balanced {
	haproxy, err := exec.LookPath("haproxy")
	if err != nil {
		if haproxy, err = exec.LookPath("/usr/sbin/haproxy"); err != nil {
			t.Skip("HAProxy is not installed: apt-get install haproxy")
		}
	}
	db := postgres.Start(t)
	const folder = "../../configs/docker/"
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(filepath.FromSlash(folder + name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	port := func() string { _, port, _ := net.SplitHostPort(freeAddr(t)); return port }
	public, internal := port(), port()
	const balancer = "127.0.0.9"
	ports := strings.NewReplacer("bind :", "bind "+balancer+":", "maxconn 20000", "maxconn 200", "8080", public, "8081", internal, "node1 node1:", "node1 127.0.0.2:", "node2 node2:", "node2 127.0.0.3:", "node3 node3:", "node3 127.0.0.4:")
	b := &balanced{t: t}
	for i := range 3 {
		host := fmt.Sprint("127.0.0.", 2+i)
		b.nodes = append(b.nodes, program.Launch(t, program.Options{
			Config: ports.Replace(read("node.yaml")) + "drain: { delay: 10s }\n", // it is busy here, and the balancer looks late
			Args:   []string{"--public", net.JoinHostPort(host, public), "--internal", net.JoinHostPort(host, internal)},
			Env:    []string{keyOfTests, "DATABASE_URL=" + db.URL(), "CLUSTER_SECRET=a-secret-of-the-nodes", "NODE=" + host},
		}))
	}
	for _, p := range b.nodes {
		if err := p.Listening(t); err != nil {
			t.Fatalf("%v\n%s", err, p.Log.Text())
		}
		p.WaitReady(t)
	}
	file, log := filepath.Join(t.TempDir(), "haproxy.cfg"), &program.Log{}
	if err := os.WriteFile(file, []byte(ports.Replace(read("haproxy.cfg"))), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(haproxy, "-db", "-f", file)
	c.Stdout, c.Stderr, c.SysProcAttr = log, log, &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill() // it may have ended by itself
		_ = c.Wait()         // it says that it was killed
		if t.Failed() {
			t.Log(log.Text())
		}
	})
	b.public = program.NewClient(t, "http://"+net.JoinHostPort(balancer, public), "")
	b.internal = program.NewClient(t, "http://"+net.JoinHostPort(balancer, internal), program.AdminToken)
	b.stand(3)
	return b
}

// stand waits until so many nodes are ready and have slots, whoever is asked.
func (b *balanced) stand(want int) {
	b.t.Helper()
	program.Eventually(b.t, time.Minute, func() error {
		a, err := b.internal.Do(b.t.Context(), http.MethodGet, "/v1/nodes", nil, "Connection: close")
		if err != nil {
			return err
		}
		var list struct {
			Data []struct {
				State string
				Slots int
			}
		}
		a.Decode(b.t, &list)
		ready := 0
		for _, n := range list.Data {
			if n.State == "ready" && n.Slots > 0 {
				ready++
			}
		}
		if ready != want {
			return fmt.Errorf("%d nodes stand, want %d: %s", ready, want, a)
		}
		return nil
	})
}

// chat opens a wait at one node, and sends its callback to another: each comes by a connection of
// its own.
func (b *balanced) chat() error {
	b.chats++
	key := fmt.Sprint("chat-", b.chats)
	ctx := b.t.Context()
	opened, err := b.internal.Do(ctx, http.MethodPost, "/v1/tenants/acme/waits", map[string]any{"source": "payments", "mode": "poll", "timeout_seconds": 300, "conversation_key": key}, "Connection: close")
	if err == nil && opened.Status != http.StatusCreated {
		err = errors.New(opened.String())
	}
	if err != nil {
		return fmt.Errorf("opening a wait: %w", err)
	}
	taken, err := b.public.Do(ctx, http.MethodPost, "/hooks/acme/payments", map[string]any{"conversation_key": key}, "X-Token: change-me-to-16-characters-or-more", "Connection: close")
	if err == nil && taken.Field("outcome") != "resumed" {
		err = errors.New(taken.String())
	}
	if err != nil {
		return fmt.Errorf("its callback: %w", err)
	}
	return nil
}

// TestBalanced runs what configs/docker/cluster.yaml runs, without the containers: three nodes
// behind HAProxy answer as one, a planned stop fails no request, a node that is killed is taken
// over from, and all of them are one again.
func TestBalanced(t *testing.T) {
	t.Parallel()
	b := newBalanced(t)
	for range 30 {
		if err := b.chat(); err != nil {
			t.Fatal(err)
		}
	}
	stopped := b.nodes[0]
	stopped.Signal(t, syscall.SIGTERM)
	for ended := false; !ended; {
		select {
		case <-stopped.Exited():
			ended = true
		default:
		}
		if err := b.chat(); err != nil {
			t.Fatalf("while a node stops: %v", err)
		}
	}
	if code := stopped.Wait(t); code != 0 {
		t.Errorf("a planned stop ends with %d\n%s", code, stopped.Log.Text())
	}
	b.stand(2)
	b.nodes[1].Kill9()
	program.Eventually(t, time.Minute, b.chat)
	b.stand(1)
	for range 30 {
		if err := b.chat(); err != nil {
			t.Fatalf("with one node: %v", err)
		}
	}
}
