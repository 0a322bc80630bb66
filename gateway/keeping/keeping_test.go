package keeping

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"hookgate/gateway"
)

// folder is what a fake store holds.
var folder = map[string]string{
	"format": "hookgate data, format 3\n", "known": strings.Repeat("k", 8192), "sealed": "hgs1:x",
	"pebble/000004.sst": strings.Repeat("s", 300_000), "pebble/MANIFEST-000001": "m", "pebble/000005.log": "",
}

type fakePoint struct {
	scarce bool
	closed *int
}

func (p fakePoint) Scarce() bool { return p.scarce }
func (p fakePoint) Close() error { *p.closed++; return nil }
func (fakePoint) Files() (files []File) {
	for name, text := range folder {
		files = append(files, File{name, int64(len(text)), func(w io.Writer) error { _, err := io.WriteString(w, text); return err }})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

func backups(p fakePoint, rate int64) *Backups {
	return New(Options{
		Checkpoint: func() (Checkpoint, error) { return p, nil }, Version: "v1", Now: time.Now, Rate: rate,
		Beside: func(bool) ([]File, error) { return nil, nil },
	})
}

func archive(t *testing.T) []byte {
	t.Helper()
	closed := 0
	b, err := backups(fakePoint{closed: &closed}, 0).Take(false)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := errors.Join(b.Send(&text), b.Close()); err != nil || closed != 1 {
		t.Fatal(err, closed)
	}
	if int64(text.Len()) != b.Size {
		t.Fatalf("the archive has %d bytes, and was said to have %d", text.Len(), b.Size)
	}
	return text.Bytes()
}

// files gives what is in a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		found[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return found
}

// What was backed up is there again, and held until it is released, once.
func TestRestore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "data")
	about, err := Restore(bytes.NewReader(archive(t)), dir)
	if err != nil || about.Version != "v1" || about.WithKey {
		t.Fatalf("%+v, %v", about, err)
	}
	got := files(t, dir)
	if why, err := Held(dir); why != Restored || err != nil || got["held"] == "" {
		t.Errorf("it is held for %q, %v", why, err)
	}
	delete(got, "held")
	for name, text := range folder {
		if got[name] != text {
			t.Errorf("%s is not as it was", name)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("it has %d files more", len(got))
	}
	for range 2 {
		if err := Release(dir); err != nil {
			t.Fatal(err)
		}
		if why, err := Held(dir); why != "" || err != nil {
			t.Errorf("it is held for %q, %v", why, err)
		}
	}
	if _, err := Restore(bytes.NewReader(archive(t)), dir); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("restored over what was there: %v", err)
	}
}

// Of an archive that was cut anywhere, or has any one byte changed that matters, nothing is
// restored, and the folder is as it was.
func TestRestoreRefuses(t *testing.T) {
	whole := archive(t)
	refused := func(name string, text []byte) {
		t.Helper()
		dir := t.TempDir()
		if _, err := Restore(bytes.NewReader(text), dir); err == nil {
			t.Fatalf("%s: restored", name)
		}
		if left := files(t, dir); len(left) > 0 {
			t.Fatalf("%s: left %d files", name, len(left))
		}
	}
	for size := 0; size < len(whole)-3*block; size += 1 + rand.IntN(4096) {
		refused(fmt.Sprintf("cut at %d", size), whole[:size])
	}
	for range 200 {
		at := rand.IntN(len(whole) - 2*block)
		bad := slices.Clone(whole)
		bad[at] ^= 1 << rand.IntN(8)
		dir := t.TempDir()
		if _, err := Restore(bytes.NewReader(bad), dir); err != nil {
			if left := files(t, dir); len(left) > 0 {
				t.Fatalf("byte %d changed: left %d files", at, len(left))
			}
			continue
		}
		got := files(t, dir) // what fills a block is nobody's
		for name, text := range folder {
			if got[name] != text {
				t.Fatalf("byte %d changed: restored %s as it was not", at, name)
			}
		}
	}
	refused("no archive", []byte("hello"))
	refused("more behind it", append(slices.Clone(whole[:len(whole)-2*block]), whole...))
}

