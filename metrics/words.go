package metrics

import (
	"slices"
	"sync"
	"sync/atomic"
)

// words is the closed list of values that a label can have, and the place of each.
type words struct {
	list []string
	at   map[string]int
}

func newWords(list []string) *words {
	w := &words{list: slices.Clone(list), at: make(map[string]int, len(list))}
	for i, word := range w.list {
		w.at[word] = i
	}
	return w
}

// lists keeps each closed list once: everything that counts by it shares it.
type lists struct {
	mu    sync.Mutex
	known []*words
}

func (l *lists) of(list []string) *words {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.known {
		if slices.Equal(w.list, list) {
			return w
		}
	}
	w := newWords(list)
	l.known = append(l.known, w)
	return w
}

// tally counts by the words of a closed list, in their order.
type tally []atomic.Uint64

// add counts n of a word. What is in no list has no series: it is counted nowhere.
func (t tally) add(w *words, word string, n uint64) {
	if i, listed := w.at[word]; listed {
		t[i].Add(n)
	}
}

// at is what a place stands at; of a tally that was never made, 0.
func (t tally) at(i int) float64 {
	if t == nil {
		return 0
	}
	return float64(t[i].Load())
}
