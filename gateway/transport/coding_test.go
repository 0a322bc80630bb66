package transport

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// compress gives text in a coding: gzip, zlib or flate.
func compress(t testing.TB, coding string, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch coding {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zlib":
		w = zlib.NewWriter(&b)
	default:
		raw, err := flate.NewWriter(&b, -1)
		if err != nil {
			t.Fatal(err)
		}
		w = raw
	}
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// coding gives the URL of a server that answers in a coding, and what it was asked.
func codingServer(t testing.TB, name string, body []byte) (url string, asked chan string) {
	t.Helper()
	asked = make(chan string, 16)
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked <- strings.Join(r.Header.Values("Accept-Encoding"), "|")
		if name != "" {
			w.Header().Set("Content-Encoding", name)
		}
		_, _ = w.Write(body)
	}), asked
}

func TestCodedAnswers(t *testing.T) {
	text := []byte(`{"v":1}` + strings.Repeat(" ", 1000))
	gz := compress(t, "gzip", text)
	for name, c := range map[string]struct {
		coding string
		sent   []byte
		want   []byte
		detail string
	}{
		"gzip":                {"gzip", gz, text, ""},
		"gzip in other case":  {"GZip", gz, text, ""},
		"x-gzip":              {"x-gzip", gz, text, ""},
		"deflate as it is":    {"deflate", compress(t, "zlib", text), text, ""},
		"deflate as it comes": {"Deflate", compress(t, "flate", text), text, ""},
		"identity":            {"identity", text, text, ""},
		"identity, gzip":      {"identity, gzip", gz, text, ""},
		"twice":               {"deflate, gzip", compress(t, "gzip", compress(t, "zlib", text)), text, ""},
		"two members":         {"gzip", append(bytes.Clone(gz), gz...), append(bytes.Clone(text), text...), ""},
		"bytes behind it":     {"gzip", append(bytes.Clone(gz), "\r\n\x00"...), text, ""},
		"nothing":             {"gzip", nil, nil, ""},
		"gzip that is none":   {"gzip", text, text, "is not in gzip"},
		"deflate that is not": {"deflate", []byte("\xff\xff\xff"), []byte("\xff\xff\xff"), "is not in deflate"},
		"br":                  {"br", []byte("\x0b\x02\x80"), []byte("\x0b\x02\x80"), "content coding br"},
		"an odd name":         {"a b", text, text, "content coding ?"},
	} {
		t.Run(name, func(t *testing.T) {
			url, asked := codingServer(t, c.coding, c.sent)
			answer, err := get(t, loopback(t, Options{}), url)
			if err != nil || !bytes.Equal(answer.Body, c.want) || answer.Truncated {
				t.Fatalf("%q, %v", answer.Body, err)
			}
			if (c.detail == "") != (answer.Detail == "") || !strings.Contains(answer.Detail, c.detail) {
				t.Errorf("detail %q", answer.Detail)
			}
			if accepts := <-asked; accepts != "gzip, deflate" {
				t.Errorf("Accept-Encoding: %q", accepts)
			}
		})
	}
}

