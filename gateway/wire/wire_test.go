package wire

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestParseField(t *testing.T) {
	for line, want := range map[string]struct {
		name, value string
		err         error
	}{
		"Host: a.test":     {"Host", "a.test", nil},
		"x-a:\t b c \t":    {"x-a", "b c", nil},
		"X-A:":             {"X-A", "", nil},
		"X-A: a\tb\xff":    {"X-A", "a\tb\xff", nil},
		"X-A: http://b":    {"X-A", "http://b", nil},
		" X-A: b":          {err: ErrFold},
		"\tb":              {err: ErrFold},
		"X-A":              {err: ErrNoColon},
		"":                 {err: ErrNoColon},
		": b":              {err: ErrName},
		"X A: b":           {err: ErrName},
		"X-A : b":          {err: ErrName},
		"X-\xe9: b":        {err: ErrName},
		"X-A: a\rb":        {err: ErrValue},
		"X-A: a\x00b":      {err: ErrValue},
		"X-A: a\x7f":       {err: ErrValue},
		"X-A: b\nX-B: c\r": {err: ErrValue},
	} {
		name, value, err := ParseField([]byte(line))
		if string(name) != want.name || string(value) != want.value || !errors.Is(err, want.err) {
			t.Errorf("%q: %q, %q, %v", line, name, value, err)
		}
	}
}

func TestCutLine(t *testing.T) {
	for text, want := range map[string]struct {
		line, rest string
		ok         bool
	}{
		"a\r\nb\r\n": {"a", "b\r\n", true},
		"\r\n":       {"", "", true},
		"a\rb\r\nc":  {"a\rb", "c", true},
		"a\nb\r\n":   {"", "", false},
		"\na\r\n":    {"", "", false},
		"a\r":        {"", "", false},
		"":           {"", "", false},
	} {
		if line, rest, ok := CutLine([]byte(text)); string(line) != want.line || string(rest) != want.rest || ok != want.ok {
			t.Errorf("%q: %q, %q, %v", text, line, rest, ok)
		}
	}
}

func TestHeadEnd(t *testing.T) {
	for text, want := range map[string]int{"": 0, "a\r\n\r": 0, "a\r\n\r\n": 5, "a\r\n\r\nb\r\n\r\n": 5, "\r\n\r\n": BlankLine, "a\n\n": 0} {
		if got := HeadEnd([]byte(text)); got != want {
			t.Errorf("%q ends at %d, want %d", text, got, want)
		}
	}
}

// A walk gives every field with its place, and stops at the blank line.
func TestEachField(t *testing.T) {
	const block = "A: 1\r\nb:\r\nC: x:y\r\n"
	for _, end := range []string{"", "\r\n", "\r\nD: 4\r\n"} {
		var got strings.Builder
		for f := EachField([]byte(block + end)); f.Next(); {
			got.WriteString(string(f.Name) + "=" + string(f.Value) + "|" + block[f.Start:f.End] + "|")
		}
		if want := "A= 1|A: 1\r\n|b=|b:\r\n|C= x:y|C: x:y\r\n|"; got.String() != want {
			t.Errorf("%q: %q, want %q", end, got.String(), want)
		}
	}
}

func TestCutItem(t *testing.T) {
	for list, want := range map[string]string{"": "", "a": "a;", " a ,\tb\t,": "a;b;", ",, c": ";;c;", "a b,c": "a b;c;"} {
		var got strings.Builder
		for rest := []byte(list); len(rest) > 0; {
			var item []byte
			item, rest = CutItem(rest)
			got.WriteString(string(item) + ";")
		}
		if got.String() != want {
			t.Errorf("%q: %q, want %q", list, got.String(), want)
		}
	}
}

