package edge

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
)

var madeRequestIDs = regexp.MustCompile(`^[0-9a-f]{32}$`)

// askedFor sends a request and gives the answer with the ids in its header and, where it is
// a problem, in its body.
func askedFor(t *testing.T, s *site, request string) (answer *http.Response, ids []string) {
	t.Helper()
	c := s.dial(t)
	send(t, c, []byte(request), len(request))
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	ids = answer.Header.Values(HeaderRequestID)
	if answer.Header.Get("Content-Type") == ProblemType {
		var problem struct {
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal(body, &problem); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, problem.RequestID)
	} else {
		ids = append(ids, string(body))
	}
	return answer, ids
}

// Every answer bears the id of its request, and so does what the handler sees (O4).
func TestRequestIDs(t *testing.T) {
	echo := func(ctx *fasthttp.RequestCtx) {
		switch string(Path(ctx)) {
		case "/panic":
			ctx.Response.Header.Set("X-Half", "an answer")
			panic("now")
		case "/problem":
			WriteProblem(ctx, gateway.Errorf(gateway.CodeNotFound, "no"))
		default:
			_, _ = ctx.Write(RequestID(ctx))
		}
	}
	trusts := func(netip.Addr) bool { return true }
	for name, c := range map[string]struct {
		inside  bool
		trusts  func(netip.Addr) bool
		request string // with %s for the field
		field   string
		want    string // "": one is made
	}{
		"made":                        {request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n"},
		"a stranger's":                {request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id: abc\r\n"},
		"a proxy's":                   {trusts: trusts, request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "x-request-ID: abc\r\n", want: "abc"},
		"an insider's":                {inside: true, request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id: A-z_0.9\r\n", want: "A-z_0.9"},
		"the longest":                 {inside: true, request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id: " + strings.Repeat("a", 128) + "\r\n", want: strings.Repeat("a", 128)},
		"too long":                    {inside: true, request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id: " + strings.Repeat("a", 129) + "\r\n"},
		"empty":                       {inside: true, request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id:\r\n"},
		"with a space":                {inside: true, request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id: a b\r\n"},
		"two":                         {inside: true, request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id: a\r\nX-Request-Id: a\r\n"},
		"one and one that is none":    {inside: true, request: "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id: \"\r\nX-Request-Id: a\r\n"},
		"of a problem":                {inside: true, request: "GET /problem HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id: abc\r\n", want: "abc"},
		"of a panic":                  {inside: true, request: "GET /panic HTTP/1.1\r\nHost: a\r\n%s\r\n", field: "X-Request-Id: abc\r\n", want: "abc"},
		"of what announces too much":  {inside: true, request: "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n%s\r\n", field: "X-Request-Id: abc\r\n", want: "abc"},
		"of what is no HTTP":          {inside: true, request: "\x16\x03\x01 %s", field: "X-Request-Id: abc\r\n"},
		"of a head that is malformed": {inside: true, request: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n%s\r\n", field: "X-Request-Id: abc\r\n"},
		"of a head that never ends":   {inside: true, request: "GET / HTTP/1.1\r\nHost: a\r\n%s", field: "X-Request-Id: abc\r\n"},
	} {
		for _, flavour := range flavours {
			t.Run(name+"/"+flavour.name, func(t *testing.T) {
				limits := testLimits(flavour.streams)
				limits.Inside, limits.Trusts = c.inside, c.trusts
				within := patience
				if strings.HasSuffix(name, "never ends") {
					within = 2 * time.Second
				}
				answer, ids := askedFor(t, newSiteWithin(t, within, limits, echo), fmt.Sprintf(c.request, c.field))
				if len(ids) != 2 || ids[0] != ids[1] || c.want != "" && ids[0] != c.want || c.want == "" && !madeRequestIDs.MatchString(ids[0]) {
					t.Errorf("%d with the ids %q, want %q", answer.StatusCode, ids, c.want)
				}
			})
		}
	}
}

// One connection gives each of its requests an id of its own.
func TestRequestIDsOfOneConnection(t *testing.T) {
	limits := testLimits(true)
	limits.Inside = true
	c := newSite(t, limits, func(ctx *fasthttp.RequestCtx) { _, _ = ctx.Write(RequestID(ctx)) }).dial(t)
	long := strings.Repeat("x", 100)
	send(t, c, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"+ // pipelined: the next is judged when this one is over
		"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: "+long+"\r\n\r\n"+
		"GET / HTTP/1.1\r\nHost: a\r\nX-Request-Id: b\r\n\r\n"+
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 1<<10)
	r, seen := bufio.NewReader(c), []string{}
	for range 4 {
		answer, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(answer.Body)
		if id := answer.Header.Get(HeaderRequestID); id != string(body) {
			t.Errorf("told %q, the handler saw %q", id, body)
		}
		seen = append(seen, string(body))
	}
	if !madeRequestIDs.MatchString(seen[0]) || seen[1] != long || seen[2] != "b" || !madeRequestIDs.MatchString(seen[3]) || seen[0] == seen[3] {
		t.Errorf("the ids are %q", seen)
	}
}

// A connection over the bound is told an id, too.
func TestTooManyConnectionsHaveIDs(t *testing.T) {
	limits := testLimits(true)
	limits.Conns = 1
	s := newSite(t, limits, func(*fasthttp.RequestCtx) {})
	first := s.dial(t)
	send(t, first, []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 99)
	if _, err := http.ReadResponse(bufio.NewReader(first), nil); err != nil {
		t.Fatal(err)
	}
	var before string
	for range 2 {
		answer, ids := askedFor(t, s, "")
		if answer.StatusCode != 503 || len(ids) != 2 || ids[0] != ids[1] || !madeRequestIDs.MatchString(ids[0]) || ids[0] == before {
			t.Errorf("%d with the ids %q", answer.StatusCode, ids)
		}
		before = ids[0]
	}
}

// An id costs no memory, made or taken, once its connection has had one so long.
func TestRequestIDAllocatesNothing(t *testing.T) {
	var id requestID
	taken := []byte(strings.Repeat("a", 128))
	var response fasthttp.Response
	use := func() {
		id.make()
		response.Header.SetCanonical(requestIDKey, id.text)
		id.take(taken)
		response.Header.SetCanonical(requestIDKey, id.text)
		response.Reset()
	}
	use()
	if n := testing.AllocsPerRun(100, use); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkRequestID(b *testing.B) {
	var id requestID
	b.ReportAllocs()
	for b.Loop() {
		id.make()
	}
}
