package mapping

import (
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
)

var lineLists = []Identity{{Each: "events", ID: []string{"webhookEventId"}}}

var metaLists = []Identity{{Each: "entry", In: []Identity{
	{Each: "changes", In: []Identity{
		{Each: "value.messages", ID: []string{"id"}}, {Each: "value.statuses", ID: []string{"id"}, With: []string{"status"}},
	}},
	{Each: "messaging", ID: []string{"message.mid"}},
}}}

// itemsOf are the items of a body and their ids, as "item id".
func itemsOf(t *testing.T, e Each, body string) (found []string, whole bool) {
	t.Helper()
	plan, faults := compileItems(t, e)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	var v Values
	doc := jsonDocument(t, body)
	plan.Set.Read(doc, &v)
	items, whole := plan.Items(&v)
	for _, item := range items {
		found = append(found, string(item.Raw)+" "+string(item.ID))
	}
	return found, whole
}

func compileItems(t *testing.T, e Each) (*SourcePlan, []gateway.Fault) {
	t.Helper()
	return CompileSource(Whom{Key: gateway.KeyPlace{Path: "item.chat"}, Each: e}, "", nil, nil, Bounds{})
}

func TestItemsAreFound(t *testing.T) {
	line, meta := Each{Path: "default", Lists: lineLists}, Each{Path: "default", Lists: metaLists}
	for name, c := range map[string]struct {
		each  Each
		body  string
		items string
		whole bool
	}{
		"the body is the list":       {Each{Path: "[*]"}, `[{"a":1}, 2]`, `{"a":1} |2 `, false},
		"JSONPath":                   {Each{Path: "$[*]"}, `[1,1]`, `1 |1 `, false},
		"the list itself":            {Each{Path: "events"}, `{"events":[1,2]}`, `1 |2 `, false},
		"a pointer to it":            {Each{Path: "/data/events"}, `{"data":{"events":[1]}}`, `1 `, false},
		"between braces":             {Each{Path: "{{ data.events }}"}, `{"data":{"events":[1]}}`, `1 `, false},
		"deep":                       {Each{Path: "a[*].b[*].c"}, `{"a":[{"b":[{"c":[1]},{"d":0}]},{"b":[{"c":[2,3]}]}]}`, `1 |2 |3 `, false},
		"a list of lists":            {Each{Path: "a[*]"}, `{"a":[[1,2],[3]]}`, `[1,2] |[3] `, false},
		"a number that is a name":    {Each{Path: "a.0[*]"}, `{"a":{"0":[7]}}`, `7 `, false},
		"a number that is an index":  {Each{Path: "a.0[*]"}, `{"a":[[7],[8]]}`, `7 `, false},
		"one found twice":            {Each{Path: "$['a','a'][*]"}, `{"a":[1,2]}`, `1 |2 `, false},
		"in the path's order":        {Each{Path: "$[::-1]"}, `[1,2]`, `2 |1 `, false},
		"an object":                  {Each{Path: "data"}, `{"data":{"a":1}}`, `{"a":1} `, false},
		"null":                       {Each{Path: "data"}, `{"data":null}`, ``, false},
		"none":                       {Each{Path: "data[*]"}, `{"data":[]}`, ``, false},
		"no such list":               {Each{Path: "data[*]"}, `{"x":1}`, ``, false},
		"LINE":                       {line, `{"events":[{"webhookEventId":"e1"},{"webhookEventId":"e2"}]}`, `{"webhookEventId":"e1"} "e1"|{"webhookEventId":"e2"} "e2"`, false},
		"LINE without one":           {line, `{"events":[]}`, ``, false},
		"LINE without the list":      {line, `{"x":[1]}`, ``, true},
		"LINE by a path of its own":  {Each{Path: "$.events[*]", Lists: lineLists}, `{"events":[{"webhookEventId":"e1"},{}]}`, `{"webhookEventId":"e1"} "e1"|{} `, false},
		"Meta, statuses before":      {meta, `{"entry":[{"changes":[{"value":{"statuses":[{"id":"s","status":"read"}]}}]},{"changes":[{"value":{"messages":[{"id":"m"},{"id":"n"}]}}]}]}`, `{"id":"s","status":"read"} "s","read"|{"id":"m"} "m"|{"id":"n"} "n"`, false},
		"Meta, in the body's order":  {meta, `{"entry":[{"messaging":[{"message":{"mid":"x"}}]},{"changes":[{"value":{"statuses":[{"id":"s"}],"messages":[{"id":"m"}]}}]}]}`, `{"message":{"mid":"x"}} "x"|{"id":"s"} "s"|{"id":"m"} "m"`, false},
		"Meta, another kind beside":  {meta, `{"entry":[{"changes":[{"value":{"event":"BAN"}},{"value":{"messages":[{"id":"m"}]}}]}]}`, `{"value":{"event":"BAN"}} |{"id":"m"} "m"`, false},
		"Meta, another kind alone":   {meta, `{"entry":[{"changes":[{"value":{"event":"BAN"}}]}]}`, `{"value":{"event":"BAN"}} `, true},
		"Meta, what is no list":      {meta, `{"entry":{"changes":1}}`, ``, true},
		"Meta, by a path of its own": {Each{Path: "entry[*].changes[*].value.messages[*]", Lists: metaLists}, `{"entry":[{"changes":[{"value":{"statuses":[{"id":"s"}],"messages":[{"id":"m"}]}}]}]}`, `{"id":"m"} "m"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			found, whole := itemsOf(t, c.each, c.body)
			if got := strings.Join(found, "|"); got != c.items || whole != c.whole {
				t.Errorf("found %s, whole %v; want %s, %v", got, whole, c.items, c.whole)
			}
		})
	}
}

func TestFormsHaveItemsToo(t *testing.T) {
	doc, err := Parse("application/x-www-form-urlencoded", []byte("a=1&a=2"))
	if err != nil {
		t.Fatal(err)
	}
	plan, _ := CompileSource(Whom{Key: gateway.KeyPlace{Path: "item"}, Each: Each{Path: "a"}}, "", nil, nil, Bounds{})
	var v Values
	plan.Set.Read(&doc, &v)
	items, _ := plan.Items(&v)
	if len(items) != 2 {
		t.Fatalf("%d items", len(items))
	}
	v.Item(items[1].Raw)
	if key, _ := KeyOf(v.At(plan.Keys[0])); key != "2" || !v.At(plan.Keys[0]).Loose {
		t.Errorf("the key is %q, %+v", key, v.At(plan.Keys[0]))
	}
	plan.Set.Read(&Document{Body: RawText, Raw: []byte("[1]")}, &v)
	if items, whole := plan.Items(&v); len(items) > 0 || whole {
		t.Errorf("a text has %d items", len(items))
	}
}

func TestMoreItemsThanAreTaken(t *testing.T) {
	for n, want := range map[int]int{1000: 1000, 1001: 1001, 5000: 1001} {
		body := "[0" + strings.Repeat(",0", n-1) + "]"
		for _, e := range []Each{{Path: "[*]"}, {Path: "default", Lists: []Identity{{Each: "$", ID: []string{"id"}}}}} {
			if found, _ := itemsOf(t, e, body); len(found) != want {
				t.Errorf("%s: of %d items %d are found", e.Path, n, len(found))
			}
		}
	}
}

func TestFaultsOfEach(t *testing.T) {
	for each, want := range map[string]string{
		"default":     "verify type has none",
		"header:X":    "its path in the body",
		"a[*":         "bracket",
		"a[*]b c":     "cannot stand in a bare name",
		"$.a[?":       "at ",
		"{{ a | b }}": "bare name",
		"{{ }}":       "path alone",
		"/a/~":        "~ is written",
	} {
		if _, faults := compileItems(t, Each{Path: each}); len(faults) != 1 || faults[0].Path != "each" || !strings.Contains(faults[0].Message, want) {
			t.Errorf("%s: %v", each, faults)
		}
	}
	if _, faults := compileItems(t, Each{Path: "$." + strings.Repeat("a", MaxPath)}); len(faults) != 1 {
		t.Errorf("a long path: %v", faults)
	}
}

// TestPathsOfItems: a path that begins with item looks into one item after the other,
// all others into the body; without each, item is a member like any other.
func TestPathsOfItems(t *testing.T) {
	const body = `{"shop":"s","item":{"id":"outside"},"list":[{"id":1,"tags":["a","b"],"n":{"x":"one"}},{"id":2,"n":{"x":"two","x":"last"}}]}`
	paths := []string{"item.id", "item", "{{ item.n.x | upper }}", "$.item.tags[*]", "$['item'].id", "/item/id", "item.tags[1]", "shop", "$.list[*].id", "{{ shop | upper }}", "item.none"}
	read := func(each string) (plan *SourcePlan, v *Values, slots []Slot) {
		c := newCompiler(Bounds{})
		c.builder.scoped = each != ""
		for _, path := range paths {
			slots = append(slots, c.path("", path))
		}
		plan = &SourcePlan{Dedupe: NoSlot}
		plan.each = c.each(Each{Path: each}, c.listOf(Each{Path: each}), plan)
		if plan.Set = c.builder.Set(); len(c.faults) > 0 {
			t.Fatal(c.faults)
		}
		v = new(Values)
		plan.Set.Read(jsonDocument(t, body), v)
		return plan, v, slots
	}
	shown := func(v *Values, slots []Slot) (all string) {
		for _, slot := range slots {
			all += string(v.At(slot).Raw) + " "
		}
		return all
	}
	plan, v, slots := read("list")
	items, _ := plan.Items(v)
	for round := range 2 {
		for i, want := range []string{
			`1 {"id":1,"tags":["a","b"],"n":{"x":"one"}} "ONE" ["a","b"] 1 1 "b" "s" [1,2] "S"  `,
			`2 {"id":2,"n":{"x":"two","x":"last"}} "LAST"  2 2  "s" [1,2] "S"  `,
		} {
			v.Item(items[i].Raw)
			if got := shown(v, slots); got != want {
				t.Errorf("round %d, item %d: %s", round, i, got)
			}
		}
	}
	_, v, slots = read("list")
	if got := shown(v, slots); got != `       "s" [1,2] "S"  ` {
		t.Errorf("before any item: %s", got)
	}
	_, v, slots = read("")
	if got := shown(v, slots[:1]); got != `"outside" ` {
		t.Errorf("without each: %s", got)
	}
}

// The work of all items is one bound.
func TestWorkOfItemsIsOne(t *testing.T) {
	plan, _ := CompileSource(Whom{Key: gateway.KeyPlace{Path: "item.id"}, Each: Each{Path: "[*]"}}, "", nil, nil, Bounds{Work: 1e6})
	item := `{"id":1,"text":"` + strings.Repeat("x", 10_000) + `"}`
	var v Values
	plan.Set.Read(jsonDocument(t, "["+item+strings.Repeat(","+item, 9)+"]"), &v)
	items, _ := plan.Items(&v)
	if len(items) != 10 || v.Err() != nil {
		t.Fatalf("%d items, %v", len(items), v.Err())
	}
	for round := 0; v.Err() == nil; round++ {
		if round == 100 {
			t.Fatal("a million bytes were looked at a hundred times")
		}
		for _, item := range items {
			v.Item(item.Raw)
		}
	}
	if v.At(plan.Keys[0]).Kind != Missing {
		t.Error("what is not known is found")
	}
}

func TestItemsCostNoMemory(t *testing.T) {
	plan, _ := CompileSource(Whom{Key: gateway.KeyPlace{Path: "item.id"}, Each: Each{Path: "[*]"}}, "", nil, []gateway.Variable{{Name: "a", Path: "item.n.x"}}, Bounds{})
	doc := jsonDocument(t, `[{"id":1,"n":{"x":1}},{"id":2,"n":{"x":2}}]`)
	var v Values
	plan.Set.Read(doc, &v)
	items, _ := plan.Items(&v)
	if n := testing.AllocsPerRun(100, func() {
		for i := range items {
			v.Item(items[i].Raw)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCut(t *testing.T) {
	for name, c := range map[string]struct{ each, body, want string }{
		"a list":               {"events", `{"to":"u", "events":[{"a":1}, {"b":2}],"z":1}`, `{"to":"u","events":[{"a":1}],"z":1}|{"to":"u","events":[{"b":2}],"z":1}`},
		"the body":             {"[*]", ` [1, 2] `, `[1]|[2]`},
		"lists in lists":       {"e[*].c[*].m", `{"e":[{"i":1,"c":[{"m":[1,2],"k":"x"}]},{"c":[{"m":[3]}]}]}`, `{"e":[{"i":1,"c":[{"m":[1],"k":"x"}]}]}|{"e":[{"i":1,"c":[{"m":[2],"k":"x"}]}]}|{"e":[{"c":[{"m":[3]}]}]}`},
		"two lists beside":     {"$['a','b'][*]", `{"a":[1],"b":[2,3],"c":[4]}`, `{"a":[1],"b":[],"c":[4]}|{"a":[],"b":[2],"c":[4]}|{"a":[],"b":[3],"c":[4]}`},
		"one that has none":    {"$.e[*].m[*]", `{"e":[{"x":1},{"m":[1]},{"m":[2]},{"y":1}]}`, `{"e":[{"x":1},{"m":[1]},{"y":1}]}|{"e":[{"m":[2]}]}`},
		"members of an object": {"$.o[*]", `{"o":{"a":1,"b":[2],"c":3}}`, `{"o":{"a":1}}|{"o":{"b":[2]}}|{"o":{"c":3}}`},
		"an item in another":   {"$..a", `{"a":{"a":1},"b":2}`, `{"a":{"a":1},"b":2}|{"a":{"a":1},"b":2}`},
		"in another order":     {"$[::-1]", `[1,2]`, `[2]|[1]`},
		"the whole":            {"$", `{"a":1}`, `{"a":1}`},
	} {
		t.Run(name, func(t *testing.T) {
			plan, faults := compileItems(t, Each{Path: c.each})
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			var v Values
			doc := jsonDocument(t, c.body)
			plan.Set.Read(doc, &v)
			items, _ := plan.Items(&v)
			cut, got := NewCut(doc.Raw, items), []string(nil)
			for i := range items {
				out, at := cut.Append([]byte("before "), i)
				if item := out[at:]; !strings.HasPrefix(string(item), string(items[i].Raw)) {
					t.Errorf("item %d is said to be at %s", i, item)
				}
				got = append(got, string(out[len("before "):]))
			}
			if all := strings.Join(got, "|"); all != c.want {
				t.Errorf("%s", all)
			}
		})
	}
}

// FuzzCut: of any body each cut is JSON, has its item, and all of them together have no
// item twice.
func FuzzCut(f *testing.F) {
	f.Add(`{"e":[{"c":[{"m":[1,2]}]},{"c":[]}]}`, 1)
	f.Add(`[[],[1],{"e":2}]`, 0)
	f.Fuzz(func(t *testing.T, body string, which int) {
		if !Valid([]byte(body)) {
			t.Skip()
		}
		paths := [...]string{"[*]", "e[*].c[*].m", "$..m[*]", "$.e[*]", "$[*][*]"}
		plan, faults := compileItems(t, Each{Path: paths[uint(which)%uint(len(paths))]})
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		var v Values
		doc := &Document{Body: JSON, Raw: []byte(body)}
		plan.Set.Read(doc, &v)
		items, _ := plan.Items(&v)
		if len(items) > 20 {
			t.Skip()
		}
		cut := NewCut(doc.Raw, items)
		for i := range items {
			out, at := cut.Append(nil, i)
			if !Valid(out) || !strings.HasPrefix(string(out[at:]), string(items[i].Raw)) {
				t.Fatalf("item %d of %s is cut to %s, at %d", i, body, out, at)
			}
		}
	})
}

func BenchmarkItems(b *testing.B) {
	var body strings.Builder
	body.WriteString(`{"events":[`)
	for i := range 100 {
		fmt.Fprintf(&body, `{"webhookEventId":"e%d","source":{"userId":"u%d"},"message":{"text":"hello"}},`, i, i)
	}
	doc := &Document{Body: JSON, Raw: []byte(strings.TrimSuffix(body.String(), ",") + "]}")}
	plan, _ := CompileSource(Whom{Key: gateway.KeyPlace{Path: "item.source.userId"}, Each: Each{Path: "default", Lists: lineLists}}, "", nil, nil, Bounds{})
	var v Values
	for b.Loop() {
		plan.Set.Read(doc, &v)
		items, _ := plan.Items(&v)
		for i := range items {
			v.Item(items[i].Raw)
		}
	}
}

// Paths that lead into the list of a request's callbacks find the same for all of them:
// each such place is told, and no other.
func TestPathsIntoTheListAreTold(t *testing.T) {
	line, meta, root := Each{Path: "default", Lists: lineLists}, Each{Path: "default", Lists: metaLists}, Each{Path: "default", Lists: []Identity{{Each: "$"}}}
	for _, c := range []struct {
		each Each
		path string
		told bool
	}{
		{Each{Path: "list"}, "list[0].chat", true},
		{Each{Path: "list"}, "list.0.chat", true},
		{Each{Path: "list[*]"}, "/list/0/chat", true},
		{Each{Path: "/list"}, "$.list[0].chat", true},
		{Each{Path: "list"}, "$.list[*].chat", true},
		{Each{Path: "list"}, "$..chat", true},
		{Each{Path: "list"}, "{{ list[0].chat | upper }}", true},
		{Each{Path: "list"}, "{{ list[0] }}", true},
		{Each{Path: "list"}, "list", false},
		{Each{Path: "list"}, "{{ list | length }}", false},
		{Each{Path: "list"}, "item.chat", false},
		{Each{Path: "list"}, "item.list[0].chat", false},
		{Each{Path: "list"}, "$.item..chat", false},
		{Each{Path: "list"}, "{{ item.chat | upper }}", false},
		{Each{Path: "list"}, "other.list[0].chat", false},
		{Each{Path: "list"}, "lists[0]", false},
		{Each{Path: "list"}, "$.other..chat", false},
		{Each{Path: "list"}, "header:list", false},
		{Each{Path: "list"}, "query:list", false},
		{Each{Path: "data.0.list"}, "data[0].list[1].chat", true},
		{Each{Path: "a[*].b[*].c"}, "a[0].b[0].c[0].chat", true},
		{Each{Path: "a[*].b[*].c"}, "a[0].id", false},
		{Each{Path: "[*]"}, "[0].chat", true},
		{Each{Path: "[*]"}, "chat", true},
		{Each{Path: "$..list[*]"}, "list[0].chat", false}, // where they are is seen in the body alone
		{line, "events[0].source.userId", true},
		{line, "destination", false},
		{meta, "entry[0].changes[0].value.messages[0].from", true},
		{meta, "entry[0].messaging[0].sender.id", true},
		{meta, "entry[0].changes[0].value.metadata.phone_number_id", false},
		{root, "$[0].objectId", true},
		{Each{}, "list[0].chat", false},
	} {
		plan, faults := CompileSource(Whom{Key: gateway.KeyPlace{Path: c.path}, Each: c.each}, "", nil, nil, Bounds{})
		if len(faults) > 0 {
			t.Errorf("%v %s: %v", c.each.Path, c.path, faults)
		} else if got := strings.Join(plan.Whole(), " "); got != map[bool]string{true: "conversation_key.path"}[c.told] {
			t.Errorf("each %v and the path %s: told %q, want %v", c.each.Path, c.path, got, c.told)
		}
	}
}

func TestPlacesOfPathsIntoTheList(t *testing.T) {
	yes := true
	when := gateway.Condition{Any: []gateway.Condition{{Path: "item.x", Exists: &yes}, {Not: &gateway.Condition{Path: "list[0].x", Exists: &yes}}}}
	plan, faults := CompileSource(Whom{
		Key: gateway.KeyPlace{List: []gateway.KeyPlace{{Path: "item.chat"}, {Path: "list[0].chat"}}}, Aliases: []string{"list[0].user"}, Each: Each{Path: "list"},
	}, "list[0].id", []gateway.Match{{
		Name: "m", Branch: gateway.Success, When: []gateway.Condition{when}, Variables: []gateway.Variable{{Name: "v", Path: "list[0].chat"}},
	}}, []gateway.Variable{{Name: "v", Path: "item"}, {Name: "w", Path: "{{ list[0].x }}"}}, Bounds{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	const want = "conversation_key[1].path aliases_from[0] dedupe.id variables[1].path match[0].when[0].any[1].not.path match[0].variables[0].path"
	if got := strings.Join(plan.Whole(), " "); got != want {
		t.Errorf("told %s\nwant %s", got, want)
	}
}
