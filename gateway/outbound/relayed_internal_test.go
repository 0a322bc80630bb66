package outbound

import (
	"slices"
	"testing"
	"time"
)

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
