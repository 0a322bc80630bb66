package pgstore

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"hookgate/gateway/store/record"
)

// question is something that nearly every callback or publish looks up by a key, mostly in
// vain. Those that are asked while a statement is under way go into the next one together, as
// promises do: one by one they would cost more than what they decide.
type question struct {
	// in ends with the first and the last day to look at. {low} and {high} stand for the first
	// and last of all that is asked: by them the planner leaves parts out.
	in []column
	// choice: its tables have several indexes that would do. A plan that is made when such a
	// part is new, and kept, may have taken any of them: so it is planned each time.
	choice bool
	// function is that of the schema which answers it (pinned.go).
	function func() string
	// sql gives i.o, the place of what was asked, and two values for each row that answers.
	// {in} stands for what is asked, of the alias i.
	sql string
}

// asked is one of them, until it is answered.
type asked struct {
	of    *question
	cells []cell
	rows  [][2][]byte
	err   error
	done  chan struct{}
}

// asking is how many statements with questions are under way at once, and mostAsked how many
// questions one has.
const (
	asking    = 2
	mostAsked = 256
)

// asker asks questions.
type asker struct {
	engine  *engine
	mu      sync.Mutex
	queue   []*asked
	working int
}

// ask gives the rows that answer a question.
func (a *asker) ask(of *question, cells ...cell) (rows [][2][]byte, err error) {
	one := &asked{of: of, cells: cells, done: make(chan struct{})}
	if err := a.askAll(one); err != nil {
		return nil, err
	}
	return one.rows, nil
}

// askAll asks several at once, and waits for all answers.
func (a *asker) askAll(all ...*asked) error {
	if err := a.engine.using.Enter(); err != nil {
		return err
	}
	defer a.engine.using.Leave()
	a.mu.Lock()
	a.queue = append(a.queue, all...)
	if a.working < asking {
		a.working++
		go a.answer()
	}
	a.mu.Unlock()
	for _, one := range all {
		if <-one.done; one.err != nil {
			return one.err
		}
	}
	return nil
}

// answer asks the database until there is nothing to ask.
func (a *asker) answer() {
	for {
		a.mu.Lock()
		n := min(len(a.queue), mostAsked)
		if n == 0 {
			a.working--
			a.queue = nil
			a.mu.Unlock()
			return
		}
		some := a.queue[:n:n]
		a.queue = a.queue[n:]
		a.mu.Unlock()
		a.askFor(some)
	}
}

func (a *asker) askFor(some []*asked) {
	p := &params{}
	lists := map[*question][]*asked{}
	var order []*question
	for _, one := range some {
		if lists[one.of] == nil {
			order = append(order, one.of)
		}
		lists[one.of] = append(lists[one.of], one)
	}
	slices.SortFunc(order, func(a, b *question) int { return strings.Compare(a.function(), b.function()) }) // few texts
	var parts []string
	for k, of := range order {
		parts = append(parts, fmt.Sprintf("SELECT %d::int8, q.* FROM (%s) AS q", k, of.over(p, lists[of])))
	}
	err := a.engine.readBy(askPrepared, a.engine.opts.Patience, strings.Join(parts, " UNION ALL "), p, func(row [][]byte) (bool, error) {
		k, n := longAt(row[0]), longAt(row[1])
		if k >= int64(len(order)) || n < 1 || n > int64(len(lists[order[k]])) {
			return false, record.Corrupt("answer")
		}
		one := lists[order[k]][n-1]
		one.rows = append(one.rows, [2][]byte{append([]byte(nil), row[2]...), append([]byte(nil), row[3]...)})
		return true, nil
	})
	if errors.Is(err, errClosed) {
		err = unavailable(err)
	}
	for _, one := range some {
		if one.err = err; err != nil {
			one.rows = nil
		}
		close(one.done)
	}
}

// over asks the function of a question for all of it.
func (q *question) over(p *params, some []*asked) string {
	var arrays []string
	for i := range q.in {
		arrays = append(arrays, p.many(q.in[i].sort, len(some), func(n int) cell { return some[n].cells[i] }))
	}
	low, high := some[0].days()
	for _, one := range some[1:] {
		first, last := one.days()
		low, high = min(low, first), max(high, last)
	}
	return fmt.Sprintf("SELECT * FROM {s}%s(%s, %s, %s)", q.function(), strings.Join(arrays, ", "), p.long(low), p.long(high))
}

// days are the first and the last that are asked for.
func (a *asked) days() (low, high int64) {
	n := len(a.cells)
	return a.cells[n-2].n, a.cells[n-1].n
}
