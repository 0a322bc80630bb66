package transport

import (
	"bufio"
	"io"
	"sync"
)

// Buffers are lent for one request: a connection that rests has none.
const (
	readBuffer  = 8 << 10 // for what comes in at once, in bytes; most answers have less
	writeBuffer = 4 << 10
)

var (
	readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, readBuffer) }}
	writers = sync.Pool{New: func() any { return bufio.NewWriterSize(nil, writeBuffer) }}
)

func readerOf(from io.Reader) *bufio.Reader {
	r := readers.Get().(*bufio.Reader) //nolint:forcetypeassert // the pool holds nothing else
	r.Reset(from)
	return r
}

func freeReader(r *bufio.Reader) {
	r.Reset(nil)
	readers.Put(r)
}

func writerOf(to io.Writer) *bufio.Writer {
	w := writers.Get().(*bufio.Writer) //nolint:forcetypeassert // the pool holds nothing else
	w.Reset(to)
	return w
}

func freeWriter(w *bufio.Writer) {
	w.Reset(nil)
	writers.Put(w)
}
