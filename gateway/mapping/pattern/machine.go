package pattern

import (
	"bytes"
	"hookgate/gateway/mapping/work"
	"math/bits"
	"regexp/syntax"
	"sync"
	"unicode/utf8"
)

// Machine runs a pattern over a long text and counts what it does. The library's
// engines cannot be stopped, and their worst is ten nanoseconds for each instruction
// and byte, a thousand times what an ordinary pattern takes: charged for it, none
// could look at a megabyte.
//
// It follows all ways through the program at once, and remembers where a set of ways
// leads by what rune, as a lazily built automaton (RE2; Russ Cox, "Regular Expression
// Matching in the Wild", 2010): most runes then cost one look. It gives yes or no,
// not where.
type Machine struct {
	*Regexp
	work *work.Budget

	states []state
	known  map[string]int32 // states by their keys
	steps  [stepsKept]knownStep
	turns  int // how often all states were forgotten

	visited []uint64 // instructions, in this step
	next    []uint64 // ways that go on after it
	stack   []uint32
	key     []byte
}

// What a machine counts, in nanoseconds: for a rune, and where its step is not known
// for that, and for each instruction in it.
const (
	runeCost = 8
	newCost  = 500
	// To make a machine ready.
	machineCost = 3000
	wayCost     = 16
)

var machines = sync.Pool{New: func() any { return &Machine{known: make(map[string]int32, statesKept)} }}

func (p *Regexp) run(text []byte, w *work.Budget) bool {
	m := p.Machine(w)
	if m == nil {
		return false
	}
	defer m.Free()
	return m.Run(text)
}

// Machine gives a machine that knows nothing yet; nil where the work is used up.
func (p *Regexp) Machine(w *work.Budget) *Machine {
	if !w.Spend(machineCost) {
		return nil
	}
	m := machines.Get().(*Machine) //nolint:forcetypeassert // the pool holds nothing else
	m.Regexp, m.work = p, w
	words := (len(p.program.Inst) + 63) / 64
	m.visited, m.next = sized(m.visited, words), sized(m.next, words)
	m.forget()
	return m
}

// Free gives the machine back.
func (m *Machine) Free() {
	m.Regexp, m.work = nil, nil
	machines.Put(m)
}

// forget drops all states.
func (m *Machine) forget() {
	m.states = m.states[:0]
	clear(m.known)
	clear(m.steps[:])
	m.turns++
}

// Run says whether the pattern matches somewhere in text. Where the work is used up it
// is false.
func (m *Machine) Run(text []byte) bool {
	clear(m.next)
	at := m.state(noRune)
	for i := 0; ; {
		if m.states[at].idle && m.prefix != nil {
			skipped := bytes.Index(text[i:], m.prefix)
			if skipped < 0 || !m.work.Spend(skipped) {
				m.work.Spend(len(text) - i)
				return false
			}
			if skipped > 0 {
				i += skipped
				before, _ := utf8.DecodeLastRune(text[:i])
				clear(m.next)
				at = m.state(before)
			}
		}
		r, size := noRune, 0
		if i < len(text) {
			if r, size = rune(text[i]), 1; r >= utf8.RuneSelf {
				r, size = utf8.DecodeRune(text[i:])
			}
		}
		if !m.work.Spend(runeCost) {
			return false
		}
		if at = m.step(at, r); at < 0 || r == noRune {
			return at == isMatch
		}
		i += size
	}
}

// step gives the state that a rune leads to.
func (m *Machine) step(at int32, r rune) int32 {
	kept := &m.steps[(uint32(r)^uint32(at)*0x9e3779b1>>16)%stepsKept]
	if kept.from == at+1 && kept.r == r {
		return kept.to
	}
	turns := m.turns
	to := isMatch
	switch {
	case m.advance(&m.states[at], r):
	case m.work.Over():
		to = isDead
	default:
		to = m.state(r)
	}
	if m.turns == turns {
		*kept = knownStep{at + 1, r, to}
	}
	return to
}

// advance follows the ways of a state over a rune, and says whether one has come to
// a match before it. It leaves in next those that go on.
func (m *Machine) advance(from *state, r rune) bool {
	clear(m.visited)
	clear(m.next)
	context := syntax.EmptyOpContext(from.before, r)
	m.stack = m.stack[:0]
	if !m.anchored || from.before == noRune {
		m.stack = append(m.stack, uint32(m.program.Start))
	}
	for i, word := range from.ways {
		for ; word != 0; word &= word - 1 {
			m.stack = append(m.stack, uint32(i<<6+bits.TrailingZeros64(word)))
		}
	}
	count := 0
	for len(m.stack) > 0 {
		at := m.stack[len(m.stack)-1]
		m.stack = m.stack[:len(m.stack)-1]
		if m.visited[at>>6]&(1<<(at&63)) != 0 {
			continue
		}
		m.visited[at>>6] |= 1 << (at & 63)
		count++
		switch in := &m.program.Inst[at]; in.Op {
		case syntax.InstMatch:
			return true
		case syntax.InstFail:
		case syntax.InstAlt, syntax.InstAltMatch:
			m.stack = append(m.stack, in.Arg, in.Out)
		case syntax.InstCapture, syntax.InstNop:
			m.stack = append(m.stack, in.Out)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^context == 0 {
				m.stack = append(m.stack, in.Out)
			}
		default:
			if r != noRune && in.MatchRune(r) {
				m.next[in.Out>>6] |= 1 << (in.Out & 63)
			}
		}
	}
	m.work.Spend(newCost + wayCost*count + len(m.next))
	return false
}
