package directory

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A table is a map that never changes: whatever is made from it, it has what it had, and
// otherwise names every key by which two of them differ.
func TestTableIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.StringMatching(`[a-d]{0,3}`)
		var tables []table[int]
		models := []map[string]int{{}}
		tables = append(tables, table[int]{})
		for range rapid.IntRange(1, 20).Draw(t, "tables") {
			from := rapid.IntRange(0, len(tables)-1).Draw(t, "from")
			d, model := tables[from].draft(), maps.Clone(models[from])
			for range rapid.IntRange(0, 10).Draw(t, "changes") {
				k := key.Draw(t, "key")
				if rapid.Bool().Draw(t, "delete") {
					d.delete(k)
					delete(model, k)
				} else {
					v := rapid.IntRange(1, 3).Draw(t, "value")
					d.set(k, v)
					model[k] = v
				}
			}
			tables, models = append(tables, d.table), append(models, model)
		}
		for i, table := range tables {
			if got := maps.Collect(table.all()); !maps.Equal(got, models[i]) || table.count != len(models[i]) {
				t.Fatalf("table %d has %v, of which it counts %d; want %v", i, got, table.count, models[i])
			}
			for j, last := range tables {
				otherwise := slices.Collect(table.otherwise(last))
				for _, k := range append(slices.Collect(maps.Keys(models[i])), slices.Collect(maps.Keys(models[j]))...) {
					if models[i][k] != models[j][k] && !slices.Contains(otherwise, k) {
						t.Fatalf("%q is otherwise in table %d than in %d, and is not named", k, i, j)
					}
					if table.get(k) != models[i][k] || table.getBytes([]byte(k)) != models[i][k] {
						t.Fatalf("table %d has %d at %q, want %d", i, table.get(k), k, models[i][k])
					}
				}
			}
		}
	})
}
