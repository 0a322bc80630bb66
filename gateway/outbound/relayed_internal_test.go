package outbound

import (
	"slices"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// FuzzReadRequest reads sealed requests from any bytes: none panics, and what was
// written reads the same.
func FuzzReadRequest(f *testing.F) {
	f.Add("/a?b", "X-A", "1", []byte("\x01\x01/"))
	f.Add("", "x", "\xff", []byte("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Add("/", "Host", "h", []byte("\x01\x80"))
	f.Fuzz(func(t *testing.T, target, name, value string, raw []byte) {
		_, _, _ = readRequest(raw)
		r := gateway.RelayedRequest{Target: target, Header: []gateway.HeaderField{{Name: "X-First", Value: ""}, {Name: name, Value: value}}}
		plain := appendRequest(nil, &r)
		got, header, err := readRequest(plain)
		if err != nil || got != target || header[0] != [2]string{"X-First", ""} || len(header) > 2 || len(header) == 2 && header[1] != [2]string{name, value} {
			t.Errorf("%q, %q: %q came back as %q, %q, %v", target, name, value, got, header, err)
		}
		for cut := range plain {
			if got, header, err := readRequest(plain[:cut]); err == nil && (got != target || len(header) > 1) {
				t.Errorf("%d bytes of it were read as %q, %q", cut, got, header)
			}
		}
	})
}

func TestRelayWindow(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		0: 24 * time.Hour, -1: 24 * time.Hour, time.Minute: time.Minute, 8 * 24 * time.Hour: gateway.MaxMarkAge,
	} {
		var r relay
		if r.begin(RelayRequest{Tenant: &directory.Tenant{}, Window: asked}, time.Now()); r.Window != want {
			t.Errorf("asked for %s: %s, want %s", asked, r.Window, want)
		}
	}
}

func TestBelow(t *testing.T) {
	for _, c := range [][3]string{
		{"http://bot:3000", "/a", "/a"},
		{"http://bot:3000/", "/a?b=/", "/a?b=/"},
		{"https://bot/base", "/a", "/base/a"},
		{"https://bot/base/", "/", "/base/"},
		{"https://bot/base/", "", "/base"},
		{"https://bot/base", "?x", "/base?x"},
		{"http://bot", "", "/"},
		{"http://bot/", "?x", "/?x"},
	} {
		if got := below(c[0], c[1]); got != c[2] {
			t.Errorf("%q below %q is %q, want %q", c[1], c[0], got, c[2])
		}
	}
}

func TestSameField(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"X-A", "x-a", true}, {"X_A", "x-a", true}, {"x-a", "X_a", true}, {"x-a", "x-b", false}, {"x-a", "x-", false}} {
		if sameField(c.a, c.b) != c.want {
			t.Errorf("%s and %s: want %v", c.a, c.b, c.want)
		}
	}
}

// TestUpstreamsRest follows one of two through failures and its way back.
func TestUpstreamsRest(t *testing.T) {
	now := time.Unix(1_770_000_000, 0)
	list := []string{"a", "b"}
	var u upstreams
	next := func(n int) (got []string) {
		for range n {
			got = append(got, u.choose(list, now))
		}
		return got
	}
	expect := func(what string, got []string, want ...string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	expect("all are well", next(3), "a", "b", "a")
	for range 3 { // attempts that were under way together
		u.failed("a", list, now, now, 0)
	}
	if !u.others("a", list) || u.others("b", list) {
		t.Error("b is well, and a is not")
	}
	expect("a rests", next(3), "b", "b", "b")
	now = now.Add(time.Second)
	expect("one request finds out", next(3), "a", "b", "b")
	u.failed("a", list, now, now, 0)
	now = now.Add(1999 * time.Millisecond)
	expect("it rests for longer", next(2), "b", "b")
	now = now.Add(time.Millisecond)
	expect("then is asked again", next(2), "a", "b")
	u.failed("b", list, now, now, time.Minute)
	if u.others("a", list) || u.others("b", list) {
		t.Error("none is well")
	}
	expect("all rest: the one whose rest ends first", next(1), "a")
	u.answered("a")
	expect("a is well, b asked for a minute", next(2), "a", "a")
	now = now.Add(time.Minute)
	expect("and has had it", next(2), "b", "a")
	u.failed("b", list, now, now, 0)
	u.failed("a", []string{"a", "c"}, now, now, 0)
	if _, kept := u.ill["b"]; kept {
		t.Error("one that is no more is remembered")
	}
	list = []string{"a"}
	expect("the only one", next(2), "a", "a")
}
