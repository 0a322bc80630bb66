package charset

import (
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/transform"
)

var update = flag.Bool("update", false, "write the files of indexes anew, of what golang.org/x/text decodes")

// TestIndexes holds the indexes to the library that they are from, pointer by pointer.
func TestIndexes(t *testing.T) {
	for name, want := range indexesOf(t) {
		if *update {
			write(t, name, want)
		}
		if got, err := open(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("index %s has %d pointers (%v), and not the %d of golang.org/x/text: run this with -update", name, len(got), err, len(want))
		}
	}
}

// write writes the lower bytes of an index, then the upper ones.
func write(t *testing.T, name string, index []uint16) {
	t.Helper()
	raw := make([]byte, 2*len(index))
	for i, c := range index {
		raw[i], raw[len(index)+i] = byte(c), byte(c>>8)
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	_, err = z.Write(raw)
	if err := errors.Join(err, z.Close(), os.WriteFile(filepath.Join("indexes", name+".gz"), b.Bytes(), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// indexesOf decodes each pointer by the library.
func indexesOf(t *testing.T) map[string][]uint16 {
	t.Helper()
	of := map[string][]uint16{}
	for i := 1; i <= singles; i++ {
		for b := range 128 {
			of["single"] = append(of["single"], narrow(its(t, Charset{uint8(i)}.String(), byte(0x80+b))))
		}
	}
	for pointer := range 126 * 157 {
		trail := pointer % 157
		r := its(t, "big5", byte(0x81+pointer/157), byte(trail+two(trail < 63, 0x40, 0x62)))
		of["big5"] = append(of["big5"], narrow(r))
		of["big5-plane2"] = append(of["big5-plane2"], narrow(r-0x20000))
	}
	for pointer := range 126 * 190 {
		lead, trail := byte(0x81+pointer/190), pointer%190
		of["euc-kr"] = append(of["euc-kr"], narrow(its(t, "euc-kr", lead, byte(0x41+trail))))
		of["gb18030"] = append(of["gb18030"], narrow(its(t, "gb18030", lead, byte(trail+two(trail < 63, 0x40, 0x41)))))
	}
	before := rune(-2)
	for pointer := range 39420 {
		r := its(t, "gb18030", byte(0x81+pointer/12600), byte('0'+pointer/1260%10), byte(0x81+pointer/10%126), byte('0'+pointer%10))
		if r != before+1 {
			of["gb18030-ranges"] = append(of["gb18030-ranges"], uint16(pointer), narrow(r))
		}
		before = r
	}
	for pointer := range 60 * 188 {
		lead, trail := pointer/188, pointer%188
		of["jis0208"] = append(of["jis0208"], narrow(its(t, "shift_jis", byte(lead+two(lead < 31, 0x81, 0xc1)), byte(trail+two(trail < 63, 0x40, 0x41)))))
	}
	for pointer := range 94 * 94 {
		of["jis0212"] = append(of["jis0212"], narrow(its(t, "euc-jp", 0x8f, byte(0xa1+pointer/94), byte(0xa1+pointer%94))))
	}
	for name, index := range of {
		end := len(index)
		for end > 0 && index[end-1] == 0 && name != "single" {
			end--
		}
		of[name] = index[:end]
	}
	return of
}

func two(first bool, a, b int) int {
	if first {
		return a
	}
	return b
}

// its gives the one character that some bytes are for the library; U+FFFD for none, and for two.
func its(t *testing.T, name string, text ...byte) rune {
	t.Helper()
	decoded, err := encodingOf(t, name).NewDecoder().Bytes(text)
	if err != nil {
		t.Fatalf("%x in %s: %v", text, name, err)
	}
	if r := []rune(string(decoded)); len(r) == 1 {
		return r[0]
	}
	return '\ufffd'
}

// narrow gives a character as an index has it.
func narrow(r rune) uint16 {
	if r < 0 || r > 0xffff || r == '\ufffd' {
		return 0
	}
	return uint16(r)
}

func encodingOf(t testing.TB, name string) encoding.Encoding {
	e, err := htmlindex.Get(name)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return e
}

// theirs decodes by the library, as this package did before it had indexes of its own: what became
// U+FFFD is none of the charset, unless it is written as the same text again.
func theirs(t testing.TB, name string, text []byte) (decoded []byte, bad int) {
	e := encodingOf(t, name)
	if strings.HasPrefix(name, "utf-16") {
		if bytes.HasPrefix(text, []byte("\xfe\xff")) {
			e = encodingOf(t, "utf-16be")
		} else if bytes.HasPrefix(text, []byte("\xff\xfe")) {
			e = encodingOf(t, "utf-16le")
		}
	}
	decoded, err := e.NewDecoder().Bytes(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := encoding.HTMLEscapeUnsupported(e.NewEncoder()).Bytes(decoded)
	if bytes.Contains(decoded, []byte("\ufffd")) && (err != nil || !bytes.Equal(again, text)) {
		return nil, firstBad(e.NewDecoder(), text)
	}
	return bytes.TrimPrefix(decoded, mark), -1
}

func firstBad(d transform.Transformer, text []byte) int {
	var room [16]byte
	for at, n := 0, 1; at < len(text); {
		end := min(at+n, len(text))
		written, read, err := d.Transform(room[:], text[at:end], end == len(text))
		switch {
		case bytes.Contains(room[:written], []byte("\ufffd")):
			return at
		case read > 0:
			at, n = at+read, 1
		case errors.Is(err, transform.ErrShortSrc) && end < len(text):
			n++
		default:
			return at
		}
	}
	return 0
}

// TestAllBytes holds each charset to the library: every two bytes, and every four of which the
// first two can begin a character of more; each with a letter behind.
func TestAllBytes(t *testing.T) {
	for i := 1; i < len(all); i++ {
		c := Charset{uint8(i)}
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			compared := 0
			for lead := range 256 {
				for trail := range 256 {
					compare(t, c, []byte{byte(lead), byte(trail), 'a', 0})
					compared++
					switch name := c.String(); {
					case name == "euc-jp" && lead == 0x8f, name == "iso-2022-jp" && lead < 0x80 && trail < 0x80:
						compare(t, c, []byte{0x1b, '$', 'B', byte(lead), byte(trail)})
						compare(t, c, []byte{0x1b, '$', '(', 'D', byte(lead), byte(trail)})
						for third := range 256 {
							compare(t, c, []byte{byte(lead), byte(trail), byte(third)})
						}
					case strings.HasPrefix(name, "utf-16"):
						compare(t, c, []byte{0x3d, 0xd8, byte(lead), byte(trail)})
						compare(t, c, []byte{0xd8, 0x3d, byte(lead), byte(trail)})
					case name == "gb18030" && slices.Contains([]int{0x80, 0x81, 0x84, 0x85, 0x90, 0xe3, 0xff}, lead) && '0' <= trail && trail <= '9':
						for third := range 256 {
							for fourth := range 13 {
								compare(t, c, []byte{byte(lead), byte(trail), byte(third), byte('0' - 1 + fourth)})
							}
						}
					}
				}
			}
			if compared != 1<<16 {
				t.Fatalf("compared %d", compared)
			}
		})
	}
}

// strict says what is refused that the library takes for something else: what the standard does
// not know as a trail.
func strict(c Charset, text []byte) bool {
	switch c.String() {
	case "gb18030": // a second byte from 0x3a to 0x3f, which it reads as a digit above nine
		return len(text) > 1 && text[0] > 0x80 && ':' <= text[1] && text[1] < '@'
	case "iso-2022-jp": // a row or column that is none, by which it reads another; and NUL for none
		return bytes.IndexByte(text, 0x1b) >= 0
	}
	return false
}

func compare(t testing.TB, c Charset, text []byte) {
	got, bad := c.Decode(text)
	want, wantBad := theirs(t, c.String(), text)
	if (bad != wantBad || !bytes.Equal(got, want)) && !(bad >= 0 && strict(c, text)) {
		t.Errorf("%x in %s is %q, bad at %d; golang.org/x/text says %q, %d", text, c, got, bad, want, wantBad)
	}
}

// TestLabels holds the names to the library's.
func TestLabels(t *testing.T) {
	n := 0
	for i := range all {
		for label := range strings.FieldsSeq(all[i].labels) {
			n++
			if name, err := htmlindex.Name(encodingOf(t, label)); err != nil || name != (Charset{uint8(i)}).String() {
				t.Errorf("%s is %s, and not %s (%v)", label, name, Charset{uint8(i)}, err)
			}
		}
	}
	if n != 221 {
		t.Errorf("%d labels, and the standard has 221 of what it decodes", n)
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range []struct{ label, text string }{{"shift_jis", "\x93\xfa\x96\x7b"}, {"gbk", "\xd6\xd0\xce\xc4"}, {"windows-1252", "caf\xe9"}} {
		b.Run(c.label, func(b *testing.B) {
			set, _ := Of(c.label)
			text := bytes.Repeat([]byte(c.text), 1<<10)
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, bad := set.Decode(text); bad >= 0 {
					b.Fatal(bad)
				}
			}
		})
	}
}
