package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http/httputil"
	"strconv"
	"strings"
	"testing"
)

// followed follows b in pieces of so many bytes, and gives the length of the body and
// of its data.
func followed(c *Chunks, b []byte, piece int) (n, data int, err error) {
	for n < len(b) && !c.Over() && err == nil {
		framing, more := 0, 0
		framing, more, err = c.Next(b[n:min(n+piece, len(b))])
		n += framing + more
		data += more
	}
	return n, data, err
}

// FuzzChunks: where the strict reader sees the end of a chunked body, net/http sees it
// too, and reads as much data before it; it sees the same however the bytes are cut;
// and the lax one takes at least as much, with the same data.
func FuzzChunks(f *testing.F) {
	for _, text := range []string{
		"5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n0\r\n\r\nGET /", "00005\r\nhello\r\n000;x\r\n\r\n", "0\r\n\r\n", "0\r\nX: y\r\n\r\n",
		"1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "fffffffffffffff\r\n", "\r\n",
		strings.Repeat("1;"+strings.Repeat("a", 200)+"\r\na\r\n", 90) + "0\r\n\r\n",
	} {
		f.Add([]byte(text), uint16(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, piece uint16) {
		var c, cut Chunks
		n, length, err := followed(&c, b, len(b)+1)
		again, _, errCut := followed(&cut, b, int(piece)+1)
		if !errors.Is(errCut, err) || again != n || c.Over() != cut.Over() {
			t.Fatalf("whole: %d, %v; in pieces of %d: %d, %v", n, err, piece+1, again, errCut)
		}
		lax := Chunks{Lax: true}
		data, used, errLax := lax.Unframe(bytes.Clone(b))
		if err == nil && (errLax != nil || data != length || used != n) {
			t.Fatalf("strict: %d with %d of data; lax: %d with %d, %v", n, length, used, data, errLax)
		}
		if !c.Over() || err != nil {
			return
		}
		read, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(b[:n])))
		if err != nil || len(read) != length || c.Total() != int64(length) {
			t.Fatalf("%q has %d bytes of data, of %d; net/http reads %d, %v", b[:n], length, c.Total(), len(read), err)
		}
		if _, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(b[:n-len(LastChunk)]))); err == nil {
			t.Fatalf("to net/http %q ends earlier", b[:n])
		}
	})
}

// Framing that is all noise is refused long before the data is too large; a byte a
// chunk is not.
func TestChunksCarryData(t *testing.T) {
	for chunk, want := range map[string]bool{
		"1\r\na\r\n": true, "1;abcdef\r\na\r\n": true, "1;" + strings.Repeat("a", 100) + "\r\na\r\n": false,
		"64;" + strings.Repeat("a", 200) + "\r\n" + strings.Repeat("a", 100) + "\r\n": true,
	} {
		body := []byte(strings.Repeat(chunk, 10000) + LastChunk)
		for _, lax := range []bool{false, true} {
			c := Chunks{Lax: lax}
			if _, _, err := followed(&c, body, 1<<16); (err == nil) != (want || lax) {
				t.Errorf("ten thousand times %.10q, lax %v: %v", chunk, lax, err)
			}
		}
	}
}

// unframed takes the framing off in pieces, and tells: the data, then ! for a fault, …
// for a body that goes on, and how many bytes are none of it.
func unframed(t *testing.T, c Chunks, text string, piece int) string {
	t.Helper()
	var got strings.Builder
	var err error
	left := 0
	for rest := []byte(text); len(rest) > 0 && err == nil; {
		part := bytes.Clone(rest[:min(piece, len(rest))])
		rest = rest[len(part):]
		n, used := 0, 0
		n, used, err = c.Unframe(part)
		got.Write(part[:n])
		left += len(part) - used
	}
	switch {
	case errors.Is(err, ErrTrailers):
		got.WriteString("T")
	case err != nil:
		got.WriteString("!")
	case !c.Over():
		got.WriteString("…")
	case left > 0:
		got.WriteString("+" + strconv.Itoa(left))
	}
	return got.String()
}

