package inbound_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// What stands beside the items of a request is not read anew for each of them: a request of
// 3 MB took ten seconds of CPU where a thousand items lacked their key, and as many where a
// long text beside them was their other name, their id, or kept with each that was parked.
func TestHostileBeside(t *testing.T) {
	const beside, rounds = 2 << 20, 2
	const most = 100 // alone it is 10 to 20, beside others it was 32; to read it anew is a thousand
	limit := gateway.Size(2 * beside)
	source := func(change func(*gateway.Source)) gateway.Source {
		s := each("list[*]", "item.k")
		s.MaxBody = &limit
		change(&s)
		return s
	}
	sources := map[string]gateway.Source{
		"lacking": source(func(s *gateway.Source) { s.ConversationKey.Path = "item.none" }),
		"wanting": source(func(s *gateway.Source) {
			s.Variables = []gateway.Variable{{Name: "v", Path: "item.none", Required: true}}
		}),
		"named":  source(func(s *gateway.Source) { s.AliasesFrom = []string{"x"} }),
		"listed": source(func(s *gateway.Source) { s.AliasesFrom = []string{"many"} }),
		"keyed": source(func(s *gateway.Source) {
			s.ConversationKey = gateway.KeyPlace{List: []gateway.KeyPlace{{Path: "x"}, {Path: "item.k"}}}
		}),
		"known":  source(func(s *gateway.Source) { s.Dedupe.ID = "x" }),
		"parked": source(func(*gateway.Source) {}),
	}
	k := newKit(t, sources)
	sent := 0
	took := func(name string, items int) time.Duration {
		best := time.Hour
		for range rounds {
			sent++
			var list []string
			for i := range items {
				list = append(list, fmt.Sprintf(`{"k":"%d-%d"}`, sent, i))
			}
			text, many := "https://"+strings.Repeat("a", beside), "[]"
			if name == "listed" {
				text, many = "", "[0"+strings.Repeat(`," "`, beside/4)+"]"
			}
			body := `{"x":"` + text + `","many":` + many + `,"list":[` + strings.Join(list, ",") + `]}`
			from := time.Now()
			if a := k.send(post{path: "/hooks/acme/" + name, kind: asJSON, body: body}); a.status >= 500 {
				t.Fatalf("%s: %d %s", name, a.status, a.raw)
			}
			best = min(best, time.Since(from))
		}
		return best
	}
	for name := range sources {
		if one, all := took(name, 1), took(name, 1000); all > most*one {
			t.Errorf("%s: a thousand take %s, one %s", name, all, one)
		}
	}
}

// A text beside the items that is too long to be a key costs nothing, and the next place has it.
func TestLongTextBesideItems(t *testing.T) {
	s := each("list[*]", "")
	s.ConversationKey = gateway.KeyPlace{List: []gateway.KeyPlace{{Path: "note"}, {Path: "item.k"}}}
	k := newKit(t, map[string]gateway.Source{"b": s})
	a := k.send(batchOf(`{"note":"` + strings.Repeat("a long note, ", 1100) + `","list":[{"k":"A"}` + strings.Repeat(`,{"k":"B"}`, 999) + `]}`))
	if a.status != 202 || !strings.Contains(a.raw, `"conversation_key":"B"`) {
		t.Errorf("%d %.300s", a.status, a.raw)
	}
}
