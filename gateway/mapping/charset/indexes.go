package charset

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/binary"
	"io"
	"sync"
)

// The indexes are those of the standard, as golang.org/x/text has them: numbers of 16 bits, a
// character at each pointer, 0 where there is none. They are kept small, and opened when somebody
// first sends what is in such a charset. The library itself has them three times as large, and as
// much again to write what nobody here writes; a linker cannot leave that out, and they were 2 % of
// the program. Its decoders hold these to every byte (indexes_test.go), which makes the files, too:
//
//	go test ./gateway/mapping/charset -run TestIndexes -update
//
//go:embed indexes
var files embed.FS

var (
	single        = index("single") // 128 of each charset of single bytes
	big5          = index("big5")
	big5Plane2    = index("big5-plane2") // those from U+20000 on, without that
	eucKR         = index("euc-kr")
	gb18030       = index("gb18030")
	gb18030Ranges = index("gb18030-ranges") // of four bytes: pointer and character where each range begins
	jis0208       = index("jis0208")
	jis0212       = index("jis0212")
)

// index opens one, once.
func index(name string) func() []uint16 {
	return sync.OnceValue(func() []uint16 {
		raw, err := open(name)
		if err != nil {
			panic("charset: " + err.Error()) // it is in the binary
		}
		return raw
	})
}

// open reads the lower bytes of an index, which come first: alike they are next to each other.
func open(name string) ([]uint16, error) {
	packed, err := files.ReadFile("indexes/" + name + ".gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	index := make([]uint16, len(raw)/2)
	for i := range index {
		index[i] = binary.LittleEndian.Uint16([]byte{raw[i], raw[len(index)+i]})
	}
	return index, nil
}
