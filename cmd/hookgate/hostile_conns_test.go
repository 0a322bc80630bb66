package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

var hostileSockets = flag.Int("hostile.sockets", 2000, "idle public connections in TestHostileIdle")

// While thousands of clients send nothing, or stop in the middle of a head or a body,
// everybody else is served, and each of them costs little. That they are closed in
// the end is tested where the time-outs can be set: in package edge.
func TestHostileIdle(t *testing.T) {
	sockets := *hostileSockets
	files := wantFiles(t, 4*sockets+1000)
	p, _ := startWithFiles(t, files, oneSource)
	id, held := holding(t, p, "before", "before")
	internal := dialRaw(t, p.Internal)
	beginnings := []string{
		"", "P", "POST /hooks/acme/payments HTTP/1.1\r\nHost: a.test\r\nX-Slow: ",
		"POST /hooks/acme/payments HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n{",
		"POST /hooks/acme/payments HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n{",
		"POST /hooks/acme/payments HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n",
	}
	var all crowd
	conns := make([]*peer, sockets)
	const each = 64 << 10 // what a connection may cost, in bytes: its buffers and its stack
	staysBelow(t, p, residentMemory, float64(sockets*each)+16<<20, func() {
		for i := range conns {
			conns[i] = all.dial(t, p)
			conns[i].send(beginnings[i%len(beginnings)])
		}
		answers(t, p, internal, true) // by now all of them were accepted
	})
	// One more byte now and then is no reason to wait for them.
	for _, c := range conns {
		c.send("a")
	}
	answers(t, p, internal, true)
	resume(t, p, "before", id)
	checkHeld(t, held, id)
}

// With few descriptors the public side is full before the process is: the internal
// side goes on, for new connections too. One client alone fills a quarter.
func TestHostileFiles(t *testing.T) {
	const files, public, ofOne = 200, 50, 12
	p, pid := startWithFiles(t, files, oneSource)
	internal := dialRaw(t, p.Internal)
	id, held := holding(t, p, "before", "before")
	var mine []*peer
	if n := fill(t, ofOne+20, func() *peer { return dialRaw(t, p.Public) }, &mine); n != ofOne {
		t.Errorf("one client has %d connections, want %d", n, ofOne)
	}
	var all crowd
	if n := fill(t, 4*public, func() *peer { return all.dial(t, p) }, &mine); n != public-ofOne {
		t.Errorf("the others have %d connections, want %d", n, public-ofOne)
	}
	answers(t, p, internal, false)
	restsIdle(t, pid)
	callback(t, mine[0], "before", id) // on a connection that was there before the flood
	checkHeld(t, held, id)
	for _, c := range mine {
		_ = c.Close()
	}
	program.Eventually(t, hostilePatience, func() error {
		c := all.dial(t, p)
		if status := c.knock(); status != 404 {
			return fmt.Errorf("the connections are gone, and a new one is answered %d", status)
		}
		return nil
	})
	answers(t, p, internal, true)
}

