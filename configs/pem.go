package configs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// maxPEM bounds a file of certificates or of a key, in bytes.
const maxPEM = 256 << 10

// pemReader puts what files in PEM hold where it belongs. Their names are relative to
// the folder of the configuration file; a reload reads them again.
type pemReader struct {
	folder string
	faults faults
	inputs *inputs
}

func (c *Config) readPEM(folder string) []gateway.Fault {
	r := pemReader{folder: folder, inputs: c.file.inputs}
	below(folder, &c.Store.URLFile)
	readFileInto(&r, "egress.ca", &c.Egress.CA, &c.Egress.CAFile)
	for id, t := range c.Tenants {
		r.tenant(fields.Member("tenants", id), &t)
	}
	for id, route := range c.Routes {
		for i, u := range route.Upstreams {
			r.tls(fields.Index(fields.Member("routes", id)+".upstreams", i), u.TLS)
		}
	}
	return r.faults
}

func (r *pemReader) tenant(place string, t *Tenant) {
	for name, e := range t.Endpoints {
		r.tls(fields.Member(place+".endpoints", name), e.TLS)
	}
	for name, w := range t.Webhooks {
		r.tls(fields.Member(place+".webhooks", name), w.TLS)
	}
}

func (r *pemReader) tls(place string, t *gateway.TLS) {
	if t == nil {
		return
	}
	readFileInto(r, place+".tls.ca", &t.CA, &t.CAFile)
	readFileInto(r, place+".tls.cert", &t.Cert, &t.CertFile)
	readFileInto(r, place+".tls.key", &t.Key, &t.KeyFile)
}

// readFileInto reads the file that stands for the text at a place. Its name stays where
// it cannot be read: then nobody takes the text to be missing.
func readFileInto[T ~string](r *pemReader, place string, text *T, file *string) {
	if *file == "" {
		return
	}
	if *text != "" {
		r.faults.add(place+"_file", "stands beside %s: leave one of them out", place[strings.LastIndexByte(place, '.')+1:])
		return
	}
	name := *file
	if !filepath.IsAbs(name) {
		name = filepath.Join(r.folder, name)
	}
	content, err := readBounded(name)
	if err != nil {
		r.faults.add(place+"_file", "%s", err)
		return
	}
	r.inputs.file(name, content, maxPEM)
	*text, *file = T(content), ""
}

// readBounded reads a file. Its error does not repeat the name, which stands beside it.
func readBounded(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, plain(err)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxPEM+1))
	switch err = errors.Join(err, f.Close()); {
	case err != nil:
		return nil, plain(err)
	case len(content) > maxPEM:
		return nil, errors.New("is a file of over 256 KiB")
	case len(content) == 0:
		return nil, errors.New("is an empty file")
	}
	return content, nil
}

func plain(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		err = at.Err
	}
	return errors.New("cannot be read: " + err.Error())
}
