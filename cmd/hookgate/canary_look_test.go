package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// canaries are secrets that were planted, by name. None of them may be seen again.
type canaries map[string]string

// plant makes a secret of 32 bytes that no text has by chance.
func (c canaries) plant(name, prefix string) string {
	raw := fmt.Sprintf("%-32s", "canary/"+name)[:32]
	value := prefix + base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(raw, " ", "~")))
	c[name] = value
	return value
}

// forms are the ways in which a secret could show itself.
func forms(secret string) map[string][]byte {
	whole := []byte(secret)
	all := map[string][]byte{
		"as it is": whole, "in hex": []byte(hex.EncodeToString(whole)), "in upper-case hex": []byte(strings.ToUpper(hex.EncodeToString(whole))),
		"in base64":     []byte(strings.TrimRight(base64.StdEncoding.EncodeToString(whole), "=")),
		"in URL base64": []byte(base64.RawURLEncoding.EncodeToString(whole)),
		"in a query":    []byte(url.QueryEscape(secret)),
	}
	for i, before := range []string{"x", "xx"} { // Basic has more before it; what is around it changes the ends
		text := base64.StdEncoding.EncodeToString([]byte(before + secret))
		all[fmt.Sprintf("in base64 after %d bytes", i+1)] = []byte(text[4 : len(text)-4])
	}
	for _, prefix := range []string{"", "whsec_"} {
		if text, has := strings.CutPrefix(secret, prefix); has {
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil && len(raw) >= 16 {
				all["decoded"], all["decoded, in hex"] = raw, []byte(hex.EncodeToString(raw))
			}
		}
	}
	return all
}

// look searches a place for every secret but those that may be seen there.
func (c canaries) look(t *testing.T, place string, text []byte, seen ...string) {
	t.Helper()
next:
	for name, secret := range c {
		for _, allowed := range seen {
			if name == allowed {
				continue next
			}
		}
		for form, want := range forms(secret) {
			if at := bytes.Index(text, want); at >= 0 {
				t.Errorf("%s shows the secret %s, %s: …%q…", place, name, form, text[max(0, at-80):min(len(text), at+40)])
				break
			}
		}
	}
}

// lookIntoFolder searches every file of a folder. One of them must have the control,
// which is no secret.
func (c canaries) lookIntoFolder(t *testing.T, folder, control string) {
	t.Helper()
	found := false
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if os.IsNotExist(err) { // the store drops old files while it runs
			return nil
		}
		found = found || bytes.Contains(text, []byte(control))
		c.look(t, path, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !found {
		t.Errorf("the data folder does not even have %q: this test looks at the wrong place", control)
	}
}
