package console

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// asset is a file that pages load. Its name has a digest of what is in it, so that it may
// be kept for ever.
type asset struct {
	text []byte
	kind string
}

// assets are by their names with a digest, and those by their own; they are made when somebody
// first asks for a page.
var assets = sync.OnceValues(loadAssets)

var assetKinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func loadAssets() (byName map[string]asset, names map[string]string) {
	byName, names = map[string]asset{}, map[string]string{}
	for file, text := range files() {
		own, is := strings.CutPrefix(file, "assets/")
		if !is {
			continue
		}
		sum, ext := sha256.Sum256([]byte(text)), path.Ext(own)
		name := strings.TrimSuffix(own, ext) + "-" + hex.EncodeToString(sum[:6]) + ext
		byName[name], names[own] = asset{[]byte(text), assetKinds[ext]}, name
	}
	return byName, names
}

func serveAsset(ctx *fasthttp.RequestCtx, name string) {
	byName, _ := assets()
	a, is := byName[name]
	if !is || !ctx.IsGet() && !ctx.IsHead() {
		edge.WriteProblem(ctx, gateway.Errorf(gateway.CodeNotFound, "there is nothing at this path"))
		return
	}
	h := &ctx.Response.Header
	h.SetContentType(a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'") // of a worker: it reads the stream
	ctx.SetStatusCode(http.StatusOK)
	ctx.Response.SetBodyRaw(a.text)
}
