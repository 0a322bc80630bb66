package api_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/api"
	"hookgate/gateway/keeping"
)

// point is a checkpoint of one file, which begins to be read when it may.
type point struct {
	text    string
	reading chan struct{} // is told, and waits; nil: neither
	closed  chan struct{} // told of each
	err     error
}

func (p point) Files() []keeping.File {
	return []keeping.File{{Name: "format", Size: int64(len(p.text)), Copy: func(w io.Writer) error {
		if p.reading != nil {
			p.reading <- struct{}{}
			<-p.reading
		}
		if p.err != nil {
			return p.err
		}
		_, err := io.WriteString(w, p.text)
		return err
	}}}
}
func (point) Scarce() bool   { return false }
func (p point) Close() error { p.closed <- struct{}{}; return nil }

// backups are those of the kit, of a store that holds one file.
func (k *kit) backups() *keeping.Backups {
	return backupsOf(point{text: "hookgate data, format 3\n", closed: make(chan struct{}, 8)})
}

func backupsOf(p point) *keeping.Backups {
	return keeping.New(keeping.Options{
		Checkpoint: func() (keeping.Checkpoint, error) { return p, nil }, Version: "test", Now: time.Now,
		Beside: func(withKey bool) ([]keeping.File, error) {
			if !withKey {
				return nil, nil
			}
			return []keeping.File{{Name: "master.key", Size: 3, Copy: func(w io.Writer) error { _, err := io.WriteString(w, "key"); return err }}}, nil
		},
	})
}

// A backup is an archive that is whole, of the size that was told; there is one at a time.
func TestBackup(t *testing.T) {
	p := point{text: strings.Repeat("x", 1<<20), reading: make(chan struct{}), closed: make(chan struct{})}
	k := newKit(t, func(o *api.Options) { o.Backups = backupsOf(p) })
	first := make(chan got)
	go func() { first <- k.do("POST", "/v1/backup?with_key=true", "") }()
	<-p.reading
	if g := k.do("POST", "/v1/backup", ""); g.status != 429 || g.code() != "rate_limited" {
		t.Errorf("a second backup: %d %s", g.status, g.text)
	}
	p.reading <- struct{}{}
	g := <-first
	if g.status != 200 {
		t.Fatalf("%d %.200s", g.status, g.text)
	}
	<-p.closed // after the answer was sent
	if a, err := keeping.Verify(bytes.NewReader([]byte(g.text))); err != nil || !a.WithKey || !strings.Contains(g.text, "master.key") {
		t.Errorf("%+v, %v", a, err)
	}
	if g := k.do("POST", "/v1/backup?with_key=yes", ""); g.status != 422 {
		t.Errorf("%d %s", g.status, g.text)
	}
	if g := k.do("POST", "/v1/resume", ""); g.status != 200 || g.text != `{"result":"ok","was_held":false}` {
		t.Errorf("%d %s", g.status, g.text)
	}
}

// What is cut off in the middle is seen to be: the connection ends before its length.
func TestBackupCut(t *testing.T) {
	p := point{text: "x", closed: make(chan struct{}), err: errors.New("the disk went away")}
	k := newKit(t, func(o *api.Options) { o.Backups = backupsOf(p) })
	if _, err := k.try(adminToken, "POST", "/v1/backup", ""); err == nil {
		t.Error("a cut backup was read as whole")
	}
	<-p.closed
}
