package markup_test

import (
	"errors"
	"html/template"
	"net/url"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/markup"
)

// shelf is what the templates of these tests are given.
type shelf struct {
	Name    string
	Nothing *string
	Some    *string
	Any     any
	Count   int
	Share   float64
	Books   []book
	None    []book
	Labels  map[string]string
	Form    url.Values
	At      time.Time
	Wrong   *wrong
	Took    took
	Good    bool
	Inner
	hidden
}

type book struct {
	Title string
	Pages int
}

// Long and Of are methods of a value, and of a pointer.
func (b book) Long() bool                 { return b.Pages > 100 }
func (b *book) Of(parts ...string) string { return b.Title + ": " + strings.Join(parts, "/") }

type wrong struct{ Why string }

func (w *wrong) Error() string { return "wrong: " + w.Why }
func (w *wrong) Told(name string) string {
	if w == nil {
		return "nothing wrong with " + name
	}
	return w.Why
}

type took int

func (took) String() string { return "<a while>" }

// Inner and hidden are embedded.
type Inner struct{ Deep string }

func (Inner) Depth() int { return 7 }

type hidden struct{ Seen string }

func (h *hidden) Shown() string { return h.Seen + "!" }

var methods = markup.Methods{
	"Long": {book.Long}, "Of": {(*book).Of}, "Told": {(*wrong).Told}, "Depth": {Inner.Depth}, "Shown": {(*hidden).Shown},
	"UTC": {time.Time.UTC}, "Format": {time.Time.Format}, "Get": {url.Values.Get},
}

var functions = map[string]any{
	"upper": strings.ToUpper,
	"args":  func(all ...any) []any { return all },
	"year":  func(t *time.Time) int { return t.Year() },
	"plain": func(p *string) string {
		if p == nil {
			return "nil"
		}
		return *p
	},
	"twice": func(x float64) float64 { return 2 * x },
	"fails": func() string { panic(errors.New("it fell over")) },
}

const nasty = `<b>"it's" & a+b</b> </textarea><script>alert(1)</script> 日本 ` + "\x00"

func filled() *shelf {
	some := nasty
	return &shelf{
		Name: nasty, Some: &some, Any: book{"any", 3}, Count: 1200, Share: 0.25, Good: true,
		Books:  []book{{"One & only", 90}, {"<Two>", 400}},
		Labels: map[string]string{"b": "<2>", "a": "1"}, Form: url.Values{"q": {"x&y"}},
		At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Wrong: &wrong{"<why>"}, Inner: Inner{"deep"}, hidden: hidden{"seen"},
	}
}

