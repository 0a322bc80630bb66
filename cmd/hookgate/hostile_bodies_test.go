package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

const (
	bodyAttackers = 400
	bodyLacking   = 1<<20 - 1<<10          // bytes that are announced, of which the last never comes
	bodyAgain     = 250 * time.Millisecond // after a refusal
)

// bodies is an attack by bodies that lack their last byte.
type bodies struct{ base, path, fields string }

// bodies lets so many connections, all of one block of addresses, each hold a body as
// long as it is let; who is refused comes again.
func (a *arena) bodies(attackers int, at ...bodies) {
	body := bytes.Repeat([]byte("x"), bodyLacking-1)
	var all sync.WaitGroup
	for i := range attackers {
		to := at[i%len(at)]
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a.test\r\n%sContent-Length: %d\r\n\r\n", to.path, to.fields, bodyLacking)
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%250))}, Timeout: hostilePatience}
		all.Go(func() {
			time.Sleep(time.Duration(i) * bodyAgain / time.Duration(attackers)) // a stream, and not four bursts a second
			pace := time.NewTicker(bodyAgain)
			defer pace.Stop()
			for a.ctx.Err() == nil {
				a.oneBody(&dialer, to.base, head, body)
				<-pace.C
			}
		})
	}
	all.Wait()
}

// oneBody sends one body and stays until it is refused.
func (a *arena) oneBody(dialer *net.Dialer, base, head string, body []byte) {
	c, err := dialer.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		return // as many connections are open as may be
	}
	// What nobody reads is not to fill the memory of the machine that both run on.
	_ = c.(*net.TCPConn).SetWriteBuffer(16 << 10) //nolint:forcetypeassert // it was dialled so; else it is larger
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = io.Copy(io.Discard, c)
	}()
	defer func() {
		_ = c.Close()
		<-gone
	}()
	go func() {
		if _, err := io.WriteString(c, head); err == nil {
			_, _ = c.Write(body)
		}
	}()
	select {
	case <-a.ctx.Done():
	case <-gone:
	}
}

// Bodies of nearly 1 MiB that never end, to a tenant that does not exist: 262 of them
// made the program refuse everybody's callbacks.
func TestHostileBodiesForNobody(t *testing.T) {
	attack(t, needsFiles, func(a *arena) {
		a.bodies(bodyAttackers, bodies{a.Public, "/hooks/nobody/payments", ""})
		a.givenBack("bodies_public")
	})
}

// The same to a source that verifies nothing of it before its end, and to routes.
func TestHostileBodiesForEverything(t *testing.T) {
	attack(t, needsFiles, func(a *arena) {
		a.bodies(bodyAttackers, bodies{a.Public, "/hooks/mallory/payments", ""}, bodies{a.Public, "/proxied", ""}, bodies{a.Public, "/relayed", ""})
		a.givenBack("bodies_public")
	})
}

// The same to the internal listener, with a token and without.
func TestHostileBodiesInternal(t *testing.T) {
	attack(t, needsFiles, func(a *arena) {
		a.bodies(bodyAttackers, bodies{a.Internal, ofMallory + "/events", ""},
			bodies{a.Internal, ofMallory + "/events", "Authorization: Bearer " + a.mallory.Token + "\r\n"})
		a.givenBack("bodies_internal")
	})
}

// needsFiles makes room for the attackers' connections.
func needsFiles(a *arena) { wantFiles(a.t, 4*bodyAttackers+1000) }

// Bodies that inflate to a thousand times their size, and such as are dear to parse.
func TestHostileBombs(t *testing.T) {
	zeros := make([]byte, 64<<20)
	zip, deflate := gzipped(t, zeros), deflated(t, zeros)
	brackets := []byte(strings.Repeat("[", 1<<20-1))
	members := []byte(keyed("many", strings.Repeat(`"a":0,`, 1<<17)+`"z":0`))
	attack(t, nil, func(a *arena) {
		from := a.strangers(16)
		a.flood(8, func(n int) {
			body, fields := brackets, []string{sourceToken}
			switch n % 4 {
			case 0:
				body, fields = zip, append(fields, "Content-Encoding: gzip")
			case 1:
				body, fields = deflate, append(fields, "Content-Encoding: deflate")
			case 2:
				body = members
			}
			a.try(from[n%len(from)], "POST", "/hooks/mallory/payments", body, fields...)
		})
	})
}
