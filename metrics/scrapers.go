package metrics

import (
	"hash/maphash"
	"math"
	"net"
	"net/http"
	"sync"
	"time"
)

// An increase is a difference of two scrapes. What is born between two of them, and has
// counted by then, would have none: its first events would be seen by nobody. So a server
// that comes again is shown at 0 what it has not seen yet, and how it stands at its next
// scrape. Only servers are: who looks once sees how all stands.

// fresh is for a server that comes for the first time: after a restart of the gateway
// it may know what was born since.
const fresh = time.Minute

// maxScrapers bounds how many servers are known.
const maxScrapers = 32

// scrapers are the servers that come again and again, and how much each has seen.
type scrapers struct {
	seed  maphash.Seed
	mu    sync.Mutex
	known map[uint64]*scraper
}

type scraper struct {
	seen uint64 // born up to this
	last time.Time
}

func newScrapers() *scrapers {
	return &scrapers{seed: maphash.MakeSeed(), known: map[uint64]*scraper{}}
}

// who gives the server that asks, by its address, its program and what it asks for; 0 is
// none that would come again. Prometheus, and what is built of it or speaks as it does,
// says how long it will wait.
func (s *scrapers) who(r *http.Request) uint64 {
	if r.Header.Get("X-Prometheus-Scrape-Timeout-Seconds") == "" {
		return 0
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	var query string
	if r.URL != nil {
		query = r.URL.RawQuery
	}
	return max(1, maphash.Comparable(s.seed, [3]string{host, r.UserAgent(), query}))
}

// holds says what is held back from a server.
func (s *scrapers) holds(who uint64, now time.Time) held {
	if who == 0 {
		return nothing
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.known[who]; k != nil {
		return held{k.seen, math.MaxInt64}
	}
	return held{math.MaxUint64, now.Add(-fresh).UnixNano()}
}

// saw notes what a server has been shown whole.
func (s *scrapers) saw(who, top uint64, now time.Time) {
	if who == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.known) >= maxScrapers && s.known[who] == nil {
		s.dropOldest()
	}
	k := s.known[who]
	if k == nil {
		k = new(scraper)
		s.known[who] = k
	}
	k.seen, k.last = max(k.seen, top), now
}

func (s *scrapers) dropOldest() {
	var oldest uint64
	for who, k := range s.known {
		if oldest == 0 || k.last.Before(s.known[oldest].last) {
			oldest = who
		}
	}
	delete(s.known, oldest)
}
