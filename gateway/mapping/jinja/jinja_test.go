package jinja_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"

	"github.com/tidwall/gjson"

	"hookgate/gateway/mapping/jinja"
)

// document is an object whose members are the names of a template.
type document struct {
	raw    string
	places [][]jinja.Step
	steps  int
}

func (d *document) resolve(steps []jinja.Step) (int, error) {
	d.places = append(d.places, steps)
	return len(d.places) - 1, nil
}

func (d *document) Raw(place int) (string, error) {
	at := gjson.Parse(d.raw)
	for _, s := range d.places[place] {
		at = inside(at, s)
	}
	return at.Raw, nil
}

func inside(at gjson.Result, s jinja.Step) (found gjson.Result) {
	i := 0
	at.ForEach(func(key, v gjson.Result) bool {
		switch {
		case at.IsObject() && s.Name != "" && key.String() == s.Name:
			found = v
		case at.IsArray() && s.Number && i == s.Index:
			found = v
		}
		i++
		return true
	})
	return found
}

var errWork = errors.New("too much work")

func (d *document) Step(work int) error {
	if d.steps += work; d.steps > 1_000_000 {
		return errWork
	}
	return nil
}

// render gives what a template prints with an object's members as its names.
func render(text, raw string) (out string, written bool, err error) {
	d := &document{raw: raw}
	tpl, err := jinja.Parse(text, d.resolve)
	if err != nil {
		return "", false, err
	}
	made, err := tpl.Append(nil, 1<<20, d)
	return string(made), true, err
}

type vector struct {
	ID        string          `json:"id"`
	Template  string          `json:"template"`
	Variables json.RawMessage `json:"variables"`
	Want      string          `json:"want"`
	Compare   string          `json:"compare"`
	Error     bool            `json:"error"`
	When      string          `json:"when"`
}

// testdata/jinja.json was made by Jinja2 3.1; where SPEC 15 differs, it says what is
// right here.
func TestVectors(t *testing.T) {
	raw, err := os.ReadFile("testdata/jinja.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(raw, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.ID, func(t *testing.T) {
			variables, _ := bytes.CutSuffix(bytes.TrimSpace(v.Variables), []byte("}"))
			if len(variables) > 1 {
				variables = append(variables, ',')
			}
			names := string(variables) + `"variables":` + string(v.Variables) + `}`
			out, written, err := render(v.Template, names)
			switch {
			case v.Error && err == nil:
				t.Errorf("%s\nprints %q, want an error", v.Template, out)
			case v.Error:
				if v.When == "write" && written {
					t.Errorf("%s\nis accepted when written: %v", v.Template, err)
				}
			case err != nil:
				t.Errorf("%s\n%v", v.Template, err)
			case v.Compare == "json" && sameJSON(out, v.Want):
			case out != v.Want:
				t.Errorf("%s\nprints %q\nwant   %q", v.Template, out, v.Want)
			}
		})
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return a == b
	}
	return reflect.DeepEqual(x, y)
}
