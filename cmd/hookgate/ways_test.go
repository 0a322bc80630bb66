package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// ways are the folders of the ways: each lists its steps on one line, in one form, each
// in a file of its name, and its doc.go tells of them in that order.
var ways = []string{"gateway/inbound", "gateway/calling", "gateway/outbound", "gateway/proxy"}

// crooked are the ways that have another form; who straightens one takes it out.
var crooked = []string{"gateway/outbound"}

func TestWays(t *testing.T) {
	for _, folder := range ways {
		err := checkWay(filepath.Join("../..", folder))
		switch listed := slices.Contains(crooked, folder); {
		case err != nil && !listed:
			t.Errorf("%s: %v", folder, err)
		case err == nil && listed:
			t.Errorf("%s has the form of a way: take it off the list", folder)
		}
	}
	for _, folder := range crooked {
		if !slices.Contains(ways, folder) {
			t.Errorf("%s is crooked, and no way", folder)
		}
	}
}

// TestWaysAreJudged: a way in good form, and all that can be wrong with one.
func TestWaysAreJudged(t *testing.T) {
	const good = "package x\n\ntype done bool\n\nvar way = []func(*T) done{\n\t(*T).accept, (*T).take,\n}\n"
	for name, files := range map[string][4]string{ // doc.go, x.go, accept.go, take.go
		"":                            {"accept  a\n//\ttake  b", good, "accept", "take"},
		"no list":                     {"accept  a\n//\ttake  b", "package x\n", "accept", "take"},
		"two lines":                   {"accept  a\n//\ttake  b", "package x\n\ntype done bool\n\nvar way = []func(*T) done{\n\t(*T).accept,\n\t(*T).take,\n}\n", "accept", "take"},
		"another form":                {"accept  a\n//\ttake  b", "package x\n\nvar way = []func(*T) bool{\n\t(*T).accept, (*T).take,\n}\n", "accept", "take"},
		"a step elsewhere":            {"accept  a\n//\ttake  b", good, "take", "accept"},
		"doc.go in another order":     {"take  a\n//\taccept  b", good, "accept", "take"},
		"doc.go that lacks a step":    {"accept  a", good, "accept", "take"},
		"a step that is not declared": {"accept  a\n//\ttake  b", good, "accept", "other"},
	} {
		dir := t.TempDir()
		for file, text := range map[string]string{
			"doc.go": "// Package x is.\n//\n//\t" + files[0] + "\npackage x\n", "x.go": files[1],
			"accept.go": "package x\n\nfunc (*T) " + files[2] + "() done { return true }\n",
			"take.go":   "package x\n\nfunc (*T) " + files[3] + "() done { return true }\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := checkWay(dir); (err == nil) != (name == "") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// checkWay says what is wrong with the form of a way.
func checkWay(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	for _, file := range files {
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		if list := wayIn(parsed); list != nil {
			return checkList(folder, set, list)
		}
	}
	return errors.New("it has no list of steps, var way")
}

// wayIn finds the list of steps.
func wayIn(file *ast.File) *ast.CompositeLit {
	for _, declared := range file.Decls {
		d, is := declared.(*ast.GenDecl)
		if !is || d.Tok != token.VAR {
			continue
		}
		for _, spec := range d.Specs {
			v, is := spec.(*ast.ValueSpec)
			if is && v.Names[0].Name == "way" && len(v.Values) == 1 {
				list, _ := v.Values[0].(*ast.CompositeLit)
				return list
			}
		}
	}
	return nil
}

func checkList(folder string, set *token.FileSet, list *ast.CompositeLit) error {
	array, _ := list.Type.(*ast.ArrayType)
	if array == nil || len(list.Elts) == 0 || !isStep(array.Elt) {
		return errors.New("its steps are not of the form func(*T) done")
	}
	if first, last := set.Position(list.Elts[0].Pos()), set.Position(list.Elts[len(list.Elts)-1].Pos()); first.Line != last.Line {
		return errors.New("its steps are on several lines")
	}
	doc, err := os.ReadFile(filepath.Join(folder, "doc.go"))
	if err != nil {
		return err
	}
	at := 0
	for _, element := range list.Elts {
		f, is := element.(*ast.SelectorExpr)
		if !is {
			return errors.New("its steps are not methods")
		}
		step := f.Sel.Name
		if err := declares(filepath.Join(folder, step+".go"), step); err != nil {
			return err
		}
		told := regexp.MustCompile(`(?m)^//\t` + step + `\s`).FindIndex(doc[at:])
		if told == nil {
			return fmt.Errorf("doc.go does not tell of %s, or not in its order", step)
		}
		at += told[1]
	}
	return nil
}

// isStep says whether a type is func(*T) done.
func isStep(typ ast.Expr) bool {
	f, is := typ.(*ast.FuncType)
	if !is || f.Results.NumFields() != 1 || f.Params.NumFields() != 1 {
		return false
	}
	_, pointer := f.Params.List[0].Type.(*ast.StarExpr)
	return pointer && isName(f.Results.List[0].Type, "done")
}

// declares says whether a file has a step.
func declares(file, step string) error {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	for _, declared := range parsed.Decls {
		if f, is := declared.(*ast.FuncDecl); is && f.Recv != nil && f.Name.Name == step {
			return nil
		}
	}
	return fmt.Errorf("%s is not where %s is", filepath.Base(file), step)
}
