package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hookgate/auth/seal"
)

func TestParseKey(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0xff, 0xbe, 7}, 8) // has + and / in base64
	want, err := seal.ParseKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []*base64.Encoding{base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if got, err := seal.ParseKey(" " + form.EncodeToString(raw) + "\n"); err != nil || got != want {
			t.Errorf("%s is refused or read as another key: %v", form.EncodeToString(raw), err)
		}
	}
	std := base64.StdEncoding.EncodeToString(raw)
	for name, text := range map[string]string{
		"empty":        "",
		"hex":          fmt.Sprintf("%x", raw),
		"31 bytes":     base64.StdEncoding.EncodeToString(raw[:31]),
		"33 bytes":     base64.StdEncoding.EncodeToString(append([]byte{1}, raw...)),
		"16 bytes":     base64.StdEncoding.EncodeToString(raw[:16]),
		"more padding": std + "=",
		"space within": std[:20] + " " + std[20:],
		"line within":  std[:20] + "\n" + std[20:],
		"stray bits":   std[:42] + "d=",
	} {
		_, err := seal.ParseKey(text)
		if err == nil {
			t.Errorf("%s: accepted", name)
		} else if len(text) > 8 && strings.Contains(err.Error(), text[:8]) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
}

func TestKeyPrintsNothing(t *testing.T) {
	raw := bytes.Repeat([]byte("K"), 32)
	k, err := seal.ParseKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%c", "%U"} {
		fmt.Fprintf(&out, format+"\n", k)
		fmt.Fprintf(&out, format+"\n", &k)
		fmt.Fprintf(&out, format+"\n", seal.KeyFile{Key: k})
	}
	if err := json.NewEncoder(&out).Encode(seal.KeyFile{Key: k}); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", k, "file", seal.KeyFile{Key: k})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", k, "file", seal.KeyFile{Key: k})
	for _, leak := range []string{"KKK", "75 75", "75,75", "4b4b", "4B4B", "S0tL", "U+004B", "0x4b"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the key is printed, as %q, in:\n%s", leak, out.String())
		}
	}
}

func TestLoadOrCreate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.key")
	if _, err := seal.Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("Load of no file: %v, want fs.ErrNotExist", err)
	}
	made, err := seal.LoadOrCreate(path)
	if err != nil || !made.Created || made.Loose {
		t.Fatalf("first start: %+v, %v", made, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("master.key has mode %v, %v, want 0600", info.Mode(), err)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("the folder holds %v, %v, want master.key alone", entries, err)
	}
	for name, load := range map[string]func(string) (seal.KeyFile, error){"Load": seal.Load, "LoadOrCreate": seal.LoadOrCreate} {
		again, err := load(path)
		if err != nil || again.Created || again.Loose || again.Key != made.Key {
			t.Errorf("%s at the second start: %+v, the same key: %t, %v", name, again, again.Key == made.Key, err)
		}
	}
	if other, err := seal.LoadOrCreate(filepath.Join(t.TempDir(), "master.key")); err != nil || other.Key == made.Key {
		t.Errorf("two folders have one key, or %v", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if loose, err := seal.LoadOrCreate(path); err != nil || !loose.Loose {
		t.Errorf("mode 0640 is not reported: %+v, %v", loose, err)
	}
}

func TestMalformedKeyFileIsLeftAlone(t *testing.T) {
	for name, text := range map[string]string{
		"empty":    "",
		"short":    "c2hvcnQ=\n",
		"text":     "my secret key\n",
		"too much": strings.Repeat("A", 1<<20),
	} {
		path := filepath.Join(t.TempDir(), "master.key")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := seal.LoadOrCreate(path)
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v, want an error that names the file", name, err)
		}
		if err != nil && text != "" && strings.Contains(err.Error(), strings.TrimSpace(text)) {
			t.Errorf("%s: the error shows the file's text", name)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != text {
			t.Errorf("%s: the file was changed, %v", name, err)
		}
	}
}

func TestLoadOrCreateWhereNoneCanBe(t *testing.T) {
	if _, err := seal.LoadOrCreate(filepath.Join(t.TempDir(), "none", "master.key")); err == nil {
		t.Error("a key was made in a folder that is not there")
	}
	folder := t.TempDir()
	if _, err := seal.LoadOrCreate(folder); err == nil {
		t.Error("a folder was taken for a key")
	}
}
