package console

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// Every template parses.
func TestTemplatesParse(t *testing.T) {
	if all := templates(); len(all) < 30 {
		t.Errorf("there are %d pages", len(all))
	}
}

// What is packed is what stands here.
func TestFilesArePacked(t *testing.T) {
	all := 0
	for _, folder := range []string{"assets", "templates"} {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(folder, e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			if files()[folder+"/"+e.Name()] != string(text) {
				t.Errorf("%s/%s is not packed as it stands: go generate ./gateway/console", folder, e.Name())
			}
			all++
		}
	}
	if len(files()) != all {
		t.Errorf("%d files are packed of %d: go generate ./gateway/console", len(files()), all)
	}
}

// A method of ours by a name that stands in a template is one that templates may call: a page
// that lacks one shows it only where that is shown.
func TestTemplatesMayCallWhatTheyName(t *testing.T) {
	named := map[string]bool{}
	for _, text := range files() {
		for _, action := range regexp.MustCompile(`\{\{[^{}]*\}\}`).FindAllString(text, -1) {
			for _, m := range regexp.MustCompile(`\.([A-Z]\w*)`).FindAllStringSubmatch(action, -1) {
				named[m[1]] = true
			}
		}
	}
	may := map[string]bool{}
	for name, all := range methods {
		if !named[name] {
			t.Errorf("no template calls %s", name)
		}
		for _, m := range all {
			receiver := reflect.TypeOf(m).In(0).String()
			may[strings.TrimPrefix(strings.TrimPrefix(receiver, "*"), "console.")+"."+name] = true
		}
	}
	found := 0
	for _, one := range ourMethods(t) {
		_, name, _ := strings.Cut(one, ".")
		// Error is a field, and of errors what fmt calls; JSON is a field.
		if !named[name] || name == "Error" || name == "JSON" {
			continue
		}
		found++
		if !may[one] {
			t.Errorf("templates name %s, and may not call %s: add it to methods", name, one)
		}
	}
	if found < 40 {
		t.Errorf("only %d methods were looked at", found)
	}
}

// ourMethods gives the exported methods of this package with one result: type.Method.
func ourMethods(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv != nil && f.Name.IsExported() && f.Type.Results.NumFields() == 1 {
				all = append(all, base(f.Recv.List[0].Type)+"."+f.Name.Name)
			}
		}
	}
	return all
}

// base is the name of a type of this package, or of what a pointer leads to.
func base(e ast.Expr) string {
	if star, is := e.(*ast.StarExpr); is {
		e = star.X
	}
	if id, is := e.(*ast.Ident); is {
		return id.Name
	}
	return ""
}
