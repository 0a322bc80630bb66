package mapping

import (
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
)

func TestExplain(t *testing.T) {
	variables := []gateway.Variable{
		{Name: "found", Path: "a", Type: "number"},
		{Name: "text", Path: "$.b[*]", Type: ""},
		{Name: "word", Path: "word", Type: "number"},
		{Name: "word_default", Path: "word", Type: "number", Default: raw("7")},
		{Name: "missing", Path: "x.y"},
		{Name: "missing_default", Path: "{{ x }}", Default: raw(`"d"`)},
		{Name: "missing_required", Path: "/x", Required: true},
		{Name: "fault", Path: "{{ a + word }}"},
		{Name: "filtered", Path: "{{ word | upper }}"},
		{Name: "header", Path: "header:X-Id"},
	}
	own := gateway.Match{Name: "own", Branch: gateway.Success, When: []gateway.Condition{{Path: "a", Exists: pointer(true)}}, Variables: variables}
	p := compileRules(t, []gateway.Match{own}, nil)
	doc := jsonDocument(t, `{"a":12,"b":[1,"x"],"word":"ten"}`)
	doc.Request = outside{headers: map[string]string{"X-Id": "7"}}
	var v Values
	p.Set.Read(doc, &v)
	verdict, _ := p.Rules.Fit(&v)
	want := `found a 12 12 
text $.b[*] [1,"x"] [1,"x"] 
word word "ten"  what the path found is no number
word_default word "ten" 7 what the path found is no number: the default stands in
missing x.y   the path found nothing
missing_default {{ x }}  "d" the path found nothing: the default stands in
missing_required /x   the path found nothing, and the variable is required
fault {{ a + word }}   the path found nothing: the operator does not take these values
filtered {{ word | upper }} "TEN" "TEN" 
header header:X-Id "7" "7" `
	var got []string
	for _, e := range p.Rules.Explain(&v, verdict) {
		got = append(got, fmt.Sprintf("%s %s %s %s %s", e.Name, e.Path, e.Found, e.Value, e.Problem))
	}
	if all := strings.Join(got, "\n"); all != want {
		t.Errorf("explained as\n%s\nwant\n%s", all, want)
	}
	if n := len(p.Rules.Explain(&v, Verdict{})); n != 0 {
		t.Errorf("%d variables outside the outcome", n)
	}
}

func TestExplainWithoutBody(t *testing.T) {
	p := compileRules(t, nil, []gateway.Variable{{Name: "a", Path: "a"}, {Name: "b", Path: "$..b", Default: raw("1")}})
	var v Values
	p.Set.Read(&Document{Body: RawText, Raw: []byte("hello")}, &v)
	for _, e := range p.Rules.Explain(&v, Verdict{}) {
		if !strings.HasPrefix(e.Problem, "the path found nothing: the body is no JSON") || e.Found != nil {
			t.Errorf("%+v", e)
		}
	}
}
