package pattern

import (
	"encoding/binary"
	"regexp/syntax"
)

// state is a set of ways: the instructions that come next, and what rune was before.
// One more way begins at every rune, and is in no set.
type state struct {
	ways   []uint64
	idle   bool // there are none
	before rune
}

// knownStep is where a rune leads from a state.
type knownStep struct {
	from int32 // plus 1; 0: nothing is known
	r    rune
	to   int32
}

const (
	stepsKept  = 512 // a power of 2
	statesKept = 256
	noRune     = rune(-1) // before and after the text
	// Instead of a state.
	isMatch = int32(-1)
	isDead  = int32(-2)
)

// state gives the state of the ways in next, after a rune.
func (m *Machine) state(before rune) int32 {
	if before = likeness(before); m.anchored && before != noRune && isEmpty(m.next) {
		return isDead
	}
	m.key = append(m.key[:0], byte(before))
	for _, word := range m.next {
		m.key = binary.LittleEndian.AppendUint64(m.key, word)
	}
	if known, found := m.known[string(m.key)]; found {
		return known
	}
	if len(m.states) == statesKept {
		m.forget()
	}
	at := int32(len(m.states))
	if cap(m.states) > len(m.states) { // with the memory of one that was forgotten
		m.states = m.states[:len(m.states)+1]
	} else {
		m.states = append(m.states, state{})
	}
	s := &m.states[at]
	s.ways, s.before, s.idle = append(s.ways[:0], m.next...), before, isEmpty(m.next)
	m.known[string(m.key)] = at
	return at
}

// sized gives so many zeros, in the memory of those that were there.
func sized(words []uint64, n int) []uint64 {
	if cap(words) < n {
		return make([]uint64, n)
	}
	words = words[:n]
	clear(words)
	return words
}

func isEmpty(set []uint64) bool {
	for _, word := range set {
		if word != 0 {
			return false
		}
	}
	return true
}

// likeness gives a rune that stands for all that are the same to what looks at it
// afterwards: \b, ^ and $.
func likeness(r rune) rune {
	switch {
	case r == noRune, r == '\n':
		return r
	case syntax.IsWordChar(r):
		return 'a'
	}
	return ' '
}
