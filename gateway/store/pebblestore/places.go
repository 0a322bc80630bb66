package pebblestore

import (
	"slices"

	"github.com/cockroachdb/pebble/v2"
	"github.com/oklog/ulid/v2"

	"hookgate/gateway/store/record"
)

// places is a stream of what is in one of several places of records: some in which
// things stay, and some that they leave. What was taken from the latter lately is still
// in a reader's way, as tombstones: a second of settled deliveries is thousands. So those
// are asked only for what is above the newest in the others.
type places struct {
	stay  anyOf
	leave []*passage
	top   stream
}

func (p *places) at() ulid.ULID { return p.top.at() }

func (p *places) sure() bool { return true }

func (p *places) value() (kind byte, value []byte) { return p.top.value() }

func (p *places) seek(u ulid.ULID) bool {
	p.top = nil
	var floor ulid.ULID
	if p.stay.seek(u) {
		p.top, floor = p.stay.top, p.stay.at()
	}
	for _, one := range p.leave {
		if one.seekAbove(u, floor) {
			p.top, floor = one, one.at()
		}
	}
	return p.top != nil
}

// lookAhead is how far a passage looks at first beyond what it is asked for, in
// milliseconds: a few seeks are made within less.
const lookAhead = 16

// passage is a place that things leave.
type passage struct {
	shelf
	gaps    gapView
	low, to []byte    // of all that is asked for, as keys
	from    []byte    // of what is in reach
	bottom  ulid.ULID // it was looked down to here
	step    uint64    // how far it looks beyond what it is asked for, in milliseconds
}

// seekAbove goes to the newest at u or below, if that is not below floor. u and floor
// fall from call to call.
func (p *passage) seekAbove(u, floor ulid.ULID) bool {
	for {
		if p.seek(u) {
			return p.now.Compare(floor) >= 0
		}
		if p.bottom.Compare(floor) <= 0 {
			return false
		}
		p.lower(floor)
	}
}

// passage opens one; nothing of it is in reach yet.
func (l *list) passage(kind byte) (*passage, error) {
	prefix := appendPrefix(nil, kind, l.q.Tenant)
	p := &passage{
		shelf: shelf{prefix: prefix, ended: true}, bottom: lastULID, step: lookAhead,
		low: append(slices.Clone(prefix), l.low[:]...), to: append(append(slices.Clone(prefix), l.high[:]...), 0),
	}
	p.gaps = l.gaps.view(gapKey{l.q.Tenant, kind}, l.puts, l.low, slices.MinFunc([]ulid.ULID{l.high, l.old}, ulid.ULID.Compare))
	var err error
	p.it, err = l.iter(p.low, p.to) // its own: it comes back from what it ended at
	return p, err
}

// lower lets it look down to floor and beyond, each time twice as far, lest a list of
// small steps asks it at each.
func (p *passage) lower(floor ulid.ULID) {
	p.bottom = ulid.ULID{}
	if at := floor.Time(); at > p.step {
		_ = p.bottom.SetTime(at - p.step) // fails only for what is later than any ULID
	}
	p.step *= 2
	p.ended = false
}

// seek goes to the newest at u or below that is in reach, past the gaps.
func (p *passage) seek(u ulid.ULID) bool {
	if p.ended || p.begun && p.now.Compare(u) <= 0 {
		return !p.ended
	}
	for {
		low := p.bottom
		gap, found := p.gaps.at(u)
		if found && gap.high.Compare(u) >= 0 {
			if u = below(gap.low); gap.low.Compare(p.bottom) <= 0 {
				p.ended, p.begun = true, false
				return false
			}
			p.begun = false // a step would walk through it
			continue
		}
		if found && gap.high.Compare(low) > 0 {
			low = gap.high
		}
		if p.walk(low, u) {
			return true
		}
		if p.begun = false; low == p.bottom {
			return false
		}
		p.ended, u = false, low
	}
}

// walk goes to the newest from low to u, and notes when that was far.
func (p *passage) walk(low, u ulid.ULID) (found bool) {
	from := append(slices.Clone(p.prefix), low[:]...)
	if slices.Compare(from, p.low) < 0 {
		from = p.low
	}
	if !slices.Equal(from, p.from) {
		p.it.SetBounds(from, p.to)
		p.from, p.begun = from, false
	}
	walked := p.steps()
	if found = p.shelf.seek(u); found {
		low = record.AsULID(above(p.now))
	}
	if p.steps()-walked >= p.gaps.far {
		p.gaps.note(low, u)
	}
	return found
}

// steps is how many keys it walked past, those that were removed too.
func (p *passage) steps() int { return p.it.Stats().ReverseStepCount[pebble.InternalIterCall] }