func TestUnframe(t *testing.T) {
	for text, want := range map[string]struct{ lax, strict string }{
		"0\r\n\r\n":                                               {"", ""},
		"5\r\nhello\r\n0\r\n\r\n":                                 {"hello", "hello"},
		"5\r\nhello\r\n0\r\n":                                     {"hello…", "hello…"},
		"00005;a=\"b\"\r\nhello\r\n000\r\n\r\nx":                  {"hello+1", "hello+1"},
		"00005 ;a=\"b\"\r\nhello\r\n000\r\n\r\nx":                 {"hello+1", "!"},
		"5\t\r\nhello\r\n0\r\n\r\n":                               {"hello", "!"},
		"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\nT: v\r\n\r\n": {"01234567890123456789", "01234567890123456789T"},
		"\r\n":                                   {"!", "!"},
		" 5\r\n":                                 {"!", "!"},
		"g\r\n":                                  {"!", "!"},
		"5\nhello\r\n":                           {"!", "!"},
		"5\r\nhello\n0\r\n\r\n":                  {"hello!", "hello!"},
		"5\r\nhelloX\r\n":                        {"hello!", "hello!"},
		"5\r\nhello\rX":                          {"hello!", "hello!"},
		"5\rX":                                   {"!", "!"},
		"5;\x00\r\n":                             {"!", "!"},
		"-1\r\n":                                 {"!", "!"},
		"0x5\r\n":                                {"!", "!"},
		"fffffffffffffff\r\n":                    {"…", "…"},
		"1111111111111111\r\n":                   {"!", "!"},
		"0\r\nT: v\n\r\n":                        {"!", "T"},
		"0\r\nT: v\rX":                           {"!", "T"},
		"0\r\n\rx":                               {"!", "!"},
		"5;" + strings.Repeat("x", 256) + "\r\n": {"…", "…"},
		"5;" + strings.Repeat("x", 257):          {"!", "!"},
		"0\r\n" + strings.Repeat("T: "+strings.Repeat("v", 97)+"\r\n", 81) + "\r\n": {"", "T"},
		"0\r\n" + strings.Repeat("T: "+strings.Repeat("v", 97)+"\r\n", 82) + "\r\n": {"!", "T"},
	} {
		for _, piece := range []int{1, 2, 3, 1 << 20} {
			if got := unframed(t, Chunks{Lax: true}, text, piece); got != want.lax {
				t.Errorf("lax, %.40q in pieces of %d: %q, want %q", text, piece, got, want.lax)
			}
			if got := unframed(t, Chunks{}, text, piece); got != want.strict {
				t.Errorf("strict, %.40q in pieces of %d: %q, want %q", text, piece, got, want.strict)
			}
		}
	}
}

// FuzzFrame: whatever the sizes and the cuts, the data comes out as it went in, and
// both ways to write a chunk write the same.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("hello, world"), uint(3), uint(2))
	f.Fuzz(func(t *testing.T, data []byte, size, piece uint) {
		size, piece = size%1000+1, piece%1000+1
		var framed []byte
		for rest := data; len(rest) > 0; rest = rest[min(int(size), len(rest)):] {
			part := rest[:min(int(size), len(rest))]
			before := len(framed)
			framed = AppendChunk(framed, part)
			room := append(make([]byte, FrameBefore), part...)
			to := len(room)
			if placed := Frame(append(room, make([]byte, FrameBehind)...), FrameBefore, to); !bytes.Equal(placed, framed[before:]) {
				t.Fatalf("%q, and %q where it lies", framed[before:], placed)
			}
		}
		var c Chunks
		var got []byte
		for framed = append(framed, LastChunk...); len(framed) > 0; {
			part := framed[:min(int(piece), len(framed))]
			framed = framed[len(part):]
			n, used, err := c.Unframe(part)
			if err != nil || used != len(part) {
				t.Fatal(n, used, err)
			}
			got = append(got, part[:n]...)
		}
		if !bytes.Equal(got, data) || !c.Over() {
			t.Fatalf("%q became %q", data, got)
		}
	})
}

func BenchmarkUnframe(b *testing.B) {
	for _, size := range []int{16, 4 << 10} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			framed := bytes.Repeat(AppendChunk(nil, bytes.Repeat([]byte("x"), size)), 64<<10/size)
			scratch := make([]byte, len(framed))
			b.SetBytes(int64(len(framed)))
			b.ReportAllocs()
			for b.Loop() {
				c := Chunks{Lax: true}
				copy(scratch, framed)
				if _, _, err := c.Unframe(scratch); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
