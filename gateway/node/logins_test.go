package node

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/auth"
	"hookgate/gateway/store/pgstore"
)

// looks counts how often somebody looks what was configured.
type looks struct {
	revisions
	n atomic.Int64
}

func (l *looks) ResourcesSince(revision int64, each func(pgstore.Revised) error) error {
	l.n.Add(1)
	return l.revisions.ResourcesSince(revision, each)
}

// Whoever shows a cookie that nobody knows has the node look what others have opened, and anybody
// may show one: those who do so together share a look, and looks keep a distance. A session that another node has just opened is found.
func TestUnknownCookiesShareLooks(t *testing.T) {
	w := newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	counted := &looks{revisions: b.store.revisions}
	own := &parts{Options: b.Options, resources: b.resources} // beside b's own, whose looks are not counted
	own.follows = &follower{parts: own, revisions: counted}
	own.follows.at.Store(b.follows.known())
	sessions := loginsAll{b.resources.Logins, &others{parts: own}}

	s, is, err := a.resources.Logins.SignIn(adminToken, auth.Asking{})
	if err != nil || !is {
		t.Fatalf("nobody can sign in: %v, %v", is, err)
	}
	if found, is := sessions.Find(s.Cookie); !is || found.ID != s.ID {
		t.Errorf("a session that another node has just opened is not found: %+v", found)
	}

	const crowd, rounds = 200, 3
	before, began := counted.n.Load(), time.Now()
	for round := range rounds {
		var all sync.WaitGroup
		for n := range crowd {
			all.Go(func() {
				if _, is := sessions.Find(fmt.Sprint("nobody's ", round, n)); is {
					t.Error("a session of a cookie that nobody has is found")
				}
			})
		}
		all.Wait()
	}
	took := time.Since(began)
	most := int64(took/followPause) + 1
	if n := counted.n.Load() - before; n < 1 || n > most || n > crowd*rounds/4 {
		t.Errorf("%d cookies made it look %d times in %s, want at most %d", crowd*rounds, n, took, most)
	}

	before = counted.n.Load()
	if found, is := sessions.Find(s.Cookie); !is || found.ID != s.ID {
		t.Error("a known session is not found any more")
	}
	if _, is := sessions.Find(""); is {
		t.Error("no cookie has a session")
	}
	if n := counted.n.Load() - before; n > 0 {
		t.Errorf("what is known, and what is none, made it look %d times", n)
	}
}