// same are templates that are made of both packages.
var same = []string{
	`{{.Name}}|{{.Count}}|{{.Share}}|{{.Nothing}}|{{.Some}}|{{.Took}}|{{.Wrong}}|{{.Good}}|{{.At}}|{{.Labels}}|{{.Books}}`,
	`<p title="{{.Name}}" data-x='{{.Name}}' aria-label="{{.Nothing}}{{.Some}}">{{/* no */}}{{.Name}}</p>`,
	`<title>{{.Name}}</title><textarea name="t">{{.Name}}</textarea><p>{{.Name}}</p>`,
	`<TITLE>{{.Name}}</Title ><p>{{.Name}}</p>`,
	`<a href="{{.Name}}">a</a><a href="/x/{{.Name}}/y">b</a><a href="/x?q={{.Name}}#{{.Name}}">c</a><form action="{{.Some}}?of={{.Count}}"></form>`,
	`<img src = "{{.Name}}" alt=""/><svg><a xlink:href="{{.Name}}"></a></svg>`,
	`{{if .Good}}yes{{else}}no{{end}}{{if .None}}yes{{else if .Nothing}}p{{else}}no{{end}}{{if not .Count}}0{{end}}`,
	`{{with .Any}}{{.Title}}{{.Long}}{{end}}{{with .None}}{{else}}none{{end}}{{with $x := .Some}}{{$x}}{{$.Count}}{{end}}`,
	`{{range .Books}}<li>{{.Title}} {{.Long}} {{.Of "a" "b"}} {{$.Count}}</li>{{end}}{{range .None}}x{{else}}none{{end}}`,
	`{{range $i, $b := .Books}}{{$i}}={{$b.Title}};{{end}}{{range $k, $v := .Labels}}{{$k}}={{$v}};{{end}}{{range $v := .Labels}}{{$v}}{{end}}`,
	`{{$known := false}}{{range .Books}}{{if eq .Pages 400}}{{$known = true}}{{end}}{{end}}{{$known}}`,
	`<select>{{range .Books}}<option value="{{.Title}}"{{if .Long}} selected{{end}}>{{.Title}}</option>{{end}}</select>`,
	`<input{{template "told" .}}>{{define "told"}}{{if .Good}} aria-invalid="true" title="{{.Name}}"{{end}}{{end}}`,
	`{{template "two" (args .Name .Count)}}{{define "two"}}{{index . 0}}{{with index . 1}}{{.}}{{end}}{{end}}`,
	`{{index .Labels "a"}}{{index .Labels "none"}}{{len .Books}}{{.Labels.a}}{{index .Books 1}}`,
	`{{eq .Count 1 1200}}{{eq .Name "x" "y"}}{{ne .Name "x"}}{{gt .Count 1}}{{ge .Share 0.0}}{{lt .Share 0.1}}{{le .Count 3}}{{eq .Good true}}`,
	`{{and .Good .Name}}{{or .Nothing .Name}}{{or .None .Nothing}}{{and .None (fails)}}{{or .Good (fails)}}`,
	`{{print .Count " x " .Name}}{{printf "%.1f %s" .Share .Name}}{{.Name | upper | printf "%q"}}`,
	`{{.At.UTC.Format "2006"}}{{year .At}}{{plain .Some}}{{plain .Nothing}}{{plain nil}}{{twice 2}}{{twice 0.5}}{{(args 1 2)}}`,
	`{{.Wrong.Told "x"}}{{.Form.Get "q"}}{{.Deep}}{{.Depth}}{{.Seen}}{{.Shown}}{{(index .Books 0).Title}}`,
	"<!DOCTYPE html>\n<html lang=\"en\" data-now=\"{{.Count}}\">\n{{- if .Good }} x {{ end -}}\n</html>",
	`<script src="{{.Form.Get "q"}}" defer></script><style></style><p>{{.Name}}</p>`,
	`{{"a<b"}}{{1}}{{1.5}}{{true}}{{"x" | args | len}}`,
}

func ours(text string, data any) (string, error) {
	s := markup.New(functions, methods)
	if err := s.Parse("page", text); err != nil {
		return "", err
	}
	var b strings.Builder
	err := s.Execute(&b, "page", data)
	return b.String(), err
}

func theirs(text string, data any) (string, error) {
	t, err := template.New("page").Funcs(functions).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, data)
	return strings.ReplaceAll(b.String(), "#ZgotmplZ", "#refused"), err
}

// What this package makes is what html/template makes, byte by byte.
func TestSameAsHTMLTemplate(t *testing.T) {
	for _, text := range same {
		want, err := theirs(text, filled())
		if err != nil {
			t.Errorf("html/template: %s: %v", text, err)
			continue
		}
		if got, err := ours(text, filled()); got != want || err != nil {
			t.Errorf("%s\ngot  %q %v\nwant %q", text, got, err, want)
		}
	}
}

// A value makes in each place what html/template makes of it.
func FuzzSameAsHTMLTemplate(f *testing.F) {
	for _, text := range []string{"", nasty, "javascript:alert(1)", "JavaScript :x", "/a?b=c#d", "https://x.example/%zz%41%", "a\"b'c", "\x00\xff", "mailto:a@b", "//host", ":", "data:x", "{{.}}", "-->"} {
		f.Add(text)
	}
	const text = `<p class="{{.}}">{{.}}</p><title>{{.}}</title><textarea>{{.}}</textarea><a href="{{.}}">{{.}}</a>
<a href='/x/{{.}}{{.}}?q={{.}}'></a><a href="{{.}}#{{.}}"></a><a data-x='{{.}}'></a>`
	s := markup.New(nil, nil)
	if err := s.Parse("page", text); err != nil {
		f.Fatal(err)
	}
	t2 := template.Must(template.New("page").Parse(text))
	f.Fuzz(func(t *testing.T, value string) {
		var got, want strings.Builder
		if err := errors.Join(s.Execute(&got, "page", value), t2.Execute(&want, value)); err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(want.String(), "#ZgotmplZ", "#refused"); got.String() != want {
			t.Errorf("%q becomes\n%q, and in html/template\n%q", value, got.String(), want)
		}
	})
}

