package transport

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"
)

func TestDialer(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	tr := New(Options{})
	defer tr.Close()
	d, err := tr.Dialer("http://"+ln.Addr().String()+"/bot/v1/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if d.Host() != ln.Addr().String() || d.Base() != "/bot/v1" {
		t.Errorf("host %q, base %q", d.Host(), d.Base())
	}
	c, err := d.Dial(t.Context(), time.Second) // though it is loopback: the file names it
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
	word := func(err error) string {
		var known *Error
		if !errors.As(err, &known) {
			return "none"
		}
		return known.Word
	}
	tr.SetListeners(ln.Addr())
	if _, err := d.Dial(t.Context(), time.Second); word(err) != WordBlocked {
		t.Errorf("our own listener: %v", err)
	}
	tr.SetListeners()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Dial(gone, time.Second); err == nil {
		t.Error("a dial outlives its context")
	}
	tr.Close()
	if _, err := d.Dial(t.Context(), time.Second); err == nil {
		t.Error("a dial outlives its transport")
	}
	for _, url := range []string{"ftp://a.test", "http://user@a.test", "http://"} {
		if _, err := tr.Dialer(url, nil); word(err) != WordBlocked {
			t.Errorf("%s: %v", url, err)
		}
	}
}
