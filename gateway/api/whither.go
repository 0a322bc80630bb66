package api

import (
	"net/url"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
	"hookgate/gateway/proxy"
)

// Whither says which route takes a request: proxy.Proxy.
type Whither interface {
	Whither(method string, u *url.URL, all []*directory.Route) (proxy.Whither, error)
}

type whitherView struct {
	Route    *string     `json:"route"`
	Mode     *string     `json:"mode"`
	Path     *string     `json:"path"`
	Upstream *string     `json:"upstream"`
	URL      *string     `json:"url"`
	Reason   *string     `json:"reason"`
	Others   []otherView `json:"others"`
	LeftOut  int         `json:"others_left_out"`
}

type otherView struct {
	Route  string `json:"route"`
	Reason string `json:"reason"`
}

// test answers which route would take a request, and why the others would not
// (SPEC-console C5).
func (h *publicRoutes) test(c *call) (answer, error) {
	tree, _, err := c.body()
	if err != nil {
		return answer{}, err
	}
	b := struct {
		Method string `json:"method"`
		URL    string `json:"url"`
	}{Method: "GET"}
	f := &faults{fields.Decode(tree, &b)}
	if b.Method == "" || len(b.Method) > 16 || strings.Trim(b.Method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		f.add("method", "must be a method of HTTP, as POST")
	}
	u, err := url.Parse(b.URL)
	if err != nil || len(b.URL) > maxTestedURL || u.Opaque != "" || u.Host == "" && !strings.HasPrefix(b.URL, "/") {
		f.add("url", "must be the URL that is called, as https://hooks.example.com/bot, or its path")
	}
	if err := gateway.Invalid(f.list); err != nil {
		return answer{}, err
	}
	w, err := h.whither.Whither(b.Method, u, c.snapshot.Routes())
	if err != nil {
		return answer{}, invalid("url", "is refused before any route is looked for: %s", err.Error())
	}
	v := whitherView{
		Route: orNull(w.Route), Mode: orNull(w.Mode), Path: orNull(w.Path), Upstream: orNull(w.Upstream), URL: orNull(w.URL), Reason: orNull(w.Reason),
		Others: make([]otherView, len(w.Others)), LeftOut: w.LeftOut,
	}
	for i, o := range w.Others {
		v.Others[i] = otherView(o)
	}
	return show(200, v)
}

const maxTestedURL = 8 << 10 // bytes
