package mapping

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// What grows when it is compiled is refused where it is written, with both numbers.
func TestPatternsAreBounded(t *testing.T) {
	t.Parallel()
	hostile := strings.Repeat("(a{0,30}){0,30}", 48) + "b" // 721 bytes
	for _, c := range []struct {
		pattern string
		want    string // "" where it is taken
	}{
		{hostile, "over 2000 instructions: at most 1000"},
		{"(a{0,17}){0,40}", "instructions: at most 1000"},
		{`(?i)((\pL{1,9}){1,9}){1,9}`, "instructions: at most 1000"},
		{`((((((((((a{9}){9}){9}){9}){9}))))))`, "error parsing regexp: invalid repeat count"},
		{`^(pi|evt)_[A-Za-z0-9]{8,250}$`, ""},
		{strings.Repeat("a", 990), ""},
	} {
		_, faults := Compile([]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", Regex: &c.pattern}}}}, nil, Bounds{})
		checkFault(t, c.pattern, faults, "match[0].when[0].regex", c.want)
		if len(c.pattern) > MaxPath-50 || strings.Contains(c.want, "parsing") {
			continue
		}
		path := `$[?search(@.a,"` + strings.ReplaceAll(c.pattern, `\`, `\\`) + `")]`
		_, faults = Compile(nil, []gateway.Variable{{Name: "v", Path: path}}, Bounds{})
		checkFault(t, path, faults, "variables[0].path", c.want)
	}
	short := `a{50}`
	_, faults := Compile([]gateway.Match{{Name: "m", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", Regex: &short}}}}, nil, Bounds{Pattern: 20})
	checkFault(t, short, faults, "match[0].when[0].regex", "over 40 instructions: at most 20")
}

func checkFault(t *testing.T, what string, faults []gateway.Fault, place, want string) {
	t.Helper()
	switch {
	case want == "" && len(faults) > 0:
		t.Errorf("%.40s: %s", what, faults[0])
	case want != "" && (len(faults) != 1 || faults[0].Path != place || !strings.Contains(faults[0].Message, want)):
		t.Errorf("%.40s: %v, want %q at %s", what, faults, want, place)
	}
}

// A thousand patterns of a thousand instructions are no rules.
func TestPatternsTogetherAreBounded(t *testing.T) {
	for name, one := range map[string]string{
		"large": `(ab{0,20}){0,20}[\pL\pN]{20}%d`, "classes": `(?i)[` + strings.Repeat(`\pL\pN`, 100) + `]%d`,
	} {
		var match []gateway.Match
		for i := range maxMatches {
			m := gateway.Match{Name: fmt.Sprint("m", i), Branch: gateway.Success}
			for j := range maxWhen {
				m.When = append(m.When, gateway.Condition{Path: "a", Regex: pointer(fmt.Sprintf(one, i*maxWhen+j))})
			}
			match = append(match, m)
		}
		start := time.Now()
		p, faults := Compile(match, nil, Bounds{})
		took := time.Since(start)
		t.Logf("%s: %s, %v", name, took, faults[:min(1, len(faults))])
		if len(faults) == 0 || !strings.Contains(faults[0].Message, "all patterns together") {
			t.Errorf("%s: %v, %v", name, p, faults[:min(1, len(faults))])
		}
		if took > 10*time.Second { // a hang, on whatever machine
			t.Errorf("%s: it took %s to refuse them", name, took)
		}
	}
}
