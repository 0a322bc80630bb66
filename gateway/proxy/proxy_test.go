package proxy

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestForward(t *testing.T) {
	up := upstreamServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", r.Method+" "+r.RequestURI)
		fmt.Fprintf(w, "%s", body)
	})
	s := newSite(t, routed(`"match":{"path":"/api"}`, up.URL), siteOptions{})
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		a, body := s.ask(t, method, "/api/x%20y?a=%2F&b", strings.NewReader("hello"))
		if a.StatusCode != 200 || a.Header.Get("X-Saw") != method+" /api/x%20y?a=%2F&b" {
			t.Errorf("%s: %d, %q", method, a.StatusCode, a.Header)
		}
		if want := "hello"; method != "HEAD" && body != want {
			t.Errorf("%s: body %q", method, body)
		}
	}
	if a, body := s.ask(t, "GET", "/apis", nil); a.StatusCode != 404 || !strings.Contains(body, `"not_found"`) {
		t.Errorf("beside the route: %d %s", a.StatusCode, body)
	}
	until(t, "all seven are counted", func() bool { return s.counted(t, "bot", "200") == 7 })
}
