package edge

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
)

// vector is one case of http_raw.json: raw bytes, and what must become of them.
type vector struct {
	ID      string `json:"id"`
	Raw     []byte `json:"raw_base64"`
	Status  []int  `json:"status"`
	Close   *bool  `json:"close"`
	Handled *int   `json:"handled"`
	Why     string `json:"why"`
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/http_raw.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d cases: the file is not whole", len(all))
	}
	return all
}

// Every case, on both servers, written at once and byte by byte.
func TestVectors(t *testing.T) {
	for _, f := range flavours {
		for _, v := range readVectors(t) {
			for name, piece := range map[string]int{"whole": 1 << 20, "split": 1} {
				if piece == 1 && len(v.Raw) > 4096 {
					piece = 97
				}
				t.Run(f.name+"/"+v.ID+"/"+name, func(t *testing.T) {
					t.Parallel()
					checkVector(t, v, f.streams, piece)
				})
			}
		}
	}
}

func checkVector(t *testing.T, v vector, streams bool, piece int) {
	var handled atomic.Int32
	limits := testLimits(streams)
	if slices.Contains(v.Status, http.StatusRequestTimeout) {
		limits.Grace = 300 * time.Millisecond
	}
	s := newSite(t, limits, func(ctx *fasthttp.RequestCtx) {
		if _, err := ReadBody(ctx, 1<<20); err != nil {
			WriteProblem(ctx, err)
			return
		}
		if len(ctx.Request.Header.PeekAll("X-Sig")) > 1 { // what a source with verification does
			ctx.SetStatusCode(http.StatusUnauthorized)
			return
		}
		if string(Path(ctx)) == "/probe" {
			ctx.SetStatusCode(http.StatusNoContent)
			return
		}
		handled.Add(1)
		if ctx.Request.Header.Peek("X-Forwarded-For") != nil || ctx.Request.Header.Peek("X-T") != nil {
			t.Error("a trailer became a header field")
		}
	})
	c := s.dial(t)
	send(t, c, v.Raw, piece)
	statuses, continued, closed := answers(t, c)
	if len(statuses) == 0 {
		t.Fatalf("%s: no answer", v.Why)
	}
	if !slices.Contains(v.Status, statuses[0]) {
		t.Errorf("%s: answered %v, want one of %v", v.Why, statuses, v.Status)
	}
	if asked := strings.Contains(string(v.Raw), "Expect:"); continued != (asked && statuses[0] == http.StatusOK) {
		t.Errorf("%s: 100 Continue sent is %v", v.Why, continued)
	}
	if v.Close != nil && closed != *v.Close {
		t.Errorf("%s: closed is %v, want %v", v.Why, closed, *v.Close)
	}
	if n := int(handled.Load()); v.Handled != nil && n != *v.Handled {
		t.Errorf("%s: %d requests were handled, want %d", v.Why, n, *v.Handled)
	}
}

// answers reads the final answers, and behind the first asks for one more: only a
// connection that is open answers that.
func answers(t *testing.T, c net.Conn) (statuses []int, continued, closed bool) {
	t.Helper()
	r := bufio.NewReader(c)
	probed := false
	for {
		answer, err := http.ReadResponse(r, nil)
		reset := probed && errors.Is(err, syscall.ECONNRESET) // the probe met a connection that was closed behind its answer
		if reset || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return statuses, continued, true
		}
		if err != nil {
			t.Fatalf("after %v: %v", statuses, err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case answer.StatusCode == http.StatusContinue:
			continued = true
			continue
		case probed && answer.StatusCode == http.StatusNoContent:
			return statuses, continued, false
		case answer.StatusCode >= 400 && answer.StatusCode != http.StatusUnauthorized:
			if got := answer.Header.Get("Content-Type"); got != ProblemType || !strings.Contains(string(body), `"code":`) {
				t.Errorf("a refusal of type %q: %s", got, body)
			}
		}
		statuses = append(statuses, answer.StatusCode)
		if !probed {
			probed = true
			send(t, c, []byte("GET /probe HTTP/1.1\r\nHost: a.test\r\n\r\n"), 1<<10)
			if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
}
