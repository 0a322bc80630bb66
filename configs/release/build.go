package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// platform is what a program is built for.
type platform struct{ os, arch string }

func platformOf(text string) (platform, error) {
	system, arch, found := strings.Cut(text, "/")
	if !found || system == "" || arch == "" {
		return platform{}, fmt.Errorf("platform %q: write GOOS/GOARCH", text)
	}
	return platform{system, arch}, nil
}

// program is the name of the program there.
func (p platform) program() string {
	if p.os == "windows" {
		return "hookgate.exe"
	}
	return "hookgate"
}

// build builds the program in this clone and gives its path.
func (j *job) build(p platform) (string, error) {
	to := filepath.Join(j.scratch, p.os+"-"+p.arch, p.program())
	return to, j.buildIn(".", to, p)
}

// buildIn builds that of a folder. What could make two builds differ is fixed here: cgo (the
// C compiler), the paths of the machine, what git says of the folder, and what the
// environment asks of the compiler.
func (j *job) buildIn(folder, to string, p platform, env ...string) error {
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.release="+j.version, "-o", to, "./cmd/hookgate")
	c.Dir = folder
	c.Env = append(os.Environ(), append(env, "GOOS="+p.os, "GOARCH="+p.arch, "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOEXPERIMENT=", "GOAMD64=v1", "GOARM64=v8.0", "GOFIPS140=off")...)
	c.Stderr = os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("go build for %s/%s: %w", p.os, p.arch, err)
	}
	return nil
}

// again builds a program once more, from a copy elsewhere, and compares.
func (j *job) again(p platform, first string, reuse bool) error {
	copied := filepath.Join(j.scratch, "elsewhere", "and", "deeper")
	if err := copyTracked(copied); err != nil {
		return err
	}
	var env []string
	if !reuse {
		env = append(env, "GOCACHE="+filepath.Join(j.scratch, "cache"))
	}
	second := filepath.Join(j.scratch, "second", p.program())
	if err := j.buildIn(copied, second, p, env...); err != nil {
		return err
	}
	same, err := equal(first, second)
	if err != nil {
		return err
	}
	if !same {
		return fmt.Errorf("%s/%s was built twice, and the bytes differ: look with go version -m, and for paths of this machine in both", p.os, p.arch)
	}
	return nil
}

// copyTracked copies what git knows of this folder, as it is.
func copyTracked(to string) error {
	listed, err := output("git", "ls-files", "-z")
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(strings.TrimRight(listed, "\x00"), "\x00") {
		if err := copyFile(name, filepath.Join(to, name)); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func equal(a, b string) (bool, error) {
	one, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	other, err := os.ReadFile(b)
	return bytes.Equal(one, other), err
}

// output runs a program and gives what it says.
func output(name string, args ...string) (string, error) {
	said, err := exec.Command(name, args...).Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(said)), nil
}
