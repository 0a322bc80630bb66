package transport

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// TestIdleConnectionsClose: in fake time, over pipes. A bubble ends only when
// every goroutine in it has, so nothing is left behind either.
func TestIdleConnectionsClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan time.Time, 8)
		var dials int
		tr := New(Options{Dial: func(context.Context, netip.AddrPort, func(netip.AddrPort) error) (net.Conn, error) {
			dials++
			client, server := net.Pipe()
			go func() {
				for request(server) {
					_, _ = io.WriteString(server, "HTTP/1.1 204 No Content\r\n\r\n")
				}
				closed <- time.Now()
				_ = server.Close()
			}()
			return client, nil
		}})
		defer tr.Close()
		send := func() {
			t.Helper()
			if _, err := tr.Do(t.Context(), &Request{Method: "POST", URL: "http://93.184.215.14/", Tenant: "acme"}); err != nil {
				t.Fatal(err)
			}
		}
		send()
		time.Sleep(FirstIdle / 4)
		send()
		if dials != 1 {
			t.Errorf("%d dials: the kept connection was not used", dials)
		}
		time.Sleep(FirstIdle + time.Millisecond) // too old
		if send(); dials != 2 {
			t.Errorf("%d dials: a connection that rested too long was used", dials)
		}
		<-closed
		last := time.Now()
		if rested := (<-closed).Sub(last); rested < FirstIdle || rested > 2*FirstIdle {
			t.Errorf("closed after %s", rested)
		}
		synctest.Wait()
		if used := tr.pool.kept.Stat().Used; used != 0 {
			t.Errorf("%d connections are counted, and none is kept", used)
		}
		time.Sleep(forgetAfter + forgetEvery)
		synctest.Wait()
		tr.pool.mu.Lock()
		defer tr.pool.mu.Unlock()
		if len(tr.pool.hosts) != 0 || len(tr.pool.tenants) != 0 || tr.pool.sweep != nil {
			t.Error("something is kept of a host at rest")
		}
	})
}

// TestConnectionsAge: a connection that is never at rest is used for five minutes, then
// its name is looked up again and leads to another address.
func TestConnectionsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var dialled []netip.AddrPort
		tr := New(Options{
			Resolver: &turns{},
			Dial: func(_ context.Context, to netip.AddrPort, _ func(netip.AddrPort) error) (net.Conn, error) {
				dialled = append(dialled, to)
				client, server := net.Pipe()
				go func() {
					for request(server) {
						_, _ = io.WriteString(server, "HTTP/1.1 204 No Content\r\n\r\n")
					}
					_ = server.Close()
				}()
				return client, nil
			},
		})
		defer tr.Close()
		began := time.Now()
		for time.Since(began) < 2*MaxAge {
			before := len(dialled)
			answer, err := tr.Do(t.Context(), &Request{Method: "POST", URL: "http://receiver.example/", Tenant: "acme"})
			if err != nil {
				t.Fatal(err)
			}
			if len(dialled) > before && before > 0 && time.Since(began) < time.Duration(before)*MaxAge {
				t.Errorf("a new connection after %s", time.Since(began))
			}
			if want := dialled[len(dialled)-1].String(); answer.Address != want {
				t.Errorf("from %s, want %s", answer.Address, want)
			}
			time.Sleep(FirstIdle / 4)
		}
		if len(dialled) != 2 || dialled[0] == dialled[1] {
			t.Errorf("dialled %v", dialled)
		}
	})
}

// turns gives another address each time.
type turns struct{ n byte }

func (r *turns) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	r.n++
	return []netip.Addr{netip.AddrFrom4([4]byte{93, 184, 215, r.n})}, nil
}
