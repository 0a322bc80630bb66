package stats

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"hookgate/gateway"
)

// What nodes tell each other of what they have counted, and who keeps figures has not yet.

// asked is what is not kept yet, as who reads figures asks for it.
type asked struct{ *Stats }

// question asks for what was counted of one thing, or of how tenants are.
type question struct {
	Query   *Query   `json:"query,omitempty"`
	Series  string   `json:"series,omitempty"` // below: the tenants below it
	Tenants []string `json:"tenants,omitempty"`
}

// unkept is what was counted of one thing in one minute.
type unkept struct {
	At    time.Time `json:"at"`
	Cells []byte    `json:"cells"`
	Runs  bool      `json:"runs,omitempty"` // it goes on, and says how things stand
}

// standingAt is how a tenant is at one node.
type standingAt struct {
	Of            int      `json:"of"` // its place in the question
	Figures       []unkept `json:"figures,omitempty"`
	Lanes         Lanes    `json:"lanes"`
	Waits, Parked int
}

// packed is a minute as it travels.
type packed struct {
	At   int64           `json:"at"`
	Last bool            `json:"last,omitempty"`
	Of   []packedCounted `json:"of"`
}

type packedCounted struct {
	Tenant string       `json:"tenant"`
	Own    []byte       `json:"own"`
	Parts  []packedPart `json:"parts,omitempty"`
}

type packedPart struct {
	Kind  PartKind `json:"kind"`
	ID    string   `json:"id"`
	Cells []byte   `json:"cells"`
}

func (e *ended) pack(last bool) []byte {
	p := packed{At: e.at.Unix(), Last: last}
	for tenant, c := range e.of {
		one := packedCounted{Tenant: tenant, Own: c.own.encode()}
		for part, f := range c.parts {
			one.Parts = append(one.Parts, packedPart{part.Kind, part.ID, f.encode()})
		}
		p.Of = append(p.Of, one)
	}
	return text(p)
}

func unpack(data []byte) (e ended, last bool, err error) {
	var p packed
	if err := json.Unmarshal(data, &p); err != nil {
		return e, false, err
	}
	e = ended{at: time.Unix(p.At, 0).UTC(), of: map[string]*counted{}}
	for _, one := range p.Of {
		c := &counted{own: decode(one.Own, nil), parts: map[Part]*figures{}}
		for _, part := range one.Parts {
			f := decode(part.Cells, nil)
			c.parts[Part{part.Kind, part.ID}] = &f
		}
		e.of[one.Tenant] = c
	}
	return e, p.Last, nil
}

func text(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("stats: figures do not encode: " + err.Error()) // texts, moments and numbers always do
	}
	return data
}

// encode writes figures as whole.encode does.
func (f figures) encode() []byte {
	var w whole
	w.sum(f)
	return w.encode()
}

var errAsked = errors.New("a question for figures that is none")

// Answer answers a question of another node.
func (s *Stats) Answer(data []byte) ([]byte, error) {
	var q question
	if err := json.Unmarshal(data, &q); err != nil {
		return nil, err
	}
	s.sample(s.options.Now().UTC())
	switch {
	case q.Query != nil:
		return text(asked{s}.unkept(q.Query, q.Series == below)), nil
	case q.Tenants != nil:
		return text(asked{s}.standingsOf(q.Tenants)), nil
	}
	return nil, errAsked
}

// unkept gives what was counted here of one thing, and is not kept.
func (s asked) unkept(q *Query, under bool) (all []unkept) {
	s.mu.Lock()
	minutes := append(slices.Clone(s.ended), ended{at: s.minute})
	s.mu.Unlock()
	for i, m := range minutes {
		var f figures
		runs := i == len(minutes)-1
		switch {
		case under || q.Tenant == "":
			f = s.sumOf(q.Tenant, m.of)
		default:
			f = s.partOf(q, m.of)
		}
		if len(f) > 0 {
			all = append(all, unkept{m.at, f.encode(), runs})
		}
	}
	return all
}

