package keeping

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
)

// sums are what was read of an archive, to be compared with its last entry. Who made it says
// how many files it has: of each a few bytes are kept, by which one that is damaged is named,
// and the sum of all their lines decides.
type sums struct {
	heads [][headSize]byte // of the sums, in turn
	size  int64            // of the lines
	all   hash.Hash        // of the lines
}

const (
	headSize = 8
	// mostFiles is how many files a backup has at most: data folders of some eight terabytes,
	// at 2 MiB a table.
	mostFiles = 4 << 20
)

// note takes the sum of one file.
func (s *sums) note(sum []byte, name string) error {
	if len(s.heads) >= mostFiles {
		return fmt.Errorf("the backup has over %d files, which no data folder has", mostFiles)
	}
	s.heads = append(s.heads, [headSize]byte(sum))
	line := sumLine(hex.EncodeToString(sum), name)
	s.size += int64(len(line))
	_, err := io.WriteString(s.all, line)
	return err
}

// end compares the sums of all with those in the last entry.
func (s *sums) end(r *tar.Reader, h *tar.Header) error {
	written := sha256.New()
	bad, err := s.compare(bufio.NewReader(io.TeeReader(io.LimitReader(r, s.size+1), written)))
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	case err != nil:
		return fmt.Errorf("reading the backup: %w", err)
	case bad != "":
		return fmt.Errorf("the backup is damaged: %s is not as it was written", bad)
	case h.Size != s.size || !bytes.Equal(written.Sum(nil), s.all.Sum(nil)):
		return errors.New("the backup is damaged: files are missing that were written, or " + sumsName + " is not as it was written")
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		return errors.New("the backup goes on behind its last entry")
	}
	return nil
}

// compare names the first file whose sum is another than was written; "": none is.
func (s *sums) compare(lines *bufio.Reader) (bad string, err error) {
	for n := 0; ; n++ {
		line, err := lines.ReadSlice('\n')
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return bad, err
		}
		if len(line) == 0 {
			return bad, nil
		}
		if bad != "" || n >= len(s.heads) || strings.HasPrefix(string(line), hex.EncodeToString(s.heads[n][:])) {
			continue
		}
		bad = sumsName // where the line is none
		if _, name, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), "  "); name == aboutName || fileNames().MatchString(name) {
			bad = name
		}
	}
}
