//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// stranger runs the program as a user whom modes bind: root may do anything. It gives a
// folder that such a user reaches, and the program's way to say something there.
func stranger(t *testing.T) (dir string, run func(args ...string) (said string, err error)) {
	t.Helper()
	dir, err := os.MkdirTemp("", "hookgate-folders-") // t.TempDir is the test's user's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "program")
	if err := errors.Join(os.Chmod(dir, 0o755), os.Link(self, binary)); err != nil {
		t.Skipf("the program cannot be put where others may run it: %v", err)
	}
	return dir, func(args ...string) (string, error) {
		c := program.Command(t, nil, args...)
		c.Path, c.Dir = binary, dir
		if os.Geteuid() == 0 {
			c.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		}
		said, err := c.CombinedOutput()
		return string(said), err
	}
}

// c24: a data folder that cannot be used says what is wrong with it, to serve and to
// check, and nothing is made, nor touched.
func TestFoldersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		make func(dir string) error // the folder, or what stands in its place
		data string
		want []string
	}{
		"it may not be written": {
			func(dir string) error { return os.MkdirAll(filepath.Join(dir, "data"), 0o555) }, "data",
			[]string{"data folder data", "permission denied", "this process may not", "mode 0555", "owner "}},
		"it may not be made": {
			func(dir string) error { return os.MkdirAll(filepath.Join(dir, "above"), 0o555) }, "above/data",
			[]string{"data folder above/data", "permission denied", "this process may not", "mode 0555"}},
		"it may not be read": {
			func(dir string) error { return os.MkdirAll(filepath.Join(dir, "data"), 0o300) }, "data",
			[]string{"data folder data", "permission denied"}},
		"its lock is another's": {
			func(dir string) error {
				err := os.MkdirAll(filepath.Join(dir, "data"), 0o777)
				return errors.Join(err, os.Chmod(filepath.Join(dir, "data"), 0o777), os.WriteFile(filepath.Join(dir, "data", "lock"), nil, 0o400))
			}, "data",
			[]string{"data folder data", "permission denied", "/lock: owner ", "mode 0400"}},
		"a file is in its place": {
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "data"), nil, 0o666) }, "data",
			[]string{"data folder data", "where a folder should be there is a file"}},
		"a file is above its place": {
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "file"), nil, 0o666) }, "file/data",
			[]string{"data folder file/data", "where a folder should be there is a file"}},
		"another program's": {
			func(dir string) error {
				err := os.MkdirAll(filepath.Join(dir, "data"), 0o777)
				return errors.Join(err, os.Chmod(filepath.Join(dir, "data"), 0o777), os.WriteFile(filepath.Join(dir, "data", "format"), []byte("of another"), 0o644))
			}, "data",
			[]string{"data/format", "is this a data folder of hookgate?"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, run := stranger(t)
			config := filepath.Join(dir, "hookgate.yaml")
			if err := errors.Join(os.WriteFile(config, []byte("store:\n  dir: "+c.data+"\n"), 0o644), c.make(dir)); err != nil {
				t.Fatal(err)
			}
			before := listing(t, dir)
			for command, args := range map[string][]string{
				"check": {"check", "hookgate.yaml"},
				"serve": {"serve", "--config", "hookgate.yaml", "--public", "127.0.0.1:0", "--internal", "127.0.0.1:0"},
			} {
				said, err := run(args...)
				if exit, is := errors.AsType[*exec.ExitError](err); !is || exit.ExitCode() != 1 {
					t.Errorf("%s: %v\n%s", command, err, said)
				}
				if command == "check" && !strings.HasPrefix(said, "hookgate.yaml:2:8: store.dir: ") {
					t.Errorf("check says\n%s", said)
				}
				for _, want := range c.want {
					if !strings.Contains(said, want) || strings.Contains(said, "another hookgate") {
						t.Errorf("%s does not say %q:\n%s", command, want, said)
					}
				}
			}
			if after := listing(t, dir); after != before {
				t.Errorf("there is\n%s, and was\n%s", after, before)
			}
		})
	}
}

// c23, c24: check looks at the files of a store that was in use as well: one that somebody
// else wrote there would keep serve from opening it.
func TestCheckLooksAtTheFilesOfAStore(t *testing.T) {
	t.Parallel()
	dir, run := stranger(t)
	data := filepath.Join(dir, "data")
	program.Start(t, program.Options{Dir: data}).Terminate(t)
	manifests, err := filepath.Glob(filepath.Join(data, "pebble", "MANIFEST-*"))
	if err != nil || len(manifests) == 0 {
		t.Fatal(manifests, err)
	}
	err = filepath.WalkDir(data, func(path string, _ os.DirEntry, err error) error {
		if os.Geteuid() == 0 {
			err = errors.Join(err, os.Chown(path, 65534, 65534))
		}
		return err
	})
	config := filepath.Join(dir, "hookgate.yaml")
	if err := errors.Join(err, os.WriteFile(config, []byte("store:\n  dir: data\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if said, err := run("check", "hookgate.yaml"); err != nil {
		t.Fatalf("of a sound one: %v\n%s", err, said)
	}
	if err := os.Chmod(manifests[0], 0); err != nil {
		t.Fatal(err)
	}
	said, err := run("check", "hookgate.yaml")
	if err == nil || !strings.HasPrefix(said, "hookgate.yaml:2:8: store.dir: ") || !strings.Contains(said, filepath.Base(manifests[0])+": owner ") {
		t.Errorf("%v\n%s", err, said)
	}
}

// listing gives the names of all that is in a folder.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	})
	if err != nil && !errors.Is(err, os.ErrPermission) {
		t.Fatal(err)
	}
	return strings.Join(names, "\n")
}
