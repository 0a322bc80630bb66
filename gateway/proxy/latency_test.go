package proxy

import (
	"net/http"
	"testing"
	"time"
)

// What is told is at least what was counted, and at most a fourth above it.
func TestLatencyCells(t *testing.T) {
	for took := time.Microsecond; took < time.Hour; took += took/7 + time.Microsecond {
		cell := latencyCell(took)
		bound := latencyBound(cell)
		if bound <= took || bound > took+took/4+time.Microsecond {
			t.Fatalf("%s is told as %s", took, bound)
		}
		if cell > 0 && latencyBound(cell-1) > took {
			t.Fatalf("%s is not in its cell, below %s", took, latencyBound(cell-1))
		}
	}
	if latencyCell(-time.Second) != 0 || latencyCell(100*time.Hour) != latencyCells-1 {
		t.Error("what is beyond is not at an end")
	}
}

// The last five to ten minutes are told of, and nothing of before.
func TestLatencyOfLate(t *testing.T) {
	var l latency
	at := time.Unix(1_800_000_000, 0).Truncate(latencySpell)
	for i := range 100 {
		l.add(at, time.Duration(i+1)*time.Millisecond)
	}
	is := l.lately(at)
	if is.Count != 100 || is.P50 < 50*time.Millisecond || is.P50 > 63*time.Millisecond || is.P99 < 99*time.Millisecond || is.P99 > 124*time.Millisecond {
		t.Errorf("of 1 to 100 ms it tells %+v", is)
	}
	l.add(at.Add(latencySpell), time.Second)
	if is := l.lately(at.Add(latencySpell)); is.Count != 101 {
		t.Errorf("with the spell before it has %d", is.Count)
	}
	if is := l.lately(at.Add(2 * latencySpell)); is.Count != 1 || is.P50 < time.Second {
		t.Errorf("of the last spell alone it tells %+v", is)
	}
	if is := l.lately(at.Add(3 * latencySpell)); is.Count != 0 || is.P99 != 0 || len(is.Cells) != 0 {
		t.Errorf("of long ago it tells %+v", is)
	}
	later := at.Add(7 * latencySpell) // the same half as the spell of one second
	if l.add(later, time.Millisecond); l.lately(later).Count != 1 {
		t.Errorf("after a pause it has %d", l.lately(later).Count)
	}
}

// An upstream tells how long it took to answer, by its own clock hand; one that gives no
// answer tells nothing.
func TestUpstreamsTellTheirLatency(t *testing.T) {
	const slow = 30 * time.Millisecond
	up := upstreamServer(t, func(_ http.ResponseWriter, _ *http.Request) { time.Sleep(slow) })
	s := newSite(t, routed("", up.URL), siteOptions{})
	if all := s.Upstreams("bot"); len(all) != 1 || all[0].Latency.Count != 0 {
		t.Fatalf("before any request: %+v", all)
	}
	for range 3 {
		s.ask(t, "GET", "/", nil)
	}
	got := s.Upstreams("bot")[0].Latency
	if got.Count != 3 || got.P50 < slow || got.P99 < got.P50 || got.P99 > 10*time.Second {
		t.Errorf("it tells %+v", got)
	}
	s.route(t, routed("", refusing(t)))
	s.ask(t, "POST", "/", nil)
	if got := s.Upstreams("bot")[0].Latency; got.Count != 0 {
		t.Errorf("one that refuses tells %+v", got)
	}
}
