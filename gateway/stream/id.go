package stream

import (
	"strconv"
	"strings"
)

// An id is the epoch and a number: "3f9a0c12d4e5-2s". To others it is opaque.

func appendID(dst []byte, epoch string, seq uint64) []byte {
	return strconv.AppendUint(append(append(dst, epoch...), '-'), seq, 36)
}

// seqOf reads an id of this epoch; false where it is of another, or none.
func seqOf(id, epoch string) (seq uint64, ok bool) {
	text, found := strings.CutPrefix(id, epoch+"-")
	if !found {
		return 0, false
	}
	seq, err := strconv.ParseUint(text, 36, 64)
	return seq, err == nil
}
