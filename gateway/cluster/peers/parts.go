package peers

import (
	"encoding/binary"
	"errors"
)

// A message of a node is made of parts, each with its length before it.

// ErrCut is of a message that ends within a part.
var ErrCut = errors.New("a message of another node is cut")

// AppendPart appends a part.
func AppendPart(dst, part []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(part))), part...) //nolint:gosec // below MaxBody, or Ask refuses it
}

// CutPart cuts the first part off.
func CutPart(b []byte) (part, rest []byte, err error) {
	if len(b) < 4 {
		return nil, nil, ErrCut
	}
	n := binary.BigEndian.Uint32(b)
	if b = b[4:]; uint64(n) > uint64(len(b)) {
		return nil, nil, ErrCut
	}
	return b[:n], b[n:], nil
}

// CutParts takes a message apart that has nothing but parts.
func CutParts(b []byte) (parts [][]byte, err error) {
	for len(b) > 0 {
		var part []byte
		if part, b, err = CutPart(b); err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}
