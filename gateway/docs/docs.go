package docs

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/markup"
)

// Path is where the page is; its stylesheet is below.
const Path = "/docs"

//go:embed page.html
var pageText string

//go:embed style.css
var style []byte

// Page is the page of a description.
type Page struct {
	version     string
	description func() []byte
	stylePath   string

	once sync.Once
	html []byte // gzip
	err  error
}

// New makes the page of a description in OpenAPI 3.1, which is asked for, and read, when
// somebody first asks for the page.
func New(description func() []byte, version string) *Page {
	sum := sha256.Sum256(style)
	return &Page{version: version, description: description, stylePath: Path + "/" + hex.EncodeToString(sum[:6]) + ".css"}
}

// Handle answers what is at Path and below it.
func (p *Page) Handle(ctx *fasthttp.RequestCtx) {
	h := &ctx.Response.Header
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	switch path := string(ctx.Path()); {
	case !ctx.IsGet() && !ctx.IsHead():
		h.Set("Allow", "GET, HEAD")
		ctx.SetStatusCode(fasthttp.StatusMethodNotAllowed)
	case path == p.stylePath:
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		ctx.SetContentType("text/css; charset=utf-8")
		ctx.Response.SetBodyRaw(style)
	case path == Path || path == Path+"/":
		p.show(ctx)
	default:
		ctx.SetStatusCode(fasthttp.StatusNotFound)
		ctx.SetContentType("text/plain; charset=utf-8")
		ctx.SetBodyString("nothing is here; the description of the API is at " + Path + "\n")
	}
}

func (p *Page) show(ctx *fasthttp.RequestCtx) {
	p.once.Do(p.render)
	h := &ctx.Response.Header
	h.Set("Cache-Control", "no-cache")
	ctx.SetContentType("text/html; charset=utf-8")
	switch {
	case p.err != nil: // a test renders what is built in
		ctx.SetStatusCode(fasthttp.StatusInternalServerError)
		ctx.SetBodyString(markup.Escape(p.err.Error()))
	case ctx.Request.Header.HasAcceptEncoding("gzip"):
		h.Set("Content-Encoding", "gzip")
		h.Set("Vary", "Accept-Encoding")
		ctx.Response.SetBodyRaw(p.html)
	default:
		h.Set("Vary", "Accept-Encoding")
		if _, err := fasthttp.WriteGunzip(ctx.Response.BodyWriter(), p.html); err != nil {
			ctx.SetStatusCode(fasthttp.StatusInternalServerError)
		}
	}
}

var functions = markup.Functions{"paragraphs": paragraphs, "prose": prose, "lower": strings.ToLower}

// render makes the page.
func (p *Page) render() {
	d, err := describe(p.description())
	if err != nil {
		p.err = err
		return
	}
	d.Version, d.Style = p.version, p.stylePath
	t := markup.New(functions, nil)
	if p.err = t.Parse("page", pageText); p.err != nil {
		return
	}
	var b bytes.Buffer
	if p.err = t.Execute(&b, "page", d); p.err == nil {
		p.html = fasthttp.AppendGzipBytesLevel(nil, b.Bytes(), fasthttp.CompressBestCompression)
	}
}

// paragraphs parts a text where lines are empty.
func paragraphs(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n\n")
}

// prose is a text in which what stands between backquotes is code.
func prose(text string) markup.HTML {
	var b strings.Builder
	for i, part := range strings.Split(text, "`") {
		escaped := markup.Escape(part)
		if i%2 == 1 {
			escaped = "<code>" + escaped + "</code>"
		}
		b.WriteString(escaped)
	}
	return markup.HTML(b.String())
}
