package proxy

import "errors"

// chunkState is what the next byte of a chunked body is.
type chunkState uint8

const (
	chunkSize      chunkState = iota // a digit of the size, or what follows it
	chunkExtension                   // in an extension, which is dropped
	chunkSizeLF
	chunkData
	chunkDataCR
	chunkDataLF
	chunkLine // the first byte of a line behind the last chunk
	chunkTrailer
	chunkTrailerLF
	chunkLastLF
	chunkEnd
)

// The bounds of what is dropped: an extension for each chunk, trailers for all.
const (
	maxExtension = 256
	maxTrailers  = 8 << 10
)

var errChunks = errors.New("the answer's chunks are malformed")

// chunks takes the framing off an answer's body, however it is cut into reads.
type chunks struct {
	state   chunkState
	digits  int
	dropped int   // bytes of the extension, or of the trailers
	left    int64 // of the chunk's data
}

// unframe moves the data in b to its front and returns its length, and how much of
// b belongs to the body.
func (c *chunks) unframe(b []byte) (data, used int, err error) {
	for used < len(b) && c.state != chunkEnd {
		if c.state != chunkData {
			if !c.step(b[used]) {
				return data, used, errChunks
			}
			used++
			continue
		}
		n := int(min(c.left, int64(len(b)-used)))
		copy(b[data:], b[used:used+n])
		data += n
		used += n
		if c.left -= int64(n); c.left == 0 {
			c.state = chunkDataCR
		}
	}
	return data, used, nil
}

// step takes one byte of framing; false says that it is out of place.
func (c *chunks) step(x byte) bool {
	switch c.state {
	case chunkSize:
		return c.sizeByte(x)
	case chunkExtension:
		if x == '\r' {
			c.state = chunkSizeLF
			return true
		}
		c.dropped++
		return classes[x]&inValue != 0 && c.dropped <= maxExtension
	case chunkSizeLF:
		c.state = chunkData
		if c.left == 0 {
			c.state, c.dropped = chunkLine, 0
		}
		return x == '\n'
	case chunkDataCR:
		c.state = chunkDataLF
		return x == '\r'
	case chunkDataLF:
		*c = chunks{}
		return x == '\n'
	case chunkLine:
		if x == '\r' {
			c.state = chunkLastLF
			return true
		}
		c.state = chunkTrailer
		return c.drop(x)
	case chunkTrailer:
		if x == '\r' {
			c.state = chunkTrailerLF
			return true
		}
		return c.drop(x)
	case chunkTrailerLF:
		c.state = chunkLine
		return x == '\n'
	default: // chunkLastLF
		c.state = chunkEnd
		return x == '\n'
	}
}

// drop takes a byte of a trailer: trailers are not passed on.
func (c *chunks) drop(x byte) bool {
	c.dropped++
	return classes[x]&inValue != 0 && c.dropped <= maxTrailers
}

func (c *chunks) sizeByte(x byte) bool {
	digit := byte(0)
	switch {
	case '0' <= x && x <= '9':
		digit = x - '0'
	case 'a' <= x|0x20 && x|0x20 <= 'f':
		digit = x | 0x20 - 'a' + 10
	case c.digits == 0:
		return false
	case x == '\r':
		c.state = chunkSizeLF
		return true
	case x == ';' || x == ' ' || x == '\t': // some servers pad the size
		c.state = chunkExtension
		return true
	default:
		return false
	}
	c.digits++
	c.left = c.left<<4 | int64(digit)
	return c.digits <= 15
}
