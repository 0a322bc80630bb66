package keeping

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"hookgate/gateway"
)

// The entries of an archive that are no files of the data folder.
const (
	aboutName = "backup.json" // the first
	sumsName  = "SHA256SUMS"  // the last
)

// About says what an archive is.
type About struct {
	Version  string    `json:"version"`  // of the hookgate that made it
	At       time.Time `json:"at"`       // all that was acknowledged before is in it
	WithKey  bool      `json:"with_key"` // the master key is in it
	Archived int       `json:"archive"`  // the version of this form
}

// archiveVersion is that of the form of archives.
const archiveVersion = 1

// File is one file of a data folder, by its path in it, with slashes.
type File struct {
	Name string
	Size int64
	// Copy writes what is in it, Size bytes.
	Copy func(io.Writer) error
}

// fileNames are those that a data folder has, and so an archive: nothing that leads out of
// the folder, and none by which a start would be fooled.
var fileNames = gateway.Pattern(`^(format|known|sealed|master\.key|pebble/[A-Za-z0-9][A-Za-z0-9._-]{0,79})$`)

// versions are those that a hookgate can have.
var versions = gateway.Pattern(`^[ -~]{0,128}$`)

// block is what a tar is made of.
const block = 512

// archiveSize is how many bytes an archive has: it is told before the first is sent.
func archiveSize(about []byte, files []File) int64 {
	entry := func(size int64) int64 { return block + (size+block-1)/block*block }
	size, sums := entry(int64(len(about))), sumLine("", aboutName)
	for _, f := range files {
		size += entry(f.Size)
		sums += sumLine("", f.Name)
	}
	return size + entry(int64(len(sums))+int64(len(files)+1)*sumSize) + 2*block
}

// sumSize is how long a sum is as text.
const sumSize = 2 * sha256.Size

func sumLine(sum, name string) string { return sum + "  " + name + "\n" }

// writeArchive writes the files, and what is said about them.
func writeArchive(w io.Writer, about []byte, at time.Time, files []File) error {
	t := tar.NewWriter(w)
	var sums strings.Builder
	put := func(name string, size int64, copy func(io.Writer) error) error {
		if err := t.WriteHeader(&tar.Header{Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Size: size, ModTime: at.Truncate(time.Second)}); err != nil {
			return err
		}
		sum := sha256.New()
		if err := copy(io.MultiWriter(t, sum)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		sums.WriteString(sumLine(hex.EncodeToString(sum.Sum(nil)), name))
		return nil
	}
	text := func(text []byte) func(io.Writer) error {
		return func(w io.Writer) error { _, err := w.Write(text); return err }
	}
	if err := put(aboutName, int64(len(about)), text(about)); err != nil {
		return err
	}
	for _, f := range files {
		if err := put(f.Name, f.Size, f.Copy); err != nil {
			return err
		}
	}
	all := sums.String()
	if err := put(sumsName, int64(len(all)), text([]byte(all))); err != nil {
		return err
	}
	return t.Close()
}

// Errors of an archive.
var (
	errCut     = errors.New("the backup ends before its end: its last entry, with the sums of the others, is not there; take another")
	errForeign = errors.New("this is no backup of hookgate: it does not begin with " + aboutName)
)

// readArchive gives each file to take, which reads it whole. It is an error where anything
// is not as it was written: what take was given is worth nothing then.
func readArchive(r io.Reader, take func(name string, size int64, r io.Reader) error) (a About, err error) {
	t := tar.NewReader(r)
	sums := sums{all: sha256.New()}
	for first := true; ; first = false {
		h, err := t.Next()
		switch {
		case first && (errors.Is(err, tar.ErrHeader) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
			return a, errors.Join(errForeign, err)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return a, errCut
		case err != nil:
			return a, fmt.Errorf("reading the backup: %w", err)
		case h.Typeflag != tar.TypeReg:
			return a, fmt.Errorf("the backup has an entry %.100q that is no file", h.Name)
		case isSparse(h):
			return a, fmt.Errorf("the backup has an entry %.100q with holes, which no backup has: a few bytes would fill the disk", h.Name)
		case first:
			err = a.read(h, t, &sums)
		case h.Name == sumsName:
			return a, sums.end(t, h)
		case !fileNames().MatchString(h.Name):
			return a, fmt.Errorf("the backup has an entry %.100q, which no data folder has", h.Name)
		default:
			err = takeEntry(h, t, &sums, take)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return a, errCut
		}
		if err != nil {
			return a, err
		}
	}
}

// isSparse says whether a file has holes, of which a tar tells with a few bytes. Its type may
// be that of any file (GNU tar, "PAX Format, Version 1.0").
func isSparse(h *tar.Header) bool {
	for record := range h.PAXRecords {
		if strings.HasPrefix(record, "GNU.sparse.") {
			return true
		}
	}
	return false
}

func takeEntry(h *tar.Header, r io.Reader, sums *sums, take func(string, int64, io.Reader) error) error {
	sum := sha256.New()
	if err := take(h.Name, h.Size, io.TeeReader(r, sum)); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	return sums.note(sum.Sum(nil), h.Name)
}

// read reads what the archive says about itself.
func (a *About) read(h *tar.Header, r io.Reader, sums *sums) error {
	if h.Name != aboutName || h.Size > 4<<10 {
		return errForeign
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, a); err != nil {
		return errors.Join(errForeign, err)
	}
	if !versions().MatchString(a.Version) { // it is shown on a terminal, which does what control characters say
		return errors.Join(errForeign, errors.New("its version is none"))
	}
	if a.Archived < 1 || a.Archived > archiveVersion {
		return fmt.Errorf("the backup has form %d, written by hookgate %s; this one knows up to %d", a.Archived, a.Version, archiveVersion)
	}
	sum := sha256.Sum256(text)
	return sums.note(sum[:], aboutName)
}
