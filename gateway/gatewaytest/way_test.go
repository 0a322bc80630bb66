package gatewaytest

import (
	"bufio"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// TestWay cuts a way in each of its ways, and opens it again.
func TestWay(t *testing.T) {
	heard := atomic.Int64{}
	who := func(name string) func() (network, address string) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer func() { _ = c.Close() }()
					for lines := bufio.NewScanner(c); lines.Scan(); {
						heard.Add(1)
						if _, err := io.WriteString(c, name+" "+lines.Text()+"\n"); err != nil {
							return
						}
					}
				}()
			}
		}()
		return func() (string, string) { return "tcp", l.Addr().String() }
	}
	w := NewWay(t, who("one"))
	// asks gives the answer, or "" where there is none, over a connection that is open or new.
	dial := func() net.Conn {
		c, err := net.Dial("tcp", w.Addr)
		if err != nil {
			return nil
		}
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	asks := func(c net.Conn) string {
		if c == nil {
			return "refused"
		}
		_, _ = io.WriteString(c, "hello\n") // where it fails, so does the read
		answer, _ := bufio.NewReader(c).ReadString('\n')
		return answer
	}
	want := func(when, got, want string, times int64) {
		t.Helper()
		if n := heard.Swap(0); got != want || n != times {
			t.Errorf("%s the answer is %q, asked %d times; want %q and %d", when, got, n, want, times)
		}
	}
	kept := dial()
	want("open,", asks(kept), "one hello\n", 1)
	w.Questions.Store(1)
	want("where questions are cut off,", asks(kept), "", 0)
	w.Answers.Store(1)
	want("where answers are cut off,", asks(dial()), "", 1)
	kept = dial()
	want("behind them", asks(kept), "one hello\n", 1)
	w.Shut()
	want("shut,", asks(kept), "", 0)
	want("shut, by a new connection,", asks(dial()), "", 0)
	w.Open()
	kept = dial()
	want("open again,", asks(kept), "one hello\n", 1)
	w.Leads(who("two")())
	want("led elsewhere, by an old connection,", asks(kept), "", 0)
	want("led elsewhere,", asks(dial()), "two hello\n", 1)
	addr := w.Addr
	w.Refuse()
	want("where it refuses,", asks(dial()), "refused", 0)
	if err := w.Listen(); err != nil || w.Addr != addr {
		t.Fatalf("it listens at %s again: %v", w.Addr, err)
	}
	want("at the same port", asks(dial()), "two hello\n", 1)
}
