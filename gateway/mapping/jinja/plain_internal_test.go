package jinja

import (
	"fmt"
	"testing"
)

// values are a document of which each name has one.
type values []string

func (v values) Raw(place int) (string, error) { return v[place], nil }
func (v values) Step(int) error                { return nil }

// TestPlainIsAsTheRun renders plain templates with each kind of value, with and without
// the run: what comes of it is the same, the faults too, and most of it is plain.
func TestPlainIsAsTheRun(t *testing.T) {
	kinds := []string{
		"", "null", "true", "false", "0", "-1", "12345678901234567890123", "1.50", "-0", "1e400", "1E2",
		`""`, `"a"`, `"a b ä"`, `"a\nb"`, `"\u00e4\\"`, `[]`, `[1,"a"]`, `{}`, `{"a": 1}`,
	}
	var places int
	resolve := func([]Step) (int, error) { places++; return places - 1, nil }
	plain := 0
	for _, text := range []string{"{{ a }}", "x{{ a }}", "{{ a.b }}/{{ c }}?", "{{ a }}{{ b }}{{ c.d.e }}", "{{ a[0] }}", "{% set b = 1 %}{{ b }}{{ a }}"} {
		places = 0
		tmpl, err := Parse(text, resolve)
		if err != nil {
			t.Fatal(err)
		}
		slow := *tmpl
		slow.plain = nil
		for i := range kinds {
			env := values{}
			for n := range max(places, 1) {
				env = append(env, kinds[(i+7*n)%len(kinds)])
			}
			for _, most := range []int{1000, 3} {
				got, err := tmpl.Append([]byte("before "), most, env)
				want, wantErr := slow.Append([]byte("before "), most, env)
				if string(got) != string(want) || fmt.Sprint(err) != fmt.Sprint(wantErr) {
					t.Errorf("%s of %q, at most %d: %q, %v; the run: %q, %v", text, env, most, got, err, want, wantErr)
				}
				if tmpl.plain != nil {
					if _, done := tmpl.appendPlain(nil, most, env); done {
						plain++
					}
				}
			}
		}
	}
	if plain < 40 {
		t.Errorf("%d renders are plain", plain)
	}
}

// TestPlainExpression holds an expression that is a name to what one in brackets gives.
func TestPlainExpression(t *testing.T) {
	for _, raw := range []string{"", "null", "true", "-12", "1e400", `"a"`, `"a\n"`, `[1, 2]`, `{"a":1}`} {
		for _, most := range []int{100, 2} {
			appended := func(text string) string {
				x, err := ParseExpression(text, func([]Step) (int, error) { return 0, nil })
				if err != nil {
					t.Fatal(err)
				}
				out, found, err := x.AppendJSON([]byte("before "), most, values{raw})
				return fmt.Sprintf("%q %t %v", out, found, err)
			}
			if got, want := appended("a"), appended("a or a"); got != want {
				t.Errorf("%s, at most %d: %s; computed: %s", raw, most, got, want)
			}
		}
	}
}
