package edge

import "hookgate/gateway"

// The states of the chunk scanner: the next byte is …
type chunkState uint8

const (
	chunkSize      chunkState = iota // a digit of the size, or what follows it
	chunkExtension                   // in an extension, which is skipped
	chunkSizeLF                      // the LF of the size line
	chunkData                        // in the data
	chunkDataCR                      // the CRLF behind the data
	chunkDataLF
	chunkLastCR // the blank line behind the last chunk: trailers are refused
	chunkLastLF
	chunkEnd // of the next request
)

// The bounds of a size line. Fifteen digits are the most that fasthttp reads.
const (
	maxSizeDigits     = 15
	maxExtensionBytes = 256
	// maxExcess bounds what is framing and not data, beyond a fair share of each chunk:
	// else a body of a megabyte could take a gigabyte to read. It is as net/http has it.
	maxExcess = 16 << 10
)

// chunks follows the framing of a chunked body, however it is cut into reads.
type chunks struct {
	state     chunkState
	digits    int
	extension int
	size      int64 // of the chunk whose size line is read
	left      int64 // of the chunk's data
	total     int64 // of all chunks so far, this one included
	excess    int64 // bytes of framing so far beyond their share
}

// passed returns how many bytes of data were followed so far.
func (c *chunks) passed() int64 { return c.total - c.left }

// scan follows b up to the end of the body and returns how many bytes of b belong
// to it. Before a chunk's data is passed, announce gets its size and the total.
func (c *chunks) scan(b []byte, announce func(size, total int64) *gateway.Error) (n int, fault *gateway.Error) {
	for n < len(b) && c.state != chunkEnd {
		if c.state == chunkData {
			skip := min(c.left, int64(len(b)-n))
			c.left -= skip
			n += int(skip)
			if c.left == 0 {
				c.state = chunkDataCR
			}
			continue
		}
		sized := c.state == chunkSizeLF
		if !c.step(b[n]) {
			if c.state == chunkLastCR {
				return n, errChunkTrailers
			}
			return n, errChunk
		}
		if sized {
			if fault = announce(c.size, c.total); fault != nil {
				return n, fault
			}
		}
		n++
	}
	return n, nil
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
		c.extension++
		return classes[x]&inValue != 0 && c.extension <= 1+maxExtensionBytes
	case chunkSizeLF:
		if x != '\n' || !c.weigh() {
			return false
		}
		c.left, c.state = c.size, chunkData
		c.total += c.size
		if c.size == 0 {
			c.state = chunkLastCR
		}
		return true
	case chunkDataCR:
		c.state = chunkDataLF
		return x == '\r'
	case chunkDataLF:
		*c = chunks{total: c.total, excess: c.excess}
		return x == '\n'
	case chunkLastCR:
		if x != '\r' {
			return false
		}
		c.state = chunkLastLF
		return true
	default: // chunkLastLF
		c.state = chunkEnd
		return x == '\n'
	}
}

// weigh counts the framing of a chunk: its two line ends, its size, its extension.
// Even chunks of one byte each pass.
func (c *chunks) weigh() bool {
	c.excess = max(0, c.excess+4+int64(c.digits+c.extension)-16-2*c.size)
	return c.excess <= maxExcess
}

func (c *chunks) sizeByte(x byte) bool {
	switch {
	case classes[x]&inHex != 0:
		c.digits++
		c.size = c.size<<4 | int64(nibble(x))
		return c.digits <= maxSizeDigits
	case c.digits == 0:
		return false
	case x == ';':
		c.state, c.extension = chunkExtension, 1
		return true
	default:
		c.state = chunkSizeLF
		return x == '\r'
	}
}
