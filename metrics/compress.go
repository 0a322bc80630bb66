package metrics

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// stream sends an answer on its way once it is large: until then its length can be told.
type stream struct {
	to   http.ResponseWriter
	n    int
	sent bool
}

// large is how many bytes of an answer are kept.
const large = 256 << 10

func (s *stream) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	if s.n += n; !s.sent && s.n >= large {
		s.sent = true
		if f, can := s.to.(http.Flusher); can {
			f.Flush()
		}
	}
	return n, err
}

// codings are those that there are, the best first.
var codings = []struct {
	name string
	pool *sync.Pool // of squeezer
}{
	{"zstd", &sync.Pool{New: func() any {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
		if err != nil {
			panic(err) // the options are constant
		}
		return z
	}}},
	{"gzip", &sync.Pool{New: func() any {
		z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err) // the level is constant
		}
		return z
	}}},
}

type squeezer interface {
	io.WriteCloser
	Reset(io.Writer)
}

// compressed gives the writer of an answer in the coding that is asked for, and what ends
// it.
func compressed(to io.Writer, answer http.Header, accept string) (io.Writer, func(error) error) {
	best, most := -1, 0.0
	for i, c := range codings {
		if q := quality(accept, c.name); q > most {
			best, most = i, q
		}
	}
	if best < 0 {
		return to, func(err error) error { return err }
	}
	c := codings[best]
	answer.Set("Content-Encoding", c.name)
	z := c.pool.Get().(squeezer)
	z.Reset(to)
	return z, func(err error) error {
		if err == nil { // else it is not whole, and must not end as if it were
			err = z.Close()
		}
		z.Reset(nil)
		c.pool.Put(z)
		return err
	}
}

// quality is how much a coding is wanted (RFC 9110 12.5.3), 0 for not at all. A star
// wants none of ours: what is not named may not be understood.
func quality(accept, coding string) float64 {
	for one := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(one, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		value, is := strings.CutPrefix(strings.TrimSpace(params), "q=")
		if !is {
			return 1
		}
		q, err := strconv.ParseFloat(value, 64)
		if err != nil || q < 0 || q > 1 {
			return 0
		}
		return q
	}
	return 0
}