// What is kept of an archive to compare it does not grow with the names and sums that it has.
func TestRestoreOfManyFiles(t *testing.T) {
	s := sums{all: sha256.New()}
	sum := sha256.Sum256(nil)
	for n := range 1000 {
		if err := s.note(sum[:], fmt.Sprintf("pebble/%06d.sst", n)); err != nil {
			t.Fatal(err)
		}
	}
	if kept := cap(s.heads) * headSize; kept > 32<<10 {
		t.Errorf("of 1000 files %d bytes are kept", kept)
	}
	s.heads = make([][headSize]byte, mostFiles)
	if err := s.note(sum[:], "pebble/x.sst"); err == nil || !strings.Contains(err.Error(), "no data folder has") {
		t.Errorf("one more than there can be: %v", err)
	}
}

// The file that is damaged is named, and the list itself where it is that.
func TestRestoreNamesTheDamage(t *testing.T) {
	whole := archive(t)
	for changed, want := range map[string]string{
		strings.Repeat("s", 300): "pebble/000004.sst is not as it was written",
		"hookgate data":          "format is not as it was written",
	} {
		bad := slices.Clone(whole)
		at := bytes.Index(bad, []byte(changed))
		bad[at] ^= 1
		if _, err := Verify(bytes.NewReader(bad)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	bad := slices.Clone(whole)
	at := bytes.LastIndex(bad, []byte("  known\n"))
	bad[at+2] = 'l'
	if _, err := Verify(bytes.NewReader(bad)); err == nil || !strings.Contains(err.Error(), sumsName+" is not as it was written") {
		t.Errorf("its list was changed: %v", err)
	}
}

// What cannot be read, or written on, is not called a foreign file.
func TestVerifyOfWhatCannotBeRead(t *testing.T) {
	away := errors.New("the disk is full")
	_, err := Verify(io.MultiReader(bytes.NewReader(archive(t)[:100]), iotest.ErrReader(away)))
	if !errors.Is(err, away) || errors.Is(err, errForeign) {
		t.Errorf("%v", err)
	}
}

// Names that lead elsewhere, or to what no data folder has, are refused before anything is
// written for them.
func TestRestoreNames(t *testing.T) {
	for _, name := range []string{"../x", "/etc/x", "pebble/../../x", "pebble/.x", "held", "lock", "pebble/a/b", `pebble\x`, "x"} {
		var text bytes.Buffer
		err := writeArchive(&text, []byte(`{"archive":1}`), time.Now(), []File{{name, 1, func(w io.Writer) error { _, err := w.Write([]byte("x")); return err }}})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := Restore(&text, filepath.Join(dir, "data")); err == nil || !strings.Contains(err.Error(), "no data folder has") {
			t.Errorf("%s: %v", name, err)
		}
		if left := files(t, dir); len(left) > 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

// A file with holes takes no bytes in an archive and any number on the disk: it is refused
// before anything of it is written.
func TestRestoreHoles(t *testing.T) {
	const size = "17179869184"
	for form, records := range map[string][]string{
		"0.0": {"GNU.sparse.size", size, "GNU.sparse.numblocks", "1", "GNU.sparse.offset", "0", "GNU.sparse.numbytes", "1"},
		"0.1": {"GNU.sparse.name", "pebble/1.sst", "GNU.sparse.size", size, "GNU.sparse.numblocks", "1", "GNU.sparse.map", "0,1"},
		"1.0": {"GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.name", "pebble/1.sst", "GNU.sparse.realsize", size},
	} {
		var pax, body strings.Builder
		for i := 0; i < len(records); i += 2 {
			pax.WriteString(paxRecord(records[i], records[i+1]))
		}
		if body.WriteString("x"); form == "1.0" {
			body.Reset()
			fmt.Fprintf(&body, "%-512sx", "1\n0\n1\n")
		}
		text := tarEntry('0', aboutName, `{"archive":1}`) + tarEntry('x', "pax", pax.String()) + tarEntry('0', "pebble/1.sst", body.String()) + strings.Repeat("\x00", 2*block)
		var most int64
		_, err := readArchive(strings.NewReader(text), func(_ string, size int64, _ io.Reader) error { most = max(most, size); return nil })
		if err == nil || !strings.Contains(err.Error(), "with holes") || most > 0 {
			t.Errorf("%s: a file of %d bytes is given out: %v", form, most, err)
		}
	}
}

// tarEntry writes one as it stands in a tar, since the writer of archive/tar knows no holes.
func tarEntry(kind byte, name, body string) string {
	h := make([]byte, block)
	for at, field := range map[int]string{
		0: name, 100: "0000600", 108: "0000000", 116: "0000000", 124: fmt.Sprintf("%011o", len(body)), 136: "00000000000", 156: string(kind), 257: "ustar\x0000",
	} {
		copy(h[at:], field)
	}
	sum := 8 * int(' ')
	for _, c := range append(h[:148:148], h[156:]...) {
		sum += int(c)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return string(h) + body + strings.Repeat("\x00", (block-len(body)%block)%block)
}

// paxRecord writes a member of a PAX header, whose length counts its own digits.
func paxRecord(key, value string) string {
	rest := " " + key + "=" + value + "\n"
	size := len(rest)
	for size < len(rest)+len(fmt.Sprint(size)) {
		size++
	}
	return fmt.Sprint(size) + rest
}

// A form that is not known is refused, with both versions named.
func TestRestoreOtherForms(t *testing.T) {
	for _, form := range []string{"9", "0", "-1"} {
		var text bytes.Buffer
		if err := writeArchive(&text, []byte(`{"archive":`+form+`,"version":"v7"}`), time.Now(), nil); err != nil {
			t.Fatal(err)
		}
		_, err := Verify(&text)
		if err == nil || !strings.Contains(err.Error(), "form "+form+", written by hookgate v7; this one knows up to 1") {
			t.Error(err)
		}
	}
}

// A file that is there twice is refused, also the one that is written last of all.
func TestRestoreTwice(t *testing.T) {
	for _, name := range []string{"format", "known", "pebble/000001.sst"} {
		one := File{name, 1, func(w io.Writer) error { _, err := w.Write([]byte("x")); return err }}
		var text bytes.Buffer
		if err := writeArchive(&text, []byte(`{"archive":1}`), time.Now(), []File{one, one}); err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if _, err := Restore(&text, filepath.Join(dir, "data")); err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("%s: %v", name, err)
		}
		if left := files(t, dir); len(left) > 0 {
			t.Errorf("%s: left %v", name, left)
		}
	}
}

// What an archive says of itself is shown on a terminal: nothing in it moves the cursor, or
// begins a line.
func TestRestoreVersions(t *testing.T) {
	for _, version := range []string{`v1\u001b[2J`, `v1\nhookgate: ok`, `v1\u009b2J`, `v1\u202e`, strings.Repeat("v", 129)} {
		for _, form := range []string{"1", "9"} {
			var text bytes.Buffer
			if err := writeArchive(&text, []byte(`{"archive":`+form+`,"version":"`+version+`"}`), time.Now(), nil); err != nil {
				t.Fatal(err)
			}
			if _, err := Verify(&text); !errors.Is(err, errForeign) || strings.Contains(err.Error(), "v1") {
				t.Errorf("%q in form %s: %v", version, form, err)
			}
		}
	}
}

// One backup at a time; it keeps its pace, and is given up where nobody reads it, where the
// disk is full, and where the process stops.
func TestBackupBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := 0
		b := backups(fakePoint{closed: &closed}, 100_000)
		first, err := b.Take(false)
		if err != nil {
			t.Fatal(err)
		}
		var known *gateway.Error
		if _, err := b.Take(false); !errors.As(err, &known) || known.Code != gateway.CodeRateLimited {
			t.Errorf("a second one: %v", err)
		}
		began := time.Now()
		if err := errors.Join(first.Send(io.Discard), first.Close()); err != nil {
			t.Fatal(err)
		}
		// The last piece is sent when those before it are paid for.
		if took, least := time.Since(began), time.Duration(float64(first.Size-piece)/100_000*float64(time.Second)); took < least-time.Second || took > least+2*time.Second {
			t.Errorf("%d bytes at 100000 a second took %s", first.Size, took)
		}
		slow, _ := b.Take(false)
		if err := slow.Send(writes(func() { time.Sleep(time.Hour) })); !errors.Is(err, errSlow) {
			t.Errorf("read slowly: %v", err)
		}
		if err := slow.Close(); err != nil {
			t.Error(err)
		}
		stopped, _ := b.Take(false)
		if err := stopped.Send(writes(b.Stop)); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped: %v", err)
		}
		if _, err := b.Take(false); !errors.As(err, &known) || known.Code != gateway.CodeDraining {
			t.Errorf("after the stop: %v", err)
		}
		full, _ := backups(fakePoint{scarce: true, closed: &closed}, 0).Take(false)
		if err := full.Send(io.Discard); !errors.Is(err, errScarce) {
			t.Errorf("on a full disk: %v", err)
		}
	})
}

// writes does something before each write.
type writes func()

func (w writes) Write(p []byte) (int, error) { w(); return len(p), nil }
