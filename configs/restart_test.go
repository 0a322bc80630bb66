package configs

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway/fields"
)

// change gives a key another value.
func change(t *testing.T, c *Config, k Key) {
	t.Helper()
	switch v := reflect.ValueOf(c).Elem().FieldByIndex(k.index); v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Float64:
		v.SetFloat(v.Float() / 2)
	default:
		t.Fatalf("%s: a test of this kind of key is missing: %s", k.Name, v.Kind())
	}
}

func TestKeepFromNamesEachKeyThatTakesARestart(t *testing.T) {
	keys := Keys()
	if len(keys) < 30 {
		t.Fatalf("%d keys only: %v", len(keys), keys)
	}
	for _, k := range keys {
		running, next, want := Default(), Default(), Default()
		change(t, next, k)
		var waits []string
		if k.Restart {
			waits = []string{k.Name}
		} else {
			change(t, want, k)
		}
		if got := next.KeepFrom(running); !slices.Equal(got, waits) {
			t.Errorf("%s was changed: %q wait, want %q", k.Name, got, waits)
		}
		if !reflect.DeepEqual(next, want) {
			t.Errorf("%s was changed: it goes on with %s, want %s", k.Name, next, want)
		}
	}
}

// The reference says at each key, or at its section, whether it takes a restart.
func TestReferenceSaysWhatTakesARestart(t *testing.T) {
	d, mistakes := readDocument("reference.yaml", []byte(Reference), func(string) (string, bool) { return "x", true })
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for _, k := range Keys() {
		said := false
		for path := k.Name; path != ""; path, _ = fields.Parent(path) {
			said = said || strings.Contains(d.lines[d.places[path].name.line-1], "[restart]")
		}
		if said != k.Restart {
			t.Errorf("%s takes a restart: the reference says %v, its declaration %v", k.Name, said, k.Restart)
		}
	}
}