// Who asks nothing on the internal connections, with a token or without, gives way to those
// who ask; and what a tenant's requests hold leaves a quarter of them. A check of health met
// a 503 for as long as somebody kept them open.
func TestHostileInternalConnections(t *testing.T) {
	const files, internal = 400, 225
	p, _ := startWithFiles(t, files, oneSource)
	token := p.Admin().Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"acme","name":"mallory"}`).Field("token")
	id, held := holding(t, p, "before", "before")
	all := "Host: a.test\r\nAuthorization: Bearer " + token + "\r\n\r\n"
	for _, flood := range [][]string{
		{"GET /healthz HTTP/1.1\r\nHost: a.test\r\n\r\n", "POST /v1/map HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\n{"},
		{"GET /v1/stream HTTP/1.1\r\n" + all, "GET /v1/tenants/acme/waits/" + id + "?hold=300 HTTP/1.1\r\n" + all},
	} {
		var mine []*peer
		for _, request := range flood {
			for range internal {
				c := dialRaw(t, p.Internal)
				c.send(request)
				mine = append(mine, c)
			}
		}
		// Whoever came before this one has been taken, or refused. Those give way who have asked
		// for nothing for a second; before, a newcomer may have to come again.
		last := dialRaw(t, p.Internal)
		last.knock()
		time.Sleep(1500 * time.Millisecond)
		program.Eventually(t, hostilePatience/2, func() error { // before they are closed for their own sake
			c := dialRaw(t, p.Internal)
			defer func() { _ = c.Close() }()
			c.send("GET /readyz HTTP/1.1\r\nHost: a.test\r\n\r\n")
			if status := c.status(); status != 200 {
				return fmt.Errorf("/readyz on a new connection: %d", status)
			}
			return nil
		})
		answers(t, p, dialRaw(t, p.Internal), true)
		for _, c := range mine {
			_ = c.Close()
		}
	}
	resume(t, p, "before", id)
	checkHeld(t, held, id)
}

// With none at all it rests, and does not spin; who is connected is served; and it
// accepts again when there are some.
func TestHostileNoFilesAtAll(t *testing.T) {
	p, pid := startWithFiles(t, 400, oneSource)
	internal := dialRaw(t, p.Internal)
	id, held := holding(t, p, "before", "before")
	open := int(measured(t, internal, openFiles))
	public := dialRaw(t, p.Public)
	if status := public.knock(); status != 404 {
		t.Fatal(status)
	}
	limitFiles(t, pid, uint64(open)+8)
	var all crowd
	var waiting []*peer
	for range 40 {
		c := all.dial(t, p) // by the kernel, which asks nobody
		c.send(knock)
		waiting = append(waiting, c)
	}
	rests := func(l program.Line) bool { return strings.HasPrefix(l.Message(), "accepting connections rests") }
	limit, cancel := context.WithTimeout(t.Context(), hostilePatience)
	defer cancel()
	if _, err := p.Log.Await(limit, rests); err != nil {
		t.Fatalf("nothing tells that accepting rests: %v", err)
	}
	restsIdle(t, pid)
	internal.send("GET /healthz HTTP/1.1\r\nHost: a.test\r\n\r\n")
	if a, body := internal.answer(t); a.StatusCode != 200 {
		t.Errorf("/healthz: %d %s", a.StatusCode, body)
	}
	callback(t, public, "before", id)
	checkHeld(t, held, id)
	limitFiles(t, pid, 400)
	for i, c := range waiting {
		if status := c.status(); status != 404 {
			t.Errorf("connection %d that had to wait is answered %d", i, status)
		}
	}
	answers(t, p, internal, true)
	told := 0
	for _, l := range p.Log.Lines() {
		if rests(l) && l.String("listener") == "public" {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the log says %d times that the public side rests", told)
	}
}

// knock asks for something that is not there, which costs nothing.
const knock = "GET /nothing HTTP/1.1\r\nHost: a.test\r\n\r\n"

func (c *peer) knock() int {
	c.send(knock)
	return c.status()
}

// fill opens connections, of which it adds those that are served to into.
func fill(t *testing.T, n int, dial func() *peer, into *[]*peer) (served int) {
	t.Helper()
	for range n {
		c := dial()
		switch status := c.knock(); status {
		case 404:
			*into = append(*into, c)
			served++
		case 503, 0: // 0: the refusal was lost, for we were still sending
		default:
			t.Errorf("answered %d", status)
		}
	}
	return served
}

// callback sends the callback of a conversation on a connection that is open.
func callback(t *testing.T, c *peer, key, id string) {
	t.Helper()
	body := fmt.Sprintf(`{"conversation_key":%q,"paid":true}`, key)
	c.send(fmt.Sprintf("POST /hooks/acme/payments HTTP/1.1\r\nHost: a.test\r\n%s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", sourceToken, len(body), body))
	if a, text := c.answer(t); a.StatusCode != 200 || !strings.Contains(text, id) {
		t.Errorf("the callback is answered %d %s, want %s resumed", a.StatusCode, text, id)
	}
}

// Upgraded connections are bounded as all others are, each takes one of the
// upstream's, and both end together.
func TestHostileUpgrades(t *testing.T) {
	const files, public = 200, 50
	var open, asked atomic.Int32
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
					return
				}
				asked.Add(1)
				open.Add(1)
				defer open.Add(-1)
				_, _ = c.Write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"))
				_, _ = c.Read(make([]byte, 1)) // until it ends
			}()
		}
	}()
	p, pid := startWithFiles(t, files, oneSource+"routes:\n  ws: { mode: proxy, upgrade: true, match: { path: /ws }, upstreams: [{ url: http://"+ln.Addr().String()+" }] }\n")
	internal := dialRaw(t, p.Internal)
	var all crowd
	for round := range 2 {
		var upgraded []*peer
		for range 3 * public {
			c := all.dial(t, p)
			c.send("GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
			a, err := http.ReadResponse(c.r, nil)
			switch {
			case err == nil && a.StatusCode == 101:
				upgraded = append(upgraded, c)
			case err == nil && a.StatusCode != 503:
				t.Errorf("answered %d", a.StatusCode)
			}
		}
		if len(upgraded) != public || int(open.Load()) != public || int(asked.Load()) != public*(round+1) {
			t.Errorf("%d were upgraded, want %d; the upstream has %d and was asked %d times", len(upgraded), public, open.Load(), asked.Load())
		}
		answers(t, p, internal, false)
		restsIdle(t, pid)
		for _, c := range upgraded {
			_ = c.Close()
		}
		program.Eventually(t, hostilePatience, func() error {
			if n := open.Load(); n > 0 {
				return fmt.Errorf("%d upgraded connections to the upstream are left", n)
			}
			return nil
		})
		program.Eventually(t, hostilePatience, func() error {
			c := all.dial(t, p)
			defer func() { _ = c.Close() }()
			if status := c.knock(); status != 404 {
				return fmt.Errorf("a new connection is answered %d", status)
			}
			return nil
		})
	}
	answers(t, p, internal, true)
}

// restsIdle wants a process that has nothing to do to do nothing, once it has done what it had.
func restsIdle(t *testing.T, pid int) {
	t.Helper()
	program.Eventually(t, hostilePatience, func() error {
		before := processorTime(t, pid)
		<-time.After(time.Second) // how long it is looked at: nothing is waited for
		if used := processorTime(t, pid) - before; used > 300*time.Millisecond {
			return fmt.Errorf("in a second of rest it used the processor for %s", used)
		}
		return nil
	})
}
