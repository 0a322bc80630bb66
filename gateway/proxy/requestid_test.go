package proxy

import (
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

var madeID = regexp.MustCompile(`\r\nX-Request-Id: ([0-9a-f]{32})\r\n`)

// fieldOfID is how many bytes the field with an id that was made has.
const fieldOfID = len("X-Request-Id: \r\n") + 32

// unidentified takes the one id that was made out of a request or an answer.
func unidentified(t *testing.T, text string) string {
	t.Helper()
	found := madeID.FindAllString(text, -1)
	if len(found) != 1 || strings.Count(text, "-Id: ") != 1 {
		t.Errorf("%d ids of a request in\n%q", len(found), text)
		return text
	}
	return strings.Replace(text, found[0], "\r\n", 1)
}

// The upstream and the client see one id: the client's own where that is believed (O4).
func TestRequestID(t *testing.T) {
	up := rawUpstream(t, func(c *client) {
		head := c.head()
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nX-Request-Id: the-upstreams\r\nContent-Length: "+strconv.Itoa(len(head))+"\r\n\r\n"+head)
	})
	for name, c := range map[string]struct {
		route, field string
		trusted      bool
		want         string // "": one is made
		upstream     string // what the upstream gets; "": the same
	}{
		"none":             {},
		"a stranger's":     {field: "X-Request-Id: mine\r\n"},
		"a proxy's":        {field: "X-Request-Id: mine.1_2-3\r\n", trusted: true, want: "mine.1_2-3"},
		"no id":            {field: "X-Request-Id: mine;\r\n", trusted: true},
		"two":              {field: "X-Request-Id: a\r\nX-Request-Id: b\r\n", trusted: true},
		"too long":         {field: "X-Request-Id: " + strings.Repeat("a", 129) + "\r\n", trusted: true},
		"the route's own":  {route: `"headers":{"set":{"X-Request-Id":"own"}}`, upstream: "own"},
		"the route's none": {route: `"headers":{"remove":["X-Request-Id"]}`, upstream: "-"},
	} {
		t.Run(name, func(t *testing.T) {
			o := siteOptions{}
			if c.trusted {
				o.trusted = []string{"127.0.0.0/8"}
			}
			conn := newSite(t, routed(c.route, up), o).dial(t)
			conn.send(t, "GET / HTTP/1.1\r\nHost: a.test\r\n"+c.field+"\r\n")
			a, got := conn.answer(t, "GET")
			told := a.Header.Values("X-Request-Id")
			if len(told) != 1 || c.want != "" && told[0] != c.want || c.want == "" && len(told[0]) != 32 {
				t.Fatalf("the client is told %q", told)
			}
			field := "\r\nX-Request-Id: " + told[0] + "\r\n"
			switch c.upstream {
			case "":
			case "-":
				field = ""
			default:
				field = "\r\nX-Request-Id: " + c.upstream + "\r\n"
			}
			if !strings.Contains(got, field) || strings.Count(got, "X-Request-Id") != min(1, len(field)) {
				t.Errorf("the upstream got\n%s\nwant %q", got, field)
			}
		})
	}
}

// A relayed request keeps the id that its sender wrote, for some providers sign it, and
// gets ours where there is none.
func TestRelayedRequestID(t *testing.T) {
	var got [][2]string
	s := newSite(t, `{"bot":{"mode":"relay","tenant":"acme","match":{"path":"/"},"upstreams":[{"url":"http://bot.test"}]}}`, siteOptions{
		tenants: []*directory.Tenant{{ID: "acme"}},
		relay: func(q RelayRequest) (string, bool, error) {
			got = nil
			for _, f := range q.Request.Header {
				if strings.EqualFold(f.Name, "x-request-id") {
					got = append(got, [2]string{f.Name, f.Value})
				}
			}
			return gateway.PrefixCallback, false, nil
		},
	})
	a, _ := s.ask(t, "POST", "/", strings.NewReader("{}"), "X-Request-Id", "theirs")
	if told := a.Header.Get("X-Request-Id"); len(got) != 1 || got[0][1] != "theirs" || len(told) != 32 {
		t.Errorf("kept %q, told %q", got, told)
	}
	a, _ = s.ask(t, "POST", "/", strings.NewReader("{}"))
	if told := a.Header.Get("X-Request-Id"); len(got) != 1 || got[0][1] != told || len(told) != 32 {
		t.Errorf("kept %q, told %q", got, told)
	}
}
