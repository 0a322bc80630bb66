package console

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// What somebody else wrote is shown up to a bound, however it is nested.
func TestShownIsBounded(t *testing.T) {
	deep := strings.Repeat("[", 3000) + strings.Repeat("1,", 2000) + "1" + strings.Repeat("]", 3000)
	if got := pretty(json.RawMessage(deep)); got != deep {
		t.Errorf("lists in lists are set out in %d bytes", len(got))
	}
	long := `["` + strings.Repeat("ä", mostShown) + `"]`
	if got := pretty(json.RawMessage(long)); len(got) > mostShown+100 || !strings.HasSuffix(got, "the API shows it whole") {
		t.Errorf("%d bytes are shown, to the end %q", len(got), got[len(got)-40:])
	}
	for _, plain := range []string{`{"a":[1,{"b":"[{,:\\\""}],"c":{}}`, `[]`, `"x"`, `[[[1,2],[3]],{"a":{"b":{"c":null}}}]`} {
		if got := pretty(json.RawMessage(plain)); len(got) > indented([]byte(plain)) {
			t.Errorf("%s is set out in %d bytes, counted as %d", plain, len(got), indented([]byte(plain)))
		}
	}
	var page bounded
	for range mostPage >> 20 {
		if _, err := page.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := page.Write([]byte("x")); !errors.Is(err, errLargePage) {
		t.Errorf("a page goes on: %v", err)
	}
}

// What stands in the query of a page is in each of its rows, up to a bound; the words of its
// own are always there.
func TestAddressesAreBounded(t *testing.T) {
	v := &view{base: "/console", path: "/tenants/acme/deliveries", query: url.Values{
		"state": {"dead"}, "endpoint": {"crm", "a second that counts for nothing"}, "x": {strings.Repeat("%", 8<<10)},
	}}
	for range 1000 {
		v.query.Set("y"+newKey(), "1")
	}
	if got := v.with("sel", "dlv_1"); len(got) > 4<<10 || !strings.Contains(got, "endpoint=crm&sel=dlv_1&state=dead") {
		t.Errorf("an address of %d bytes: %.200s", len(got), got)
	}
	if got := v.with("cursor", strings.Repeat("c", 3000)); len(got) < 3000 {
		t.Errorf("the next page has an address of %d bytes", len(got))
	}
}

// The keys of forms that are remembered are those that were given out.
func TestKeysAreOurs(t *testing.T) {
	if key := newKey(); !isKey(key) {
		t.Errorf("%s is none", key)
	}
	for _, key := range []string{"", "abc", newKey() + "00", strings.Repeat("g", 2*keySize), strings.Repeat("a", 1<<20)} {
		if isKey(key) {
			t.Errorf("%.20s is one", key)
		}
	}
}

// A portal hears of what its pages show, and writes no configuration.
func TestPortalHearsOfItsPages(t *testing.T) {
	if kinds := kindsOf([]string{"deliveries", "endpoints", "requests"}); !slices.Equal(kinds, []string{"delivery", "attempt", "breaker", "callback"}) {
		t.Errorf("it hears of %q", kinds)
	}
	for name := range portalPaths {
		kinds := kindsOf([]string{name})
		if len(kinds) == 0 || slices.Contains(kinds, "config") {
			t.Errorf("%s hears of %q", name, kinds)
		}
	}
	for _, p := range pages() {
		writes := strings.Contains(p.path, "/new/") || strings.HasSuffix(p.path, "/edit") || strings.HasSuffix(p.path, "/delete") && !strings.HasPrefix(p.path, "/tokens")
		if p.ours != writes {
			t.Errorf("%s: of the console alone %t", p.path, p.ours)
		}
	}
}

// The stylesheet and the scripts together are small enough to be loaded at once.
func TestAssetsAreSmall(t *testing.T) {
	const most = 25 << 10
	var packed bytes.Buffer
	byName, names := assets()
	for _, name := range []string{"console.css", "console.js", "live.js", "theme.js"} {
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(byName[names[name]].text); err != nil || len(byName[names[name]].text) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if packed.Len() > most {
		t.Errorf("they take %d bytes, at most %d (SPEC-console C1)", packed.Len(), most)
	}
}
