package proxy

import (
	"bufio"
	"io"
	"net"
	"testing"

	"hookgate/gateway/gatewaytest"
)

// maxAllocs is the budget of a request with its answer, over kept connections:
// gobreaker's Allow makes one.
const maxAllocs = 1.1

// bareUpstream answers without allocating, so that what is counted is the proxy's.
func bareUpstream(t testing.TB) string {
	t.Helper()
	return rawUpstream(t, func(c *client) {
		answer := []byte("HTTP/1.1 200 OK\r\nDate: Mon, 02 Nov 2026 10:00:00 GMT\r\nContent-Length: 2\r\n\r\nhi")
		for readBare(c.r) == nil {
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	})
}

// readBare reads a head.
func readBare(r *bufio.Reader) error {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil || len(line) == 2 {
			return err
		}
	}
}

func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s := newSite(t, routed(cheapRoute, bareUpstream(t)), siteOptions{})
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(c)
	request, answer := []byte(benchRequest), make([]byte, 4<<10)
	round := func() {
		if _, err := c.Write(request); err != nil {
			t.Fatal(err)
		}
		if err := readBare(r); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, answer[:2]); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		round()
	}
	const times = 200
	least, _ := gatewaytest.Allocations(5, times, round)
	if least > maxAllocs {
		t.Errorf("%.2f allocations a request, at most %g", least, maxAllocs)
	}
}

// cheapRoute has what costs little: a limit, headers.
const cheapRoute = `"rate_limit":1000000,"headers":{"set":{"X-Via":"hookgate"},"remove":["X-Debug"]}`
