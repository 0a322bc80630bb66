package wire

import "strconv"

// LastChunk ends a chunked body that has no trailers.
const LastChunk = "0\r\n\r\n"

// The room that Frame needs around the data, in bytes.
const (
	FrameBefore = 16 // for the size line
	FrameBehind = 8  // for the line end, and LastChunk behind it
)

// AppendChunk appends data as a chunk; no data is no chunk.
func AppendChunk(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = append(strconv.AppendInt(dst, int64(len(data)), 16), '\r', '\n')
	return append(append(dst, data...), '\r', '\n')
}

// Frame gives b[from:to], which is not empty, as a chunk, framed where it lies; what
// was around it is lost.
func Frame(b []byte, from, to int) []byte {
	var size [FrameBefore]byte
	line := append(strconv.AppendInt(size[:0], int64(to-from), 16), '\r', '\n')
	start := from - len(line)
	copy(b[start:], line)
	return b[start : to+copy(b[to:], "\r\n")]
}
