package cluster

import (
	"fmt"
	"testing"
	"time"
)

// look looks at who answers, for a while: of no slot two nodes may.
func (c *churning) look(most time.Duration) {
	c.t.Helper()
	for began := time.Now(); time.Since(began) < most && !c.t.Failed(); time.Sleep(50 * time.Millisecond) {
		c.check()
	}
}

// One node has lost the database, and then nobody finds it for a moment, whenever that is: who
// has said that it cannot beat either does not take over while the other goes on for that.
func TestNobodyBeatsForAMoment(t *testing.T) {
	for offset := 2 * time.Second; offset < 6*time.Second; offset += 200 * time.Millisecond {
		t.Run(fmt.Sprint(offset), func(t *testing.T) {
			inBubble(t, uint64(offset), func(f *fleet) {
				f.start()
				two := f.start()
				f.within(15*time.Second, "a share for each", f.whole(2))
				c := newChurning(f)
				f.db.set(func() { two.conn.cut, f.db.refuses = true, true })
				c.look(offset)
				f.db.set(func() { f.db.away = true })
				c.look(1100 * time.Millisecond)
				f.db.set(func() { f.db.away = false })
				c.look(15 * time.Second)
				f.db.set(func() { two.conn.cut = false })
				c.look(15 * time.Second)
				if !f.whole(2)() {
					f.t.Error("they have not their shares in the end")
				}
			})
		})
	}
}

// One node was declared dead and has not heard of it when nobody finds the database any more:
// that nobody can beat does not let it answer again.
func TestDeadAndNobodyBeats(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one, two := f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(2))
		c := newChurning(f)
		f.db.set(func() { two.conn.cut = true })
		f.within(8*time.Second, "taken over", f.whole(1))
		f.db.set(func() { f.db.away, two.conn.cut = true, false })
		c.look(time.Minute)
		if _, by := f.served(); by[two] > 0 || by[one] == 0 {
			f.t.Errorf("while nobody can beat the dead answers for %d slots, and who took over for %d", by[two], by[one])
		}
		f.db.set(func() { f.db.away, f.db.back = false, time.Now() })
		f.within(20*time.Second, "a share for who is back", f.whole(2))
	})
}

// A node that stood still beats between the look that finds it dead and the take-over: it is
// told that it may go on, and so nothing is taken over.
func TestBeatsAtTheLastMoment(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one, two := f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(2))
		c, late := newChurning(f), 0
		f.db.set(func() {
			two.conn.cut = true
			f.db.meddle = func(dead int64) { // with the lock
				late++
				two.conn.cut = false
				f.db.nodes[dead].Beat++
				f.db.beats[dead] = time.Now()
				two.state.lease.Store(int64(time.Since(two.state.base) + leaseTime))
			}
		})
		c.look(20 * time.Second)
		if late == 0 {
			f.t.Error("nobody wanted to take over")
		}
		if one.tookOver+two.fenced > 0 || !f.whole(2)() {
			f.t.Errorf("it was declared dead: %d times, and has heard of it %d times", one.tookOver, two.fenced)
		}
	})
}

// A node at the address of another that lives (the address has moved, say): that has all its
// time before it is taken over.
func TestReplacedHasItsLease(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one, _ := f.start(), f.start()
		f.within(15*time.Second, "a share for each", f.whole(2))
		c := newChurning(f)
		f.db.set(func() { one.conn.cut, f.db.inPlace = true, true })
		f.startAt(one.name)
		c.look(20 * time.Second)
	})
}

// A node that has ended answers for nothing, also while its last beat would let it.
func TestClosedAnswersNothing(t *testing.T) {
	inBubble(t, 1, func(f *fleet) {
		one := f.start()
		one.Close()
		if slots, _ := f.served(); slots.Len() != 0 {
			f.t.Errorf("it answers for %d slots", slots.Len())
		}
	})
}
