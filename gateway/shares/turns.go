package shares

import (
	"slices"
	"sync"
	"time"
)

// Turns divides time: it lets few at once do what takes long, and of each owner one (or as
// many as Each says).
// However much one tenant wants, its next one comes after the first of everybody
// else's (SPEC 16).
type Turns struct {
	mu       sync.Mutex
	most     int           // at once
	each     int           // of one owner
	longest  int           // who may wait in one line
	patience time.Duration // in a line; 0: without end
	held     int
	lines    map[string]*line // of who holds a turn or waits for one
	next     []*line          // whose first gets the next turn, in order
}

// line is who waits of one owner.
type line struct {
	owner   string
	waiting []chan struct{}
	held    int
	queued  bool // it stands in Turns.next
}

// NewTurns gives turns of which so many are taken at once. So many of one owner may
// wait beside the one who has a turn, each so long; 0 is without end.
func NewTurns(most, longest int, patience time.Duration) *Turns {
	return &Turns{most: most, each: 1, longest: longest, patience: patience, lines: map[string]*line{}}
}

// Each lets one owner have so many turns at once, while nobody else's first waits.
func (t *Turns) Each(n int) *Turns {
	t.each = n
	return t
}

// Take waits for a turn. It is false when the line is too long, or moves too slowly.
func (t *Turns) Take(owner string) bool {
	mine := t.stand(owner)
	select {
	case <-mine:
		return true
	default:
	}
	switch {
	case mine == nil:
		return false
	case t.patience == 0:
		<-mine
		return true
	}
	patience := time.NewTimer(t.patience)
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
func (t *Turns) stand(owner string) chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[owner]
	if l == nil {
		l = &line{owner: owner}
		t.lines[owner] = l
	}
	if len(l.waiting) == t.longest {
		return nil
	}
	mine := make(chan struct{})
	l.waiting = append(l.waiting, mine)
	if l.held < t.each {
		t.queue(l)
	}
	t.move()
	return mine
}

// leave gets out of the line; it is false where the turn has come meanwhile.
func (t *Turns) leave(owner string, mine chan struct{}) bool {
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

// Give gives a turn back.
func (t *Turns) Give(owner string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[owner]
	t.held--
	l.held--
	t.queue(l)
	t.move()
}

// queue has a line stand behind all others for its next turn.
func (t *Turns) queue(l *line) {
	if !l.queued {
		l.queued = true
		t.next = append(t.next, l)
	}
}

// Idle says whether nobody has a turn or waits for one.
func (t *Turns) Idle() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.held == 0 && len(t.lines) == 0
}

// move gives turns to the first of the lines.
func (t *Turns) move() {
	for t.held < t.most && len(t.next) > 0 {
		l := t.next[0]
		t.next = slices.Delete(t.next, 0, 1)
		l.queued = false
		if len(l.waiting) == 0 {
			if l.held == 0 {
				delete(t.lines, l.owner)
			}
			continue
		}
		close(l.waiting[0])
		l.waiting = slices.Delete(l.waiting, 0, 1)
		t.held++
		if l.held++; l.held < t.each && len(l.waiting) > 0 {
			t.queue(l)
		}
	}
}
