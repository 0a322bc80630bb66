package pebblestore

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/oklog/ulid/v2"
)

// view shows what is in memory: no part of it changes any more, though more may come.
func (l *later) view() [][]unposted {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.parts)
}

// views are those of all kinds, by the kind of their single postings.
func (l *laters) views() map[byte][][]unposted {
	views := make(map[byte][][]unposted, 5)
	for _, of := range l.all() {
		views[of.single] = of.view()
	}
	return views
}

// ripe raises the floor so far that most of what is in memory lies below it, and gives
// that. What came last stays, for others of its time may be on their way.
func (l *later) ripe() (list []unposted, floor ulid.ULID) {
	list = l.memory.list[:0]
	for _, part := range l.view() {
		list = append(list, part...)
	}
	floor = floorOf(list)
	l.mu.Lock()
	if floor.Compare(l.floor) < 0 {
		floor = l.floor // what could not be posted the last time is left below it
	}
	l.floor = floor
	l.mu.Unlock()
	list = list[:0]
	for _, part := range l.view() { // what came below the floor before it was raised, too
		for i := range part {
			if part[i].u.Compare(floor) < 0 {
				list = append(list, part[i])
			}
		}
	}
	l.memory.list = list
	return list, floor
}

// floorOf gives a floor below which most of some things lie, in the order in which they
// came: that of their ids, nearly always.
func floorOf(all []unposted) (floor ulid.ULID) {
	if len(all) == 0 {
		return floor
	}
	floor = slices.MinFunc(all[len(all)-1-len(all)/8:], olderFirst).u
	below := 0
	for i := range all {
		if all[i].u.Compare(floor) < 0 {
			below++
		}
	}
	if below < len(all)/2 {
		slices.SortFunc(all, olderFirst)
		floor = all[len(all)-1-len(all)/8].u
	}
	return floor
}

func olderFirst(a, b unposted) int {
	if at := cmp.Compare(binary.BigEndian.Uint64(a.u[:]), binary.BigEndian.Uint64(b.u[:])); at != 0 {
		return at
	}
	return a.u.Compare(b.u)
}

// keep drops all but what is wanted.
func (l *later) keep(wanted func(*unposted) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.parts
	l.parts, l.n = nil, 0
	var part []unposted
	for i := range was {
		for j := range was[i] {
			if !wanted(&was[i][j]) {
				continue
			}
			if len(part) == laterPart {
				l.parts, part = append(l.parts, part), nil
			}
			if part == nil {
				part = make([]unposted, 0, laterPart)
			}
			part = append(part, was[i][j])
			l.n++
		}
	}
	if part != nil {
		l.parts = append(l.parts, part)
	}
}

// hold lets nothing be posted until over is called. Where it is told that a tenant was
// deleted meanwhile, what was noted of it before is dropped: it would be posted for ever.
func (l *laters) hold(tenant string) (over func(deleted bool)) {
	before := map[*later]int{}
	for _, of := range l.all() {
		of.posting.Lock()
		before[of] = of.size()
	}
	return func(deleted bool) {
		for _, of := range l.all() {
			if at := 0; deleted {
				of.keep(func(one *unposted) bool {
					at++
					return at > before[of] || one.tenant != tenant
				})
			}
			of.posting.Unlock()
		}
	}
}

func (l *later) size() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.n
}
