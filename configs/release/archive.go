package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strings"
	"time"
)

// file is one of an archive.
type file struct {
	name    string
	content []byte
	runs    bool
}

// beside is what goes with the program: what git knows under these paths, but for what tests it.
var beside = []string{
	"README.md", "LICENSE", "CHANGELOG.md", "configs/man", "configs/docs", "configs/reference.yaml", "configs/schema.json",
	"configs/docker", "configs/grafana", "configs/helm", "configs/prometheus", "configs/systemd",
	":(exclude,glob)configs/*/check/**",
}

// pack writes the archive of a platform: zip for Windows, whose programs open it.
func (j *job) pack(p platform, program string) error {
	files, err := j.files(p, program)
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	write, ending := tarball, ".tar.gz"
	if p.os == "windows" {
		write, ending = zipped, ".zip"
	}
	if err := write(&packed, files, j.made); err != nil {
		return err
	}
	return j.write(j.name(p, ending), packed.Bytes())
}

// files gives those of an archive, in one folder, in an order that is always the same.
func (j *job) files(p platform, program string) ([]file, error) {
	content, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	folder := j.name(p, "")
	files := []file{{path.Join(folder, p.program()), content, true}}
	listed, err := output("git", append([]string{"ls-files", "-z", "--"}, beside...)...)
	if err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(strings.TrimRight(listed, "\x00"), "\x00") { // git sorts
		if content, err = os.ReadFile(name); err != nil {
			return nil, err
		}
		files = append(files, file{name: path.Join(folder, name), content: content})
	}
	return files, nil
}

func (f *file) mode() int64 {
	if f.runs {
		return 0o755
	}
	return 0o644
}

// tarball packs without anything of the machine: no owner, and one time for all.
func tarball(to io.Writer, files []file, made time.Time) error {
	squeezed, err := gzip.NewWriterLevel(to, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(squeezed)
	for i := range files {
		f := &files[i]
		err = errors.Join(err, w.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode(), Size: int64(len(f.content)), ModTime: made, Format: tar.FormatPAX}))
		if err == nil {
			_, err = w.Write(f.content)
		}
	}
	return errors.Join(err, w.Close(), squeezed.Close())
}

func zipped(to io.Writer, files []file, made time.Time) error {
	w := zip.NewWriter(to)
	for i := range files {
		f := &files[i]
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: made}
		header.SetMode(os.FileMode(f.mode()))
		one, err := w.CreateHeader(header)
		if err == nil {
			_, err = one.Write(f.content)
		}
		if err != nil {
			return err
		}
	}
	return w.Close()
}