// HTML that is ours goes into a text as it is, and nowhere else.
func TestHTML(t *testing.T) {
	got, err := ours(`{{.}}<p title="{{.}}"></p><title>{{.}}</title>`, markup.HTML("<b>x</b>"))
	if want := `<b>x</b><p title="&lt;b&gt;x&lt;/b&gt;"></p><title>&lt;b&gt;x&lt;/b&gt;</title>`; got != want || err != nil {
		t.Errorf("got %s %v", got, err)
	}
}

// Where a value would be more than a text there is no page, and what is wrong is said with its place.
func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		`<script>{{.Name}}</script>`:            "page:1:10: {{.Name}}: a value has its place in",
		`<style>p { color: {{.Name}} }</style>`: "a value has its place in",
		`<p {{.Name}}>`:                         "a value has its place in",
		`<{{.Name}}>`:                           "a value has its place in",
		`<p title={{.Name}}>`:                   "a value has its place in",
		`<p title=x>`:                           "stands in quotes",
		`<p onclick="{{.Name}}">`:               "no place in the attribute onclick",
		`<p style="{{.Name}}">`:                 "no place in the attribute style",
		`<img srcset="{{.Name}}">`:              "no place in the attribute srcset",
		`<!-- {{.Name}} -->`:                    "comments of HTML",
		`a < b`:                                 "write &lt;",
		`<p title="`:                            "ends within a tag",
		`<script>`:                              "ends within a tag, or within <script>",
		`{{.Missing}}`:                          "has no field Missing",
		`{{.Hidden}}`:                           "has no field Hidden",
		`{{.Name.More}}`:                        "string has no field More",
		`{{.Any.String}}`:                       "no such method",
		`{{.Nothing.X}}`:                        "nil has no X",
		`{{.Count "x"}}`:                        "has no method Count",
		`{{.Form.Get}}`:                         "Get is called with 0 arguments, and takes 1",
		`{{upper .Count}}`:                      "a int is no string",
		`{{eq .Count "x"}}`:                     "a int is not compared with a string",
		`{{fails}}`:                             "it fell over",
		`{{index .Books 7}}`:                    "out of range",
		`{{template "none"}}`:                   `no template "none"`,
		`{{template "page" .}}`:                 "1000 deep",
		`{{range .Count}}{{end}}`:               "no range over a int",
		`{{range .Books}}{{break}}{{end}}`:      "no such thing here",
		`{{nothing}}`:                           `function "nothing" not defined`,
	} {
		got, err := ours(text, filled())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, and it says nothing of %q\n%s", text, err, want, got)
		}
	}
}

type full struct{ room int }

func (f *full) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		return 0, errFull
	}
	return len(b), nil
}

var errFull = errors.New("full")

// Who writes may refuse, and hears of it; a set that was added to is another one.
func TestExecute(t *testing.T) {
	s := markup.New(functions, methods)
	if err := s.Parse("base", `{{define "frame"}}<p>{{template "main" .}}</p>{{end}}{{define "main"}}one{{end}}`); err != nil {
		t.Fatal(err)
	}
	c := s.Clone()
	if err := c.Parse("other", `{{define "main"}}two{{end}}`); err != nil {
		t.Fatal(err)
	}
	for want, set := range map[string]*markup.Set{"<p>one</p>": s, "<p>two</p>": c} {
		var b strings.Builder
		if err := set.Execute(&b, "frame", nil); err != nil || b.String() != want {
			t.Errorf("got %s %v, want %s", b.String(), err, want)
		}
		if err := set.Execute(&full{room: 5}, "frame", nil); !errors.Is(err, errFull) {
			t.Errorf("a writer that is full: %v", err)
		}
	}
}
