package stream

import (
	"strconv"
	"strings"
)

// An id says how far a reader is in the events of each node: for each its epoch and a number,
// "3f9a0c12d4e5-2s.91bb07c2a6d0-f". So any node goes on where another has stopped. To others
// it is opaque.

func appendPosition(dst []byte, epoch string, seq uint64) []byte {
	return strconv.AppendUint(append(append(dst, epoch...), '-'), seq, 36)
}

// MostID is the longest id that is looked at, in bytes: that of about a hundred nodes.
const MostID = 4 << 10

// positions reads an id; nil where it is none.
func positions(id string) map[string]uint64 {
	at := map[string]uint64{}
	for one := range strings.SplitSeq(id, ".") {
		epoch, text, found := strings.Cut(one, "-")
		seq, err := strconv.ParseUint(text, 36, 64)
		if !found || err != nil {
			return nil
		}
		at[epoch] = seq
	}
	return at
}