// What does not inflate to its end fails as a body does that breaks off.
func TestBrokenCodings(t *testing.T) {
	gz := compress(t, "gzip", bytes.Repeat([]byte("0123456789abcdef"), 100))
	for name, sent := range map[string][]byte{"cut": gz[:len(gz)-9], "sum": append(bytes.Clone(gz[:len(gz)-8]), "\x00\x00\x00\x00\x00\x00\x00\x00"...), "head": {0x1f, 0x8b, 9}} {
		url, _ := codingServer(t, "gzip", sent)
		answer, err := get(t, loopback(t, Options{}), url)
		if err == nil || answer == nil || answer.Status != 200 || err.Word != WordProtocol || !strings.Contains(err.Text, "inflated") || answer.Detail != err.Text {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A header of the user says which codings are taken, and one that is relayed has none
// of ours.
func TestAcceptEncodingOfTheUser(t *testing.T) {
	url, asked := codingServer(t, "", nil)
	tr := loopback(t, Options{})
	for _, c := range []struct {
		request Request
		want    string
	}{
		{Request{Header: [][2]string{{"accept-ENCODING", "identity"}}}, "identity"}, {Request{Relayed: true}, ""},
	} {
		c.request.Method, c.request.URL = "POST", url
		if _, err := tr.Do(t.Context(), &c.request); err != nil {
			t.Fatal(err)
		}
		if got := <-asked; got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// The bound holds for what was inflated: a bomb costs no more than that.
func TestBombsAreCut(t *testing.T) {
	const size = 32 << 20
	bombs := map[string][]byte{}
	for _, coding := range []string{"gzip", "zlib", "flate"} {
		bombs[coding] = compress(t, coding, make([]byte, size))
	}
	bombs["twice"] = compress(t, "gzip", bombs["gzip"])
	for name, bomb := range bombs {
		coding := map[string]string{"gzip": "gzip", "twice": "gzip, gzip"}[name]
		if coding == "" {
			coding = "deflate"
		}
		url, _ := codingServer(t, coding, bomb)
		tr := loopback(t, Options{})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		answer, err := tr.Do(t.Context(), &Request{Method: "GET", URL: url, MaxAnswer: 1 << 20})
		runtime.ReadMemStats(&after)
		if err != nil || !answer.Truncated || len(answer.Body) != 1<<20 {
			t.Errorf("%s: %v", name, err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
			t.Errorf("%s took %d bytes", name, took)
		}
	}
	exact, _ := codingServer(t, "gzip", compress(t, "gzip", make([]byte, 1<<20)))
	answer, err := loopback(t, Options{}).Do(t.Context(), &Request{Method: "GET", URL: exact, MaxAnswer: 1 << 20})
	if err != nil || answer.Truncated || len(answer.Body) != 1<<20 {
		t.Errorf("exactly the bound: %v", err)
	}
}

// An endless row of empty members is read no further than what its bound is worth.
func TestEmptyMembersEnd(t *testing.T) {
	empty := compress(t, "gzip", nil)
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		for r.Context().Err() == nil {
			if _, err := w.Write(bytes.Repeat(empty, 100)); err != nil {
				return
			}
		}
	})
	answer, err := get(t, loopback(t, Options{}), url)
	if err != nil || !answer.Truncated {
		t.Errorf("%+v, %v", answer, err)
	}
}

// FuzzInflate holds any bytes in any coding to the bound.
func FuzzInflate(f *testing.F) {
	for _, coding := range []string{"gzip", "zlib", "flate"} {
		f.Add(compress(f, coding, []byte("some text")), "gzip")
		f.Add(compress(f, coding, []byte("some text")), "deflate, GZIP,,identity")
	}
	f.Fuzz(func(t *testing.T, body []byte, codings string) {
		plain, cut, _, err := inflate(body, []byte(codings), &room{most: 100})
		if len(plain) > 100 && !bytes.Equal(plain, body) && err == nil && !cut {
			t.Errorf("%d bytes", len(plain))
		}
	})
}

// A list of codings as long as a head may be costs what it weighs: an answer of 64 KiB had
// a gigabyte moved.
func TestManyCodingsCostWhatTheyWeigh(t *testing.T) {
	for _, form := range []string{"Transfer-Encoding: " + strings.Repeat("a,", 30_000) + "chunked\r\n", strings.Repeat("Content-Encoding: a\r\n", 3000)} {
		h := new(head)
		if err := h.readOne(bufio.NewReader(strings.NewReader("HTTP/1.1 200 OK\r\n" + form + "\r\n"))); err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f := h.framing(false)
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("%.30s…: %d KB were allocated", form, took>>10)
		}
		if n := bytes.Count(f.codings, []byte("a")); n != strings.Count(form, "a,")+strings.Count(form, "Content-Encoding: a") {
			t.Errorf("%.30s…: %d codings", form, n)
		}
	}
}
