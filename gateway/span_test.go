package gateway_test

import (
	"reflect"
	"strings"
	"testing"

	"hookgate/gateway"
)

const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func TestParseSpanContext(t *testing.T) {
	for name, c := range map[string]struct {
		parent, state string
		want, kept    string // "": it is not valid; of state
	}{
		"plain":                      {parent, "", parent, ""},
		"not sampled":                {parent[:53] + "00", "", parent[:53] + "00", ""},
		"random":                     {parent[:53] + "03", "", parent[:53] + "03", ""},
		"flags of a later time":      {parent[:53] + "ff", "", parent[:53] + "03", ""},
		"a later version":            {"cc" + parent[2:], "", parent, ""},
		"a later version, longer":    {"cc" + parent[2:] + "-what-the-future-will-be-like", "", parent, ""},
		"a later version, run on":    {"cc" + parent[2:] + "x", "", "", ""},
		"longer":                     {parent + "-x", "", "", ""},
		"a version that is none":     {"ff" + parent[2:], "", "", ""},
		"capitals":                   {strings.ToUpper(parent), "", "", ""},
		"no trace":                   {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", "", "", ""},
		"no span":                    {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", "", "", ""},
		"no digits":                  {strings.Replace(parent, "b3", "bx", 1), "", "", ""},
		"short":                      {parent[:54], "", "", ""},
		"nothing":                    {"", "a=1", "", ""},
		"other separators":           {strings.ReplaceAll(parent, "-", "_"), "", "", ""},
		"a state":                    {parent, "congo=t61rcWkgMzE, rojo=00f067aa0ba902b7", parent, "congo=t61rcWkgMzE, rojo=00f067aa0ba902b7"},
		"a state with empty members": {parent, "a=1,, b=2 ,", parent, "a=1,, b=2 ,"},
		"a state without a value":    {parent, "a=1,b", parent, ""},
		"a state of blanks":          {parent, " , ", parent, ""},
		"a state that is too long":   {parent, "a=" + strings.Repeat("x", 511), parent, ""},
		"a state of too many":        {parent, strings.Repeat("a=1,", 33), parent, ""},
		"a state with a line end":    {parent, "a=1\r\nb: 2", parent, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := gateway.ParseSpanContext([]byte(c.parent), []byte(c.state))
			if got == nil {
				if c.want != "" {
					t.Fatalf("%q is refused", c.parent)
				}
				return
			}
			if got.Traceparent() != c.want || got.State != c.kept {
				t.Errorf("%q, %q is read as %q, %q", c.parent, c.state, got.Traceparent(), got.State)
			}
		})
	}
}

// What is read is written as it was, whatever else stood there.
func FuzzParseSpanContext(f *testing.F) {
	f.Add(parent, "a=1")
	f.Fuzz(func(t *testing.T, parent, state string) {
		c := gateway.ParseSpanContext([]byte(parent), []byte(state))
		if c == nil {
			return
		}
		again := gateway.ParseSpanContext([]byte(c.Traceparent()), []byte(c.State))
		if !reflect.DeepEqual(c, again) || c.Traceparent()[3:52] != parent[3:52] {
			t.Fatalf("%q, %q is %+v, and then %+v", parent, state, c, again)
		}
		if strings.ContainsAny(c.State, "\r\n\x00") || c.State != "" && c.State != state {
			t.Fatalf("the state %q is passed on as %q", state, c.State)
		}
	})
}

func TestLinked(t *testing.T) {
	a, b := gateway.ParseSpanContext([]byte(parent), nil), gateway.ParseSpanContext([]byte(strings.Replace(parent, "4bf9", "5bf9", 1)), nil)
	var none *gateway.SpanContext
	if got := a.Linked(b); got.Traceparent() != parent || got.Link.Traceparent() != b.Traceparent() || a.Link != nil {
		t.Errorf("linked: %+v", got)
	}
	if a.Linked(nil) != a || none.Linked(b) != b || none.Linked(nil) != nil {
		t.Error("nothing changes what it is linked with")
	}
	if got := a.Linked(b.Linked(a)); got.Link.Link != nil {
		t.Errorf("a link of a link: %+v", got.Link)
	}
}
