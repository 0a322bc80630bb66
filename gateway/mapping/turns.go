package mapping

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// turns lets few documents at once take long, and of each owner one: however many
// large or complex bodies one tenant is sent, half of the CPU is left for what takes
// microseconds, and its next one comes after the first of everybody else's (SPEC 16).
type turns struct {
	mu    sync.Mutex
	most  int
	held  int
	lines map[string]*line // of who holds a turn or waits for one
	next  []*line          // whose first gets the next turn, in order
}

// line is who waits of one owner.
type line struct {
	owner   string
	holds   bool
	waiting []chan struct{}
}

const (
	maxLine      = 256             // in one line; each has a body in memory
	turnPatience = 5 * time.Second // in a line
)

var allTurns = newTurns(max(1, runtime.GOMAXPROCS(0)/2))

func newTurns(most int) *turns { return &turns{most: most, lines: map[string]*line{}} }

// take waits for a turn. It is false when the line is too long, or moves too slowly.
func (t *turns) take(owner string) bool {
	mine := t.stand(owner)
	select {
	case <-mine:
		return true
	default:
	}
	if mine == nil {
		return false
	}
	patience := time.NewTimer(turnPatience)
	defer patience.Stop()
	select {
	case <-mine:
		return true
	case <-patience.C:
		return !t.leave(owner, mine)
	}
}

// stand gets into the line, and gives what is closed when the turn has come; nil where
// the line is too long.
func (t *turns) stand(owner string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[owner]
	if l == nil {
		l = &line{owner: owner}
		t.lines[owner] = l
		t.next = append(t.next, l)
	}
	if len(l.waiting) == maxLine {
		return nil
	}
	mine := make(chan struct{})
	l.waiting = append(l.waiting, mine)
	t.move()
	return mine
}

// leave gets out of the line; it is false where the turn has come meanwhile.
func (t *turns) leave(owner string, mine chan struct{}) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[owner]
	if l == nil {
		return false
	}
	i := slices.Index(l.waiting, mine)
	if i < 0 {
		return false
	}
	l.waiting = slices.Delete(l.waiting, i, i+1)
	return true
}

// give gives a turn back.
func (t *turns) give(owner string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[owner]
	l.holds = false
	t.held--
	t.next = append(t.next, l)
	t.move()
}

// move gives turns to the first of the lines.
func (t *turns) move() {
	for t.held < t.most && len(t.next) > 0 {
		l := t.next[0]
		t.next = slices.Delete(t.next, 0, 1)
		if len(l.waiting) == 0 {
			delete(t.lines, l.owner)
			continue
		}
		close(l.waiting[0])
		l.waiting = slices.Delete(l.waiting, 0, 1)
		l.holds = true
		t.held++
	}
}
