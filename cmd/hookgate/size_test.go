package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// The largest that a type and an interface may be, in methods: over it one of them has
// two jobs.
const (
	maxMethods   = 30
	maxInterface = 8
)

// large has the types that are larger still, as they were when this was written; who
// cuts one takes it out.
var large = map[string]int{
	"gateway/store/storetest.Store":    58,
	"gateway/store/storetest.Copyable": 62, // Store, and what is copied
	"gateway/store/storetest.kit":      49,
}

// TestSize holds the tree, tests too, to the largest type and the largest interface.
func TestSize(t *testing.T) {
	found := sizesOf(t, "../..")
	if len(found) < 500 {
		t.Fatalf("looked at %d types only", len(found))
	}
	for name, s := range found {
		most := maxMethods
		if s.isInterface {
			most = maxInterface
		}
		known, listed := large[name]
		switch {
		case !listed && s.methods > most:
			t.Errorf("%s has %d methods, want at most %d: give it one job", name, s.methods, most)
		case listed && s.methods <= most:
			t.Errorf("%s has %d methods: take it off the list of large ones", name, s.methods)
		case listed && s.methods > known:
			t.Errorf("%s has %d methods, %d more than when it was listed", name, s.methods, s.methods-known)
		}
	}
	for name := range large {
		if _, there := found[name]; !there {
			t.Errorf("%s is listed as large, and is not there", name)
		}
	}
}

// A type with one job too many, and an interface that is made of two, are found.
func TestSizeCounts(t *testing.T) {
	found := sizesIn(t, "x", `package x
		type a struct{}
		func (a) one() {}
		func (*a) two() {}
		type b[T any] struct{ a }
		func (b[T]) one() {}
		type c interface{ one(); two() }
		type d interface { c; three(); error }
		type e interface { ~int | ~string }
	`)
	for name, want := range map[string]size{
		"x.a": {methods: 2}, "x.b": {methods: 1}, "x.c": {methods: 2, isInterface: true},
		"x.d": {methods: 4, isInterface: true}, "x.e": {isInterface: true},
	} {
		if got := found[name]; got.methods != want.methods || got.isInterface != want.isInterface {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

// size is how many methods a type declares, or an interface has in all.
type size struct {
	methods     int
	isInterface bool
	parts       []string // interfaces that it is made of
}

// sizes are those of the types of a tree, by folder and name.
type sizes map[string]*size

func sizesOf(t *testing.T, root string) sizes {
	t.Helper()
	found := sizes{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != root) {
			return filepath.SkipDir
		}
		if path.Ext(file) != ".go" {
			return nil
		}
		folder, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		found.read(filepath.ToSlash(folder), parsed)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found.addParts()
	return found
}

func sizesIn(t *testing.T, folder, source string) sizes {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "", source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := sizes{}
	found.read(folder, parsed)
	found.addParts()
	return found
}

// read counts what one file declares.
func (s sizes) read(folder string, file *ast.File) {
	if strings.HasSuffix(file.Name.Name, "_test") {
		folder += "_test"
	}
	for _, declared := range file.Decls {
		switch d := declared.(type) {
		case *ast.FuncDecl:
			if d.Recv != nil {
				s.of(folder, receiver(d.Recv.List[0].Type)).methods++
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if typ, is := spec.(*ast.TypeSpec); is {
					s.declare(folder, file, typ)
				}
			}
		}
	}
}

func (s sizes) of(folder, name string) *size {
	key := folder + "." + name
	if s[key] == nil {
		s[key] = &size{}
	}
	return s[key]
}

func (s sizes) declare(folder string, file *ast.File, typ *ast.TypeSpec) {
	of := s.of(folder, typ.Name.Name)
	body, is := typ.Type.(*ast.InterfaceType)
	if !is {
		return
	}
	of.isInterface = true
	for _, member := range body.Methods.List {
		switch m := member.Type.(type) {
		case *ast.FuncType:
			of.methods += len(member.Names)
		case *ast.Ident:
			of.parts = append(of.parts, folder+"."+m.Name)
		case *ast.SelectorExpr:
			of.parts = append(of.parts, folderOf(file, m.X.(*ast.Ident).Name)+"."+m.Sel.Name)
		}
	}
}

// addParts counts, for interfaces that are made of others, what those have. Of what is
// not ours one method is counted: error, io.Closer.
func (s sizes) addParts() {
	whole := map[string]int{}
	var count func(string) int
	count = func(name string) (n int) {
		of := s[name]
		if of == nil {
			return 1
		}
		if known, is := whole[name]; is {
			return known
		}
		n = of.methods
		for _, part := range of.parts {
			n += count(part)
		}
		whole[name] = n
		return n
	}
	for name := range s {
		count(name)
	}
	for name, n := range whole {
		s[name].methods = n
	}
}

// folderOf gives the folder of ours that a file means by a package's name, else the name.
func folderOf(file *ast.File, name string) string {
	for _, spec := range file.Imports {
		own, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module)
		if ours && (spec.Name == nil && path.Base(own) == name || spec.Name != nil && spec.Name.Name == name) {
			return own
		}
	}
	return name
}

// receiver gives the name of a method's type.
func receiver(typ ast.Expr) string {
	switch t := typ.(type) {
	case *ast.StarExpr:
		return receiver(t.X)
	case *ast.IndexExpr:
		return receiver(t.X)
	case *ast.IndexListExpr:
		return receiver(t.X)
	case *ast.Ident:
		return t.Name
	}
	return ""
}
