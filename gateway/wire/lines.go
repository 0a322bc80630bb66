package wire

import "bytes"

// CutLine cuts the line before the first CRLF; ok is false where there is no LF, or
// one without CR. A lone CR stays in the line, where no class has it.
func CutLine(b []byte) (line, rest []byte, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' {
		return nil, nil, false
	}
	return b[:i-1], b[i+1:], true
}

// HeadEnd gives the length of the head with which b begins, its blank line included;
// 0 while it is not whole.
func HeadEnd(b []byte) int {
	i := bytes.Index(b, blankLine)
	if i < 0 {
		return 0
	}
	return i + len(blankLine)
}

var blankLine = []byte("\r\n\r\n")

// BlankLine is what ends a head, with the line end before it, in bytes.
const BlankLine = len("\r\n\r\n")

// Fields walks over the lines of fields that were judged; it ends with the block, or
// at its blank line.
type Fields struct {
	Start, End  int    // of the line in the block, with its CRLF
	Name, Value []byte // the value with the white space around it
	block       []byte
}

// EachField begins a walk.
func EachField(block []byte) Fields { return Fields{block: block} }

// Next goes on to the next field; false says that there is none.
func (f *Fields) Next() bool {
	f.Start = f.End
	rest := f.block[f.Start:]
	length := bytes.IndexByte(rest, '\n') + 1
	colon := bytes.IndexByte(rest[:length], ':')
	if colon < 0 {
		return false
	}
	f.End = f.Start + length
	f.Name, f.Value = rest[:colon], rest[colon+1:length-len("\r\n")]
	return true
}