// standingsOf tells how tenants are here; nothing of those who have nothing.
func (s asked) standingsOf(tenants []string) []standingAt {
	all := []standingAt{}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, tenant := range tenants {
		one := standingAt{Of: i, Lanes: s.lanes[tenant], Waits: s.waiting[tenant], Parked: s.parked[tenant]}
		for _, m := range append(slices.Clone(s.ended), ended{at: s.minute, of: s.of}) {
			if t := m.of[tenant]; t != nil {
				one.Figures = append(one.Figures, unkept{At: m.at, Cells: t.own.encode()})
			}
		}
		if one.Figures != nil || one.Lanes != (Lanes{}) || one.Waits > 0 || one.Parked > 0 {
			all = append(all, one)
		}
	}
	return all
}

// unkeptOfAll gives what all nodes have of one thing and is not kept, by the minute, the oldest
// first. How things stand is the sum of what each says of now. s.keeping is held, so that
// nothing is kept meanwhile.
func (s asked) unkeptOfAll(q *Query, under bool) []unkept {
	byNode := map[string][]unkept{"": s.unkept(q, under)}
	if s.options.Others != nil {
		ask := question{Query: q}
		if under {
			ask.Series = below
		}
		for _, a := range s.options.Others.Ask(text(ask)) {
			var theirs []unkept
			if json.Unmarshal(a.Text, &theirs) == nil {
				byNode[a.Node] = theirs
			}
		}
	}
	sums, stand := map[int64]*whole{}, whole{}
	newest := int64(0)
	for node, list := range byNode {
		for _, u := range list {
			if !u.Runs && !u.At.After(s.kept[node]) {
				continue
			}
			at := u.At.Unix()
			if sums[at] == nil {
				sums[at] = new(whole)
			}
			newest = max(newest, at)
			for _, c := range decode(u.Cells, nil) {
				switch {
				case !slices.Contains(standing[:], int(c.cell)):
					sums[at][c.cell] += c.n
				case u.Runs:
					stand[c.cell] += c.n
				}
			}
		}
	}
	var all []unkept
	for at, sum := range sums {
		if at == newest {
			for _, cell := range standing {
				sum[cell] = stand[cell]
			}
		}
		all = append(all, unkept{At: time.Unix(at, 0).UTC(), Cells: sum.encode()})
	}
	gateway.Sort(all, func(a, b unkept) int { return a.At.Compare(b.At) })
	return all
}

// standingsOfAll gives how tenants are at the other nodes, by their place.
func (s asked) standingsOfAll(tenants []string) map[int][]standingAt {
	if s.options.Others == nil {
		return nil
	}
	all := map[int][]standingAt{}
	for _, a := range s.options.Others.Ask(text(question{Tenants: tenants})) {
		var theirs []standingAt
		if json.Unmarshal(a.Text, &theirs) != nil {
			continue
		}
		for _, one := range theirs {
			one.Figures = slices.DeleteFunc(one.Figures, func(u unkept) bool { return !u.At.After(s.kept[a.Node]) })
			all[one.Of] = append(all[one.Of], one)
		}
	}
	return all
}

// add adds how a tenant is at another node; running is what is not kept.
func (o *Overview) add(at *standingAt, running *Row) {
	o.Backlog, o.Open = o.Backlog+at.Lanes.Backlog, o.Open+at.Lanes.Open
	if oldest := at.Lanes.Oldest; !oldest.IsZero() && (o.Oldest.IsZero() || oldest.Before(o.Oldest)) {
		o.Oldest = oldest
	}
	o.Waits, o.Parked = o.Waits+at.Waits, o.Parked+at.Parked
	for _, u := range at.Figures {
		running.add(rowOf(decode(u.Cells, nil)))
	}
	running.Waits, running.Backlog, running.Out = uint32(o.Waits), uint32(o.Backlog), uint32(o.Open) //nolint:gosec // as stats.standing
}