func TestStatusLines(t *testing.T) {
	for line, want := range map[string]int{
		"HTTP/1.1 200 OK": 200, "HTTP/1.0 404": 404, "HTTP/1.1 599 ": 599, "HTTP/1.1 100 Continue \xff": 100,
		"HTTP/1.1 099 x": 0, "HTTP/1.1 600 x": 0, "HTTP/1.1 20 OK": 0, "HTTP/1.1 2000": 0, "HTTP/1.1  200": 0, "HTTP/1.2 200 OK": 0,
		"HTTP/2 200 OK": 0, "http/1.1 200 OK": 0, "HTTP/1.1 200\tOK": 0, "HTTP/1.1 200 O\rK": 0, "HTTP/1.1 20x OK": 0, "": 0,
	} {
		s, ok := ParseStatusLine([]byte(line))
		if ok != (want != 0) || ok && s.Status != want {
			t.Errorf("%q: %+v, %v", line, s, ok)
		}
		if ok && (string(s.Text) != line[len("HTTP/1.1 "):] || s.HTTP10 != strings.HasPrefix(line, "HTTP/1.0")) {
			t.Errorf("%q: %q, HTTP/1.0 %v", line, s.Text, s.HTTP10)
		}
	}
}

func TestRequestLines(t *testing.T) {
	for line, want := range map[string]string{
		"GET / HTTP/1.1": "GET|/|HTTP/1.1", "a!b /x HTTP/1.1 ": "a!b|/x|HTTP/1.1 ", "GET  / HTTP/1.1": "GET||/ HTTP/1.1",
		"GET /": "", " / HTTP/1.1": "", "GET": "", "": "", "G\rT / HTTP/1.1": "", "GE(T / HTTP/1.1": "",
	} {
		method, target, version, ok := CutRequestLine([]byte(line))
		got := string(method) + "|" + string(target) + "|" + string(version)
		if ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q, %v", line, got, ok)
		}
	}
	for version, want := range map[string]bool{"HTTP/1.1": true, "HTTP/9.0": true, "HTTP/11": false, "http/1.1": false, "HTTP/1.1 ": false, "HTTP/x.1": false} {
		if got := IsVersion([]byte(version)); got != want {
			t.Errorf("%q: %v", version, got)
		}
	}
}

// What is taken for a length is written as the same.
func TestLength(t *testing.T) {
	for value, want := range map[string]int64{
		"0": 0, "5": 5, "0005": 5, "999999999999999999": 999999999999999999,
		"": -1, "-5": -1, "+5": -1, "5, 5": -1, " 5": -1, "5x": -1, "1000000000000000000": -1, "٣": -1,
	} {
		n, ok := Length([]byte(value))
		if ok != (want >= 0) || ok && n != want {
			t.Errorf("%q: %d, %v", value, n, ok)
		}
		if !ok {
			continue
		}
		_, written, err := ParseField(bytes.TrimSuffix(AppendLength(nil, n), []byte("\r\n")))
		if again, same := Length(written); err != nil || !same || again != n {
			t.Errorf("%d is written %q", n, AppendLength(nil, n))
		}
	}
}

func TestEscape(t *testing.T) {
	for text, want := range map[string]int{"%41": 'A', "%fF": 0xff, "%00": 0, "%4": -1, "%": -1, "%g0": -1, "%0g": -1, "%4\x00": -1} {
		c, ok := Escape([]byte(text), 0)
		if ok != (want >= 0) || ok && int(c) != want {
			t.Errorf("%q: %#x, %v", text, c, ok)
		}
	}
}

func TestIs(t *testing.T) {
	for name, want := range map[string]bool{"content-length": true, "Content-LENGTH": true, "content_length": false, "content-lengt": false, "content-lengthx": false, "": false, "cON\x0dENT-length": false} {
		if got := Is([]byte(name), "content-length"); got != want {
			t.Errorf("%q: %v", name, got)
		}
		if Is(name, "content-length") != want {
			t.Errorf("%q as a string: not %v", name, want)
		}
	}
}

// Nothing here takes memory.
func TestNoAllocations(t *testing.T) {
	head := []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close, x-a\r\n\r\n")
	dst := make([]byte, 0, 1<<10)
	n := testing.AllocsPerRun(100, func() {
		line, rest, _ := CutLine(head[:HeadEnd(head)])
		ParseStatusLine(line)
		for f := EachField(rest); f.Next(); {
			for list := f.Value; len(list) > 0; {
				_, list = CutItem(list)
			}
		}
		AppendLength(AppendField(dst, "Host", "a.test"), 12)
	})
	if n != 0 {
		t.Errorf("%g allocations", n)
	}
}
