package console

import (
	"archive/tar"
	"compress/gzip"
	_ "embed"
	"errors"
	"io"
	"strings"
	"sync"
)

//go:generate sh -c "tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=644 -cf - assets/* templates/* | gzip -9n > files.tar.gz"

//go:embed files.tar.gz
var packed string

// files are what stands in assets and templates, by its path here. They are packed, for 100 KB
// of the program, until somebody first asks for a page.
var files = sync.OnceValue(func() map[string]string {
	all, err := unpack()
	if err != nil {
		panic("console: " + err.Error()) // it is in the binary
	}
	return all
})

func unpack() (map[string]string, error) {
	z, err := gzip.NewReader(strings.NewReader(packed))
	if err != nil {
		return nil, err
	}
	all, archive := map[string]string{}, tar.NewReader(z)
	for {
		file, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		all[file.Name] = string(text)
	}
}
