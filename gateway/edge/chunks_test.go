package edge

import (
	"bytes"
	"io"
	"net/http/httputil"
	"strings"
	"testing"

	"hookgate/gateway"
)

func anySize(int64, int64) *gateway.Error { return nil }

// scanned follows b in pieces of so many bytes.
func scanned(b []byte, piece int) (n int, c chunks, ok bool) {
	for n < len(b) && c.state != chunkEnd {
		used, fault := c.scan(b[n:min(n+piece, len(b))], anySize)
		if n += used; fault != nil {
			return n, c, false
		}
	}
	return n, c, c.state == chunkEnd
}

// FuzzChunks: where the scanner sees the end of a chunked body, net/http sees it too,
// and reads as much data before it; and it sees the same however the bytes are cut.
func FuzzChunks(f *testing.F) {
	for _, text := range []string{
		"5\r\nhello\r\n0\r\n\r\n", "5;a=b\r\nhello\r\n0\r\n\r\nGET /", "00005\r\nhello\r\n000;x\r\n\r\n", "0\r\n\r\n", "0\r\nX: y\r\n\r\n",
		"1\r\na\r\nA\r\n0123456789\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "fffffffffffffff\r\n", "\r\n",
		strings.Repeat("1;"+strings.Repeat("a", 200)+"\r\na\r\n", 90) + "0\r\n\r\n",
	} {
		f.Add([]byte(text), uint16(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, piece uint16) {
		n, c, ok := scanned(b, len(b)+1)
		if again, _, same := scanned(b, int(piece)+1); same != ok || ok && again != n {
			t.Fatalf("whole: %d, %v; in pieces of %d: %d, %v", n, ok, piece+1, again, same)
		}
		if !ok {
			return
		}
		data, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(b[:n])))
		if err != nil || int64(len(data)) != c.passed() {
			t.Fatalf("%q has %d bytes of data; net/http reads %d, %v", b[:n], c.passed(), len(data), err)
		}
		if _, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(b[:n-len("0\r\n\r\n")]))); err == nil {
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
		body := strings.Repeat(chunk, 10000)
		if _, _, ok := scanned([]byte(body+"0\r\n\r\n"), 1<<16); ok != want {
			t.Errorf("ten thousand times %.10q: taken %v, want %v", chunk, ok, want)
		}
	}
}
