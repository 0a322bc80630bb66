package configs

import (
	"crypto/sha256"
)

// inputs is what a file, or a part of it, took from elsewhere: with the text it says all
// that was read.
type inputs struct {
	environ     map[string]string
	variables   []variableInput
	files       []fileInput
	secretBytes int             // of secrets that were read from files
	asked       map[string]bool // variables
}

type variableInput struct {
	name, value string
	set         bool
}

type fileInput struct {
	name string
	sum  [sha256.Size]byte
	most int
}

func newInputs(environ map[string]string) *inputs {
	return &inputs{environ: environ, asked: map[string]bool{}}
}

// lookup gives a variable, and notes that it was asked for.
func (in *inputs) lookup(name string) (string, bool) {
	value, set := in.environ[name]
	if !in.asked[name] {
		in.asked[name] = true
		in.variables = append(in.variables, variableInput{name, value, set})
	}
	return value, set
}

// file notes what a file holds, of which at most so many bytes are read.
func (in *inputs) file(name string, content []byte, most int) {
	in.files = append(in.files, fileInput{name, sha256.Sum256(content), most})
}

// add takes over those of a part.
func (in *inputs) add(of *inputs) {
	in.variables = append(in.variables, of.variables...)
	in.files = append(in.files, of.files...)
	in.secretBytes += of.secretBytes
}

// used has the names of variables that were asked for.
func (in *inputs) used() map[string]bool {
	used := make(map[string]bool, len(in.variables))
	for _, v := range in.variables {
		used[v.name] = true
	}
	return used
}

// same says whether all of it is as it was.
func (in *inputs) same(environ map[string]string) bool {
	for _, v := range in.variables {
		if value, set := environ[v.name]; value != v.value || set != v.set {
			return false
		}
	}
	for _, f := range in.files {
		content, err := readRegular(f.name, f.most)
		if err != nil || sha256.Sum256(content) != f.sum {
			return false
		}
	}
	return true
}
