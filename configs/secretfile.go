package configs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"unicode/utf8"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// fileSuffix ends the key that names the file of a secret, beside the key of the secret
// itself: secrets_file, password_file (SPEC 15 and 17).
const fileSuffix = "_file"

// Bounds of what is read of files, in bytes: of one secret, and of all.
const (
	maxSecretFile  = 64 << 10
	maxSecretFiles = maxFile
)

var (
	secretType  = reflect.TypeFor[gateway.Secret]()
	secretsType = reflect.TypeFor[[]gateway.Secret]()
)

// secretReader puts the contents of files in where a document names them.
type secretReader struct {
	*document
	left  int // bytes that may still be read
	found []mistake
}

// readSecrets reads the files that stand for secrets. Their names are relative to the
// configuration file; no mistake holds what is in them.
func (d *document) readSecrets() []mistake {
	r := &secretReader{document: d, left: maxSecretFiles}
	d.tree = r.walk("", d.tree, reflect.TypeFor[Config]())
	return r.found
}

func (r *secretReader) fault(path, format string, args ...any) {
	r.found = append(r.found, mistake{path, r.find(path), fmt.Sprintf(format, args...)})
}

// walk gives the tree of what stands at path, of type t, with the secrets in the place of
// the keys of their files.
func (r *secretReader) walk(path string, tree any, t reflect.Type) any {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch tree := tree.(type) {
	case []any:
		if t != nil && t.Kind() == reflect.Slice {
			for i, element := range tree {
				tree[i] = r.walk(fields.Index(path, i), element, t.Elem())
			}
		}
	case *fields.Object:
		if t != nil {
			return r.object(path, tree, t)
		}
	}
	return tree
}

func (r *secretReader) object(path string, tree *fields.Object, t reflect.Type) *fields.Object {
	made := &fields.Object{}
	for name, value := range tree.All() {
		base, is := strings.CutSuffix(name, fileSuffix)
		of := member(t, base)
		if !is || member(t, name) != nil || of != secretType && of != secretsType {
			made.Set(name, r.walk(fields.Member(path, name), value, member(t, name)))
			continue
		}
		if _, beside := tree.Get(base); beside {
			r.fault(fields.Member(path, name), "is beside %s: leave one of them out", base)
			r.found = append(r.found, mistake{path: fields.Member(path, base)})
		} else if secret := r.load(path, base, value, of == secretsType); secret != nil {
			made.Set(base, secret)
		}
	}
	return made
}

// member gives the type of a member; nil where there is no such one, and for what is
// named by whoever writes it.
func member(t reflect.Type, name string) reflect.Type {
	switch {
	case t == nil:
		return nil
	case t.Kind() == reflect.Map && t.Elem() == secretType:
		return nil
	}
	return fields.TypeAt(t, fields.Member("", name))
}

// load gives a secret, or a list of them, from the files that are named; nil where that
// is not possible.
func (r *secretReader) load(path, base string, named any, list bool) (secret any) {
	key, at := fields.Member(path, base+fileSuffix), fields.Member(path, base)
	r.places[at] = r.places[key]
	before := len(r.found)
	many, is := named.([]any)
	switch {
	case !list:
		secret = r.one(key, at, named)
	case !is:
		r.places[fields.Index(at, 0)] = r.places[key]
		secret = []any{r.one(key, fields.Index(at, 0), named)}
	default:
		texts := make([]any, len(many))
		for i := range many {
			r.places[fields.Index(at, i)] = r.places[fields.Index(key, i)]
			texts[i] = r.one(fields.Index(key, i), fields.Index(at, i), many[i])
		}
		secret = texts
	}
	if len(r.found) > before { // it is not missing, too
		r.found = append(r.found, mistake{path: at})
		return nil
	}
	return secret
}

// one reads the file that is named at key, for the secret at a place.
func (r *secretReader) one(key, at string, named any) any {
	word, is := named.(fields.Word)
	name := string(word)
	if text, plain := named.(string); plain {
		name, is = text, true
	}
	if !is || name == "" {
		r.fault(key, "must name a file")
		return nil
	}
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(r.name), name)
	}
	raw, err := readRegular(name, min(r.left, maxSecretFile))
	text := ""
	if err == nil {
		text, err = secretOf(name, raw, min(r.left, maxSecretFile))
	}
	if err != nil {
		r.fault(key, "cannot be read: %v", err)
		return nil
	}
	r.left -= len(text)
	r.inputs.file(name, raw, maxSecretFile)
	r.inputs.secretBytes += len(text)
	r.from[at] = name
	return text
}

// readRegular reads a file of at most so many bytes; of a larger one it gives one more.
func readRegular(name string, most int) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe might never end
		return nil, fmt.Errorf("%s is no regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(f, int64(most)+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return raw, nil
}

// secretOf gives the text of a file without its line end, of at most so many bytes.
func secretOf(name string, raw []byte, most int) (string, error) {
	text := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
	switch {
	case len(raw) > most:
		return "", fmt.Errorf("%s is too large: a secret has at most %d bytes, all of them together %d", name, maxSecretFile, maxSecretFiles)
	case text == "":
		return "", fmt.Errorf("%s is empty", name)
	case !utf8.ValidString(text):
		return "", fmt.Errorf("%s is not UTF-8 text", name)
	}
	return text, nil
}
