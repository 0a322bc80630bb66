package transport

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"testing"
)

// asked is a Room that remembers for how much it was asked.
type asked struct {
	bytes []int
	has   bool
}

func (a *asked) Grant(bytes int) bool {
	a.bytes = append(a.bytes, bytes)
	return a.has
}

func TestLargeAnswersAskForRoomOnce(t *testing.T) {
	const most = 1 << 20
	large := bytes.Repeat([]byte("x"), 200<<10)
	for name, c := range map[string]struct {
		coding string
		length bool
		body   []byte
		want   []int
	}{
		"small":               {length: true, body: large[:lightAnswer]},
		"small, chunked":      {body: large[:lightAnswer-1]},
		"small, coded":        {coding: "gzip", body: compress(t, "gzip", large[:1000])},
		"of a known length":   {length: true, body: large, want: []int{len(large)}},
		"longer than is kept": {length: true, body: bytes.Repeat(large, 10), want: []int{most}},
		"chunked":             {body: large, want: []int{most}},
		"gzip":                {coding: "gzip", body: compress(t, "gzip", large), want: []int{most}},
		"zlib":                {coding: "deflate", body: compress(t, "zlib", large), want: []int{most}},
		"flate":               {coding: "deflate", body: compress(t, "flate", large), want: []int{most}},
		"twice":               {coding: "gzip, gzip", body: compress(t, "gzip", compress(t, "gzip", large)), want: []int{most}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.coding != "" {
					w.Header().Set("Content-Encoding", c.coding)
				}
				if c.length {
					w.Header().Set("Content-Length", strconv.Itoa(len(c.body)))
				}
				_ = http.NewResponseController(w).Flush()
				_, _ = w.Write(c.body)
			}))
			defer server.Close()
			sender := New(Options{})
			defer sender.Close()
			for _, has := range []bool{true, false} {
				room := &asked{has: has}
				answer, err := sender.Do(context.Background(), &Request{Method: "GET", URL: server.URL, Trusted: true, MaxAnswer: most, Room: room})
				if !slices.Equal(room.bytes, c.want) {
					t.Errorf("asked for %d, want %d", room.bytes, c.want)
				}
				switch failed, _ := err.(*Error); { //nolint:errorlint // it is one itself
				case has || c.want == nil:
					if err != nil || answer.Status != 200 {
						t.Errorf("%+v, %v", answer, err)
					}
				case failed == nil || failed.Word != WordTimeout || answer != nil:
					t.Errorf("without room: %+v, %v", answer, err)
				}
			}
		})
	}
}

func TestRoomReaderReadsNoMoreThanLight(t *testing.T) {
	room := room{of: &asked{}, most: 1 << 20}
	from := bytes.NewReader(make([]byte, 1<<20))
	if _, err := io.ReadAll(room.reader(from)); err == nil {
		t.Error("it was all read without room")
	}
	if read := int(from.Size()) - from.Len(); read != lightAnswer {
		t.Errorf("%d bytes were read, want %d", read, lightAnswer)
	}
}
