package edge

import (
	"strings"
	"testing"

	"hookgate/gateway"
)

func TestTargets(t *testing.T) {
	for target, want := range map[string]*gateway.Error{
		"/":                      nil,
		"/a/b?c=d&e=//../x":      nil,
		"/a/":                    nil,
		"/...":                   nil,
		"/.a/b.":                 nil,
		"/a%20b":                 nil,
		"/%252e%252e/x":          nil,
		"/a;b=c":                 nil,
		"/\xc3\xa9?\xc3\xa9={|}": nil,
		"":                       errTargetForm,
		"*":                      errTargetForm,
		"a/b":                    errTargetForm,
		"http://a.test/":         errTargetForm,
		"//a":                    errDoubleSlash,
		"/a//b":                  errDoubleSlash,
		"/a//":                   errDoubleSlash,
		"/.":                     errDotSegment,
		"/..":                    errDotSegment,
		"/a/../b":                errDotSegment,
		"/a/%2E%2e":              errDotSegment,
		"/a/.%2e/b":              errDotSegment,
		"/..;x=y/b":              errDotSegment,
		"/.;/b":                  errDotSegment,
		"/..%3bx/b":              errDotSegment,
		"/a%2fb":                 errSeparator,
		"/a%5Cb":                 errSeparator,
		"/a%00":                  errControl,
		"/a%7f":                  errControl,
		"/a%2fb/..":              errDotSegment,
		`/a\b`:                   errTargetByte,
		"/a#b":                   errTargetByte,
		"/a?b#c":                 errTargetByte,
		"/a\tb":                  errTargetByte,
		"/a\x7f":                 errTargetByte,
		"/a%":                    errEscape,
		"/a%4":                   errEscape,
		"/a%zz":                  errEscape,
		"/a?b=%g0":               errEscape,
	} {
		path, got := checkTarget([]byte(target))
		if got != want {
			t.Errorf("%q: %v, want %v", target, got, want)
		}
		if before, _, _ := strings.Cut(target, "?"); want == nil && string(path) != before {
			t.Errorf("%q: the path is %q", target, path)
		}
	}
}

func TestHosts(t *testing.T) {
	for host, want := range map[string]bool{
		"a.test": true, "a.test:80": true, "127.0.0.1": true, "[::1]": true, "[::1]:8080": true, "a_b-c.test.": true,
		"": false, ":80": false, "a:": false, "a:b": false, "a:123456": false, "a b": false, "a/b": false, "a,b": false,
		"u@a": false, "a%41": false, "[::1": false, "[::1%25eth0]": false, "[1.2.3.4]": false, "::1": false,
		"[::1]x": false, "é.test": false, strings.Repeat("a", 256): false,
	} {
		if got := isHost([]byte(host)); got != want {
			t.Errorf("%q: %v, want %v", host, got, want)
		}
	}
}

func TestHeads(t *testing.T) {
	const good = "Host: a.test\r\n"
	for fields, want := range map[string]*gateway.Error{
		good:                                                            nil,
		"HOST:a.test\r\n":                                               nil,
		good + "X-A:\r\n":                                               nil,
		good + "X-A: a\tb\xff\r\n":                                      nil,
		good + "Content-Length: 0005\r\n":                               nil,
		good + "Content-Length: 5 \r\n":                                 nil,
		good + "Transfer-Encoding: chunked\r\n":                         nil,
		good + "Expect: 100-continue\r\n":                               nil,
		good + "Expect: 100-Continue\r\n":                               nil,
		good + "Transfer-Encoding: CHUNKED\r\n":                         nil,
		good + "Trailer: X-T\r\n":                                       nil,
		good + strings.Repeat("a: b\r\n", 99):                           nil,
		good + strings.Repeat("a: b\r\n", 100):                          errManyFields,
		good + "Connection: close" + strings.Repeat(", a", 99) + "\r\n": nil,
		good + "Connection: " + strings.Repeat("a,", 101) + "\r\n":      errManyOptions,
		good + strings.Repeat("Connection: a, b\r\n", 51):               errManyOptions,
		good + "Connection: " + strings.Repeat(",", 8<<10) + "\r\n":     errManyOptions,
		"":          errHost,
		good + good: errHost,
		good + "Content-Length: 5\r\ncontent-length: 5\r\n":                   errLength,
		good + "Content-Length: 5, 5\r\n":                                     errLength,
		good + "Content-Length: -5\r\n":                                       errLength,
		good + "Content-Length:\r\n":                                          errLength,
		good + "Content-Length: 1000000000000000000\r\n":                      errLength,
		good + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n":          errLengthCoding,
		good + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n":          errLengthCoding,
		good + "Transfer-Encoding: gzip, chunked\r\n":                         errCoding,
		good + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n": errCoding,
		good + "Expect: 200-ok\r\n":                                           errExpect,
		good + " X-A: b\r\n":                                                  errFold,
		good + "\tb\r\n":                                                      errFold,
		good + "X-A\r\n":                                                      errNoColon,
		good + ": b\r\n":                                                      errFieldName,
		good + "X A: b\r\n":                                                   errFieldName,
		good + "X-A : b\r\n":                                                  errFieldName,
		good + "X-\xe9: b\r\n":                                                errFieldName,
		good + "X-A: a\rb\r\n":                                                errFieldValue,
		good + "X-A: a\x00b\r\n":                                              errFieldValue,
		good + "X-A: a\x7f\r\n":                                               errFieldValue,
		good + "X-A: b\nX-B: c\r\n":                                           errLoneLF,
	} {
		if _, got := checkHead([]byte("GET / HTTP/1.1\r\n" + fields + "\r\n")); got != want {
			t.Errorf("%q: %v, want %v", fields, got, want)
		}
	}
}

func TestRequestLines(t *testing.T) {
	for line, want := range map[string]*gateway.Error{
		"GET / HTTP/1.1\r\n":        nil,
		"OPTIONS / HTTP/1.0\r\n":    nil,
		"\r\nGET / HTTP/1.1\r\n":    nil,
		"\r\n\r\n":                  errBlankHead,
		"GET / HTTP/1.1\n":          errLoneLF,
		"\nGET / HTTP/1.1\r\n":      errLoneLF,
		"GET /\r\n":                 errStartLine,
		" / HTTP/1.1\r\n":           errStartLine,
		"GET  / HTTP/1.1\r\n":       errStartLine,
		"GET / HTTP/1.1 \r\n":       errStartLine,
		"GET / http/1.1\r\n":        errStartLine,
		"GET / HTTP/11\r\n":         errStartLine,
		"GET / HTTP/1.1\r\r\n":      errStartLine,
		"GET / HTTP/2.0\r\n":        errVersion,
		"GET / HTTP/0.9\r\n":        errVersion,
		"get / HTTP/1.1\r\n":        errMethod,
		"TRACE / HTTP/1.1\r\n":      errMethod,
		"CONNECT a:80 HTTP/1.1\r\n": errMethod,
	} {
		if _, got := checkHead([]byte(line + "Host: a.test\r\n\r\n")); got != want {
			t.Errorf("%q: %v, want %v", line, got, want)
		}
	}
}
