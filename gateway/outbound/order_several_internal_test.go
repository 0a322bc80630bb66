package outbound

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hookgate/gateway"
)

// game is a lane in small: deliveries of one or several conversations, of which some fail
// and hold theirs until they succeed.
type game struct {
	window  window
	order   *order
	all     []gateway.Due
	flying  []gateway.Due
	ended   map[uint64][]string // by conversation
	failing map[string]int      // how often each will fail yet
	clock   time.Time
}

// TestOrderOfSeveralConversations: a delivery of several conversations goes behind all
// that came before it in any of them, and before all that came after it, also where some
// fail; and each goes in the end.
func TestOrderOfSeveralConversations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := &game{ended: map[uint64][]string{}, failing: map[string]int{}, clock: time.Unix(1000, 0)}
		g.window = window{most: rapid.SampledFrom([]int{2, 1000}).Draw(t, "most"), plain: true}
		g.order = newOrder(&g.window, nil)
		for i := range rapid.IntRange(1, 30).Draw(t, "deliveries") {
			keys := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 1, 3, rapid.ID).Draw(t, "keys")
			d := gateway.Due{ID: fmt.Sprintf("%03d", i), At: g.clock.Add(time.Duration(i)), Conversation: gateway.ConversationHash(keys[0]), Also: gateway.AlsoOf(keys)}
			g.all = append(g.all, d)
			g.failing[d.ID] = max(0, rapid.IntRange(-6, 2).Draw(t, "fails"))
		}
		g.play(t, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
	})
}

func (g *game) play(t *rapid.T, r *rand.Rand) {
	for _, d := range g.all {
		g.window.add(d, true)
	}
	left := len(g.all)
	for turns := 0; left > 0; turns++ {
		if turns > 10_000 {
			t.Fatalf("%d never go: aside %v, holds %d, busy %v", left, g.order.aside, len(g.order.holds), g.order.busy)
		}
		if g.window.low() {
			g.read()
		}
		if d, ok := g.window.pop(g.clock.Add(time.Hour)); ok && r.IntN(4) > 0 {
			if !g.isOver(d) && !slices.ContainsFunc(g.flying, func(f gateway.Due) bool { return f.ID == d.ID }) && g.order.admit(d) {
				g.order.leaves(d)
				g.flying = append(g.flying, d)
			}
			continue
		} else if ok {
			g.window.add(d, false)
		}
		if len(g.flying) > 0 && r.IntN(2) == 0 {
			left -= g.land(r.IntN(len(g.flying)))
		}
	}
	for c, ids := range g.ended {
		if !slices.IsSorted(ids) {
			t.Fatalf("in conversation %d they ended as %v", c, ids)
		}
	}
}

// read is what the store gives: all that has not ended, after the cursor.
func (g *game) read() {
	g.window.reading = true
	var batch []gateway.Due
	for _, d := range g.all {
		if !g.isOver(d) && compare(d, g.window.cursor) > 0 {
			batch = append(batch, d)
		}
	}
	slices.SortFunc(batch, compare)
	g.window.read(batch, true)
}

func (g *game) isOver(d gateway.Due) bool { return slices.Contains(g.ended[d.Conversation], d.ID) }

// land ends an attempt; it gives how many deliveries that ends.
func (g *game) land(i int) (over int) {
	d := g.flying[i]
	g.flying = slices.Delete(g.flying, i, i+1)
	if g.failing[d.ID] > 0 {
		g.failing[d.ID]--
		g.order.hold(d, g.clock.Add(time.Hour), false)
		at := slices.IndexFunc(g.all, func(o gateway.Due) bool { return o.ID == d.ID })
		d.At = d.At.Add(time.Second)
		g.all[at] = d
		g.window.add(d, false)
		g.order.release(d, false)
		return 0
	}
	for c := range d.Conversations() {
		g.ended[c] = append(g.ended[c], d.ID)
		g.order.end(c, d.ID)
	}
	g.order.release(d, false)
	return 1
}
