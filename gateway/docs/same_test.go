package docs

import (
	"bytes"
	"html/template"
	"os"
	"strings"
	"testing"

	"hookgate/gateway/markup"
)

// The page is, byte by byte, what html/template makes of its template.
func TestPageIsAsHTMLTemplateMakesIt(t *testing.T) {
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d, err := describe(text)
	if err != nil {
		t.Fatal(err)
	}
	d.Version, d.Style = "v1", "/docs/x.css"
	ours := markup.New(functions, nil)
	if err := ours.Parse("page", pageText); err != nil {
		t.Fatal(err)
	}
	var got, want bytes.Buffer
	if err := ours.Execute(&got, "page", d); err != nil {
		t.Fatal(err)
	}
	theirs := template.Must(template.New("page").Funcs(template.FuncMap{
		"paragraphs": paragraphs, "lower": strings.ToLower,
		"prose": func(text string) template.HTML { return template.HTML(prose(text)) },
	}).Parse(pageText))
	if err := theirs.Execute(&want, d); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("it differs: %d bytes, and %d of html/template", got.Len(), want.Len())
	}
}
