package edge

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/shares"
)

// from dials from an address of loopback.
func (s *site) from(t testing.TB, address string) net.Conn {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127/8 as loopback")
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	c, err := dialer.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// resident gives the memory of this process.
func resident(t testing.TB) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skip(err)
	}
	pages, err := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}

// nearly is a body of 1 MiB that lacks its last byte.
func nearly(size int) []byte {
	head := fmt.Sprintf("POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n", size)
	return append([]byte(head), bytes.Repeat([]byte("x"), size-1)...)
}

// Bodies of one block that never end take its share and no more; meanwhile those of
// another come through. And what they count is what they take.
func TestFloodOfBodies(t *testing.T) {
	for _, f := range flavours {
		t.Run(f.name, func(t *testing.T) {
			const most, size, attackers = 64 << 20, 1 << 20, 80
			limits := testLimits(f.streams)
			limits.Bodies, limits.Grace = shares.New(most), time.Minute
			s := newSite(t, limits, echo)
			bystander := s.from(t, "127.0.2.1")
			reader := bufio.NewReader(bystander)
			body := strings.Repeat("b", 2000)
			ask := func() int {
				fmt.Fprintf(bystander, "POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
				answer, _ := readAnswer(t, reader)
				return answer.StatusCode
			}
			if status := ask(); status != 200 {
				t.Fatalf("in calm: %d", status)
			}
			debug.FreeOSMemory()
			before := resident(t)
			flood := nearly(size)
			refused := make(chan int, attackers)
			for i := range attackers {
				c := s.from(t, fmt.Sprintf("127.0.1.%d", 1+i%200))
				go func() {
					send(t, c, flood, 1<<20)
					answer, err := bufio.NewReader(c).ReadString('\n')
					if err == nil && strings.Contains(answer, "503") {
						refused <- 1
					}
				}()
			}
			var high, used int64
			end := time.Now().Add(20 * time.Second) // where nobody is refused
			for settled := time.Now(); time.Since(settled) < 500*time.Millisecond || len(refused) == 0 && time.Now().Before(end); {
				if status := ask(); status != 200 {
					t.Fatalf("beside the flood: %d", status)
				}
				if now := limits.Bodies.Stat(); now.Used > used {
					used, settled = now.Used, time.Now()
				}
				high = max(high, resident(t)-before)
			}
			now := limits.Bodies.Stat()
			t.Logf("used %d MiB, the largest holder %d, %d refused; resident memory grew by %d MiB",
				used>>20, now.Largest>>20, len(refused), high>>20)
			if now.Largest > most*3/4 || len(refused) == 0 {
				t.Errorf("%+v, %d refused", now, len(refused))
			}
			if !raced && high > used*13/10+8<<20 { // the test's own connections have memory too
				t.Errorf("%d bytes count, and take %d", used, high)
			}
		})
	}
}

func TestBodyIsWhose(t *testing.T) {
	peer, proxy := netip.MustParseAddr("127.0.0.1"), func(netip.Addr) bool { return true }
	tenant := func(authorization []byte, client shares.Holder) (shares.Holder, bool) {
		switch string(authorization) {
		case "Bearer tenant":
			return shares.Tenant("acme"), true
		case "Bearer admin":
			return client, true
		}
		return client, false
	}
	for name, c := range map[string]struct {
		fields string
		trusts func(netip.Addr) bool
		caller func([]byte, shares.Holder) (shares.Holder, bool)
		want   shares.Holder
	}{
		"of its peer":               {"", nil, nil, shares.Client(peer)},
		"told by nobody":            {"X-Forwarded-For: 192.0.2.1\r\n", nil, nil, shares.Client(peer)},
		"told by a proxy":           {"x-forwarded-for: 198.51.100.1\r\nX-Forwarded-For: 192.0.2.1\r\n", func(a netip.Addr) bool { return a == peer }, nil, shares.Client(netip.MustParseAddr("192.0.2.77"))},
		"told by a proxy's proxies": {"X-Forwarded-For: 192.0.2.1, 127.0.0.1\r\n", func(a netip.Addr) bool { return a == peer }, nil, shares.Client(netip.MustParseAddr("192.0.2.1"))},
		"told nothing":              {"", proxy, nil, shares.Client(peer)},
		"a tenant's":                {"Authorization: Bearer tenant\r\n", nil, tenant, shares.Tenant("acme")},
		"an admin's":                {"Authorization: Bearer admin\r\n", nil, tenant, shares.Client(peer)},
		"a stranger's":              {"Authorization: Bearer guessed\r\n", nil, tenant, shares.Client(peer)},
		"with two tokens":           {"Authorization: Bearer tenant\r\nAuthorization: Bearer tenant\r\n", nil, tenant, shares.Client(peer)},
	} {
		limits := testLimits(false)
		limits.Trusts, limits.Caller = c.trusts, c.caller
		conn := scripted([]byte("POST /a HTTP/1.1\r\nHost: a.test\r\n"+c.fields+"Content-Length: 5\r\n\r\nhello"), limits, func() int { return 1 << 10 })
		if _, err := conn.Read(make([]byte, maxHead)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := conn.request.account.of; fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: it is of %v, want %v", name, got, c.want)
		}
	}
}

// Who has no token that is known sends nothing large, announced or not.
func TestStrangerSendsNothingLarge(t *testing.T) {
	limits := testLimits(false)
	limits.Caller = func(_ []byte, client shares.Holder) (shares.Holder, bool) { return client, false }
	s := newSite(t, limits, echo)
	for raw, want := range map[string]int{
		"Content-Length: 65537\r\n\r\n":                                           401,
		"Transfer-Encoding: chunked\r\n\r\n10001\r\n":                             413,
		"Content-Length: 65536\r\n\r\n" + strings.Repeat("x", 65536):              200,
		"Content-Length: 2\r\n\r\nhi":                                             200,
		"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n":                  200,
		"Content-Type: a/b\r\ncontent-type: a/b\r\nContent-Length: 2\r\n\r\n":     400,
		"Content-Type: a/b\r\nX-Content-Type: a/b\r\nContent-Length: 2\r\n\r\nhi": 200,
	} {
		c := s.dial(t)
		send(t, c, []byte("POST /a HTTP/1.1\r\nHost: a.test\r\n"+raw), 1<<20)
		if answer, body := readAnswer(t, bufio.NewReader(c)); answer.StatusCode != want {
			t.Errorf("%.60q: %d %.100s, want %d", raw, answer.StatusCode, body, want)
		}
	}
	if used := limits.Bodies.Stat().Used; used != 0 {
		t.Errorf("%d bytes are never given back", used)
	}
}

// A body for which there is no room now is refused before it comes, and at once.
func TestNoRoomIsSeenAhead(t *testing.T) {
	limits := testLimits(true)
	limits.Bodies = shares.New(4 << 20)
	s := newSite(t, limits, echo)
	if !limits.Bodies.Take(shares.Tenant("other"), 3<<20) || !limits.Bodies.Take(shares.Client(netip.MustParseAddr("127.0.0.1")), 1) {
		t.Fatal("nothing to be had")
	}
	c := s.dial(t)
	send(t, c, []byte("POST /a HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 9000)), 1<<20)
	if answer, _ := readAnswer(t, bufio.NewReader(c)); answer.StatusCode != 503 || !answer.Close || answer.Header.Get("Retry-After") == "" {
		t.Errorf("%d, close %v, Retry-After %q", answer.StatusCode, answer.Close, answer.Header.Get("Retry-After"))
	}
}

func BenchmarkReadBody(b *testing.B) {
	for _, size := range []int{300, 20 << 10, 1 << 20} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			s := newSite(b, testLimits(true), func(ctx *fasthttp.RequestCtx) {
				if _, err := ReadBody(ctx, 2<<20); err != nil {
					WriteProblem(ctx, err)
				}
			})
			c := s.dial(b)
			if err := c.SetDeadline(time.Time{}); err != nil {
				b.Fatal(err)
			}
			raw := append(nearly(size), 'x')
			answer := make([]byte, 4<<10)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Write(raw); err != nil {
					b.Fatal(err)
				}
				if _, err := c.Read(answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
