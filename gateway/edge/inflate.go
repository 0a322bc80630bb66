package edge

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"

	"github.com/valyala/fasthttp"
)

// What Inflate refuses; any other error is of a body that is not in the coding that it
// names.
var (
	ErrCoding   = errors.New("the Content-Encoding is not one of gzip, deflate, identity")
	ErrInflated = errors.New("the inflated body is over its limit")
	ErrMemory   = errors.New("there is no memory for the inflated body")
)

// Inflate undoes a Content-Encoding, up to most bytes; a body that is not coded is given
// back as it is. What a small body grows to counts as in flight, as one that came so
// large.
func Inflate(ctx *fasthttp.RequestCtx, coding string, body []byte, most int) (inflated []byte, err error) {
	var reader io.ReadCloser
	switch strings.ToLower(coding) { // codings have no case (RFC 9110, 8.4.1)
	case "", "identity":
		return body, nil
	case "gzip", "x-gzip":
		reader, err = gzip.NewReader(bytes.NewReader(body))
	case "deflate": // RFC 9110, 8.4.1.2: the zlib format
		reader, err = zlib.NewReader(bytes.NewReader(body))
	default:
		return nil, ErrCoding
	}
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	for {
		if len(inflated) == cap(inflated) {
			if inflated, err = grow(ctx, inflated, most); err != nil {
				return nil, err
			}
		}
		n, err := reader.Read(inflated[len(inflated):cap(inflated)])
		switch inflated = inflated[:len(inflated)+n]; {
		case len(inflated) > most:
			return nil, ErrInflated
		case errors.Is(err, io.EOF):
			return inflated, nil
		case err != nil:
			return nil, err
		}
	}
}

const leastInflated = 4 << 10 // bytes

// grow doubles the memory of b, up to one byte more than may be.
func grow(ctx *fasthttp.RequestCtx, b []byte, most int) ([]byte, error) {
	size := min(max(leastInflated, 2*cap(b)), most+1)
	if err := Charge(ctx, int64(size)); err != nil {
		return nil, errors.Join(ErrMemory, err)
	}
	return append(make([]byte, 0, size), b...), nil
}
