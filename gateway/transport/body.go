package transport

import (
	"bufio"
	"errors"
	"io"

	"hookgate/gateway/wire"
)

// read sets what is kept of the body, to at most so many bytes, in no coding that is
// known. After an error it has what came.
func (a *Answer) read(r *bufio.Reader, f *framing, room *room) (err error) {
	most := room.most
	if len(f.codings) == 0 {
		a.Body, a.Truncated, err = readBody(r, f.length, most, room)
		f.keeps = f.keeps && !a.Truncated
		return err
	}
	body, cut, err := readBody(r, f.length, coded(most), room)
	f.keeps = f.keeps && !cut
	var inflated error
	a.Body, a.Truncated, a.Detail, inflated = inflate(body, f.codings, room)
	if errors.Is(inflated, errNoRoom) {
		return inflated
	}
	if len(a.Body) > most { // it stayed as it came
		a.Body, a.Truncated = a.Body[:most], true
	}
	if a.Truncated = a.Truncated || cut; a.Truncated {
		return err
	}
	return first(err, inflated)
}

// readBody gives the first bytes of a body, and reads no further than to see that
// there are more. With an error it gives what came.
func readBody(r *bufio.Reader, length int64, most int, room *room) (body []byte, cut bool, err error) {
	switch length {
	case 0:
		return nil, false, nil
	case chunked:
		return readMost(room.reader(&chunkReader{from: r, chunks: wire.Chunks{Lax: true}}), most)
	case untilClose:
		return readMost(room.reader(r), most)
	}
	if err := room.take(int(min(length, int64(most)))); err != nil {
		return nil, false, err
	}
	body = make([]byte, min(length, int64(most)))
	n, err := io.ReadFull(r, body)
	return body[:n], length > int64(most), err
}

func readMost(r io.Reader, most int) (body []byte, cut bool, err error) {
	body, err = io.ReadAll(io.LimitReader(r, int64(most)+1))
	return body[:min(len(body), most)], len(body) > most, err
}

// chunkReader reads the data of a chunked body.
type chunkReader struct {
	from   *bufio.Reader
	chunks wire.Chunks
	data   int // bytes that come next
}

func (c *chunkReader) Read(p []byte) (int, error) {
	for c.data == 0 {
		if c.chunks.Over() {
			return 0, io.EOF
		}
		if err := c.advance(); err != nil {
			return 0, err
		}
	}
	n, err := c.from.Read(p[:min(len(p), c.data)])
	c.data -= n
	return n, err
}

// advance reads framing up to the next data.
func (c *chunkReader) advance() error {
	if _, err := c.from.Peek(1); err != nil {
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	ahead, _ := c.from.Peek(c.from.Buffered()) // what is there cannot fail
	framing, data, err := c.chunks.Next(ahead)
	if err != nil {
		return err
	}
	c.data = data
	_, err = c.from.Discard(framing)
	return err
}
