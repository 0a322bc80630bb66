package docs_test

import (
	"bytes"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/docs"
)

func of(text []byte) func() []byte { return func() []byte { return text } }

func description(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("../api/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// get asks a page as a browser does.
func get(t *testing.T, p *docs.Page, method, path string, fields ...string) *fasthttp.Response {
	t.Helper()
	var ctx fasthttp.RequestCtx
	var r fasthttp.Request
	r.Header.SetMethod(method)
	r.SetRequestURI(path)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	ctx.Init(&r, &net.TCPAddr{}, nil)
	p.Handle(&ctx)
	return &ctx.Response
}

func TestPageHasAllThatIsDescribed(t *testing.T) {
	text := description(t)
	p := docs.New(of(text), "v1.2.3")
	r := get(t, p, "GET", "/docs")
	page := string(r.Body())
	if r.StatusCode() != 200 || string(r.Header.ContentType()) != "text/html; charset=utf-8" || !strings.Contains(page, "<title>API · hookgate v1.2.3</title>") {
		t.Fatalf("%d %s\n%.300s", r.StatusCode(), r.Header.ContentType(), page)
	}
	operations := regexp.MustCompile(`operationId: (\w+)`).FindAllSubmatch(text, -1)
	for _, m := range operations {
		if n := strings.Count(page, `<article id="`+string(m[1])+`">`); n != 1 {
			t.Errorf("%s is there %d times", m[1], n)
		}
	}
	if len(operations) < 60 {
		t.Errorf("there are %d operations", len(operations))
	}
	// Each reference leads somewhere.
	for _, m := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !strings.Contains(page, ` id="`+m[1]+`"`) {
			t.Errorf("nothing is at #%s", m[1])
		}
	}
}

// The page takes nothing from elsewhere, and runs nothing.
func TestPageIsAlone(t *testing.T) {
	p := docs.New(of(description(t)), "v1")
	r := get(t, p, "GET", "/docs")
	page := string(r.Body())
	for _, m := range regexp.MustCompile(`(?:src|href|action|style)="([^"#][^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !regexp.MustCompile(`^/docs/[0-9a-f]{12}\.css$`).MatchString(m[1]) {
			t.Errorf("it leads to %s", m[1])
		}
	}
	if strings.Contains(page, "<script") || !strings.HasPrefix(string(r.Header.Peek("Content-Security-Policy")), "default-src 'none';") {
		t.Errorf("it may run something: %s", r.Header.Peek("Content-Security-Policy"))
	}
	sheet := regexp.MustCompile(`/docs/[0-9a-f]+\.css`).FindString(page)
	if s := get(t, p, "GET", sheet); s.StatusCode() != 200 || string(s.Header.ContentType()) != "text/css; charset=utf-8" || bytes.Contains(s.Body(), []byte("url(")) {
		t.Errorf("%s: %d %s", sheet, s.StatusCode(), s.Header.ContentType())
	}
	packed := get(t, p, "GET", "/docs/", "Accept-Encoding", "gzip")
	plain, err := packed.BodyGunzip()
	if err != nil || string(plain) != page || string(packed.Header.Peek("Vary")) != "Accept-Encoding" {
		t.Errorf("compressed it is another page: %v", err)
	}
	if s := get(t, p, "GET", "/docs/other"); s.StatusCode() != 404 {
		t.Errorf("what is not there: %d", s.StatusCode())
	}
	if s := get(t, p, "POST", "/docs"); s.StatusCode() != 405 || string(s.Header.Peek("Allow")) != "GET, HEAD" {
		t.Errorf("POST: %d", s.StatusCode())
	}
}

// What a description says is text, never markup.
func TestMarkupIsText(t *testing.T) {
	p := docs.New(of([]byte(`
openapi: 3.1.0
info: { description: "<b>a</b> `+"`<i>`"+` c" }
tags: [ { name: t, description: "<u>" } ]
paths:
  /a<b>:
    get:
      tags: [t]
      operationId: one
      summary: <s>
      responses: { "200": { description: "<p>", content: { application/json: { schema: { type: object, properties: { "<m>": { type: string, enum: ["<e>"] } } }, example: { a: "<x>" } } } } }
`)), "v")
	page := string(get(t, p, "GET", "/docs").Body())
	for _, tag := range []string{"<b>", "<i>", "<u>", "<s>", "<m>", "<e>", "<x>"} {
		if strings.Contains(page, tag) {
			t.Errorf("%s is markup", tag)
		}
	}
	if !strings.Contains(page, "<code>&lt;i&gt;</code>") || !strings.Contains(page, "&lt;x&gt;") && !strings.Contains(page, `\u003cx`) {
		t.Error("what was said is not there")
	}
}

// A description that is none is told, not shown half.
func TestFaultyDescription(t *testing.T) {
	for _, text := range []string{"a: [", "tags: []\npaths: { /x: { get: { operationId: one, tags: [other] } } }"} {
		if r := get(t, docs.New(of([]byte(text)), "v"), "GET", "/docs"); r.StatusCode() != 500 || len(r.Body()) == 0 {
			t.Errorf("%s: %d", text, r.StatusCode())
		}
	}
}
