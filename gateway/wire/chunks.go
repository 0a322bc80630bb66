package wire

import "errors"

// chunkState is what the next byte of a chunked body is.
type chunkState uint8

const (
	chunkSize      chunkState = iota // a digit of the size, or what follows it
	chunkExtension                   // in an extension, which is skipped
	chunkSizeLF                      // the LF of the size line
	chunkData                        // in the data
	chunkDataCR                      // the CRLF behind the data
	chunkDataLF
	chunkLine // the first byte of a line behind the last chunk
	chunkTrailer
	chunkTrailerLF
	chunkLastLF // the LF of the blank line
	chunkEnd    // of what follows the body
)

// The bounds of what is framing and not data, in bytes but for the digits.
const (
	maxSizeDigits = 15 // the most that fasthttp reads
	maxExtension  = 256
	maxTrailers   = 8 << 10 // of all together
	// maxExcess bounds what there is beyond a fair share of each chunk: else a body of a
	// megabyte could take a gigabyte to read. It is as net/http has it.
	maxExcess = 16 << 10
)

// What may be out of place in a chunked body.
var (
	ErrChunk    = errors.New("the chunked body is malformed")
	ErrTrailers = errors.New("the chunked body has trailers")
)

// Chunks follows the framing of a chunked body (RFC 9112 7.1), however it is cut into
// reads. The zero value takes what every reader reads alike, and bounds how much of
// it is framing.
type Chunks struct {
	// Lax takes what servers of our own choice are known to send: white space behind a
	// size, and trailers, which are dropped. How much is framing is not bounded.
	Lax bool

	state  chunkState
	digits int
	extra  int   // bytes of the extension, with its semicolon, or of the trailers
	left   int64 // of the chunk's data
	total  int64 // of all chunks so far, this one included
	excess int64 // bytes of framing so far beyond their share
}

// Over reports whether the body has ended.
func (c *Chunks) Over() bool { return c.state == chunkEnd }

// Total gives the bytes of data of all chunks whose sizes were read.
func (c *Chunks) Total() int64 { return c.total }

// Next follows b, which stands behind all that was followed before: it begins with so
// many bytes of framing, and then of data. It goes no further than the data of one
// chunk, nor than the body's end.
func (c *Chunks) Next(b []byte) (framing, data int, err error) {
	for c.state != chunkData {
		if framing == len(b) || c.state == chunkEnd {
			return framing, 0, nil
		}
		if !c.step(b[framing]) {
			return framing, 0, c.fault()
		}
		framing++
	}
	data = int(min(c.left, int64(len(b)-framing)))
	if c.left -= int64(data); c.left == 0 {
		c.state = chunkDataCR
	}
	return framing, data, nil
}

// Unframe moves the data in b to its front and returns its length, and how much of b
// belongs to the body.
func (c *Chunks) Unframe(b []byte) (data, used int, err error) {
	for used < len(b) && c.state != chunkEnd {
		framing, n, err := c.Next(b[used:])
		used += framing
		if err != nil {
			return data, used, err
		}
		copy(b[data:], b[used:used+n])
		data += n
		used += n
	}
	return data, used, nil
}

// fault is why step stopped.
func (c *Chunks) fault() error {
	if c.state == chunkLine && !c.Lax {
		return ErrTrailers
	}
	return ErrChunk
}

// step takes one byte of framing; false says that it is out of place.
func (c *Chunks) step(x byte) bool {
	switch c.state {
	case chunkSize:
		return c.sizeByte(x)
	case chunkExtension:
		if x == '\r' {
			c.state = chunkSizeLF
			return true
		}
		return c.skip(x, 1+maxExtension)
	case chunkSizeLF:
		return x == '\n' && c.sized()
	case chunkDataCR:
		c.state = chunkDataLF
		return x == '\r'
	case chunkDataLF:
		c.state, c.digits, c.extra = chunkSize, 0, 0
		return x == '\n'
	}
	return c.endByte(x)
}

// endByte takes a byte of what follows the last chunk.
func (c *Chunks) endByte(x byte) bool {
	switch c.state {
	case chunkLine:
		if x == '\r' {
			c.state = chunkLastLF
			return true
		}
		if !c.Lax {
			return false
		}
		c.state = chunkTrailer
		return c.skip(x, maxTrailers)
	case chunkTrailer:
		if x == '\r' {
			c.state = chunkTrailerLF
			return true
		}
		return c.skip(x, maxTrailers)
	case chunkTrailerLF:
		c.state = chunkLine
		return x == '\n'
	default: // chunkLastLF
		c.state = chunkEnd
		return x == '\n'
	}
}

// skip takes a byte that means nothing here, as one of at most so many.
func (c *Chunks) skip(x byte, most int) bool {
	c.extra++
	return Value.Has(x) && c.extra <= most
}

func (c *Chunks) sizeByte(x byte) bool {
	switch {
	case Hex.Has(x):
		c.digits++
		c.left = c.left<<4 | int64(nibble(x))
		return c.digits <= maxSizeDigits
	case c.digits == 0:
		return false
	case x == ';' || c.Lax && (x == ' ' || x == '\t'):
		c.state, c.extra = chunkExtension, 1
		return true
	default:
		c.state = chunkSizeLF
		return x == '\r'
	}
}

// sized ends a size line, and counts the framing of its chunk: two line ends, size and
// extension. Even chunks of one byte each pass.
func (c *Chunks) sized() bool {
	c.excess = max(0, c.excess+4+int64(c.digits+c.extra)-16-2*c.left)
	c.total += c.left
	if c.state = chunkData; c.left == 0 {
		c.state, c.extra = chunkLine, 0
	}
	return c.Lax || c.excess <= maxExcess
}
