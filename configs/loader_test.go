package configs

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// loads is a Loader over files that a test changes.
type loads struct {
	*testing.T
	folder string
	Loader
}

func newLoads(t *testing.T) *loads {
	l := &loads{T: t, folder: t.TempDir()}
	l.Flags.Config = filepath.Join(l.folder, "hookgate.yaml")
	return l
}

func (l *loads) file(name, text string) {
	l.Helper()
	if err := os.WriteFile(filepath.Join(l.folder, name), []byte(text), 0o600); err != nil {
		l.Fatal(err)
	}
}

// load gives the configuration, and the tenants that were read for it.
func (l *loads) load() (*Config, []string) {
	l.Helper()
	before := l.last.parts
	c, err := l.Load()
	if err != nil {
		l.Fatal(err)
	}
	var read []string
	for id, part := range l.last.parts {
		if before[id] != part {
			read = append(read, id)
		}
	}
	slices.Sort(read)
	return c, read
}

func TestLoaderReadsWhatChanged(t *testing.T) {
	l := newLoads(t)
	const b, c = "  b:\n    headers: { X-Secret: \"${B}\" }\n",
		"  c:\n    sources:\n      pay: { verify: { type: bearer, secrets_file: c.secret } }\n"
	const d = "  d:\n    endpoints:\n      e:\n        url: https://d.example.com/\n        tls: { ca_file: d.pem }\n"
	l.file("c.secret", "the first")
	l.file("d.pem", "no PEM yet, which is for others to say")
	l.Environ = []string{"B=first"}
	l.file("hookgate.yaml", "tenants:\n  a:\n    name: A\n"+b+c+d)
	first, read := l.load()
	if !slices.Equal(read, []string{"a", "b", "c", "d"}) {
		t.Fatalf("the first load reads %q", read)
	}
	if same, read := l.load(); same != first || read != nil {
		t.Errorf("an unchanged file is another configuration, and %q was read", read)
	}
	last := first
	for _, step := range []struct {
		name   string
		change func()
		want   []string
	}{
		{"a line more above all", func() { l.file("hookgate.yaml", "# new\nlog: { level: warn }\ntenants:\n  a:\n    name: A\n"+b+c+d) }, nil},
		{"one otherwise", func() { l.file("hookgate.yaml", "tenants:\n  a:\n    name: Other\n"+b+c+d) }, []string{"a"}},
		{"one more, in another order", func() { l.file("hookgate.yaml", "tenants:\n"+d+"  e:\n"+c+"  a:\n    name: Other\n"+b) }, []string{"e"}},
		{"a variable", func() { l.Environ = []string{"B=second"} }, []string{"b"}},
		{"the file of a secret", func() { l.file("c.secret", "the second") }, []string{"c"}},
		{"the file of a certificate", func() { l.file("d.pem", "another") }, []string{"d"}},
	} {
		step.change()
		now, read := l.load()
		if !slices.Equal(read, step.want) || now == last {
			t.Errorf("%s: reads %q, want %q; the configuration is the one before: %v", step.name, read, step.want, now == last)
		}
		for id, tenant := range now.Tenants {
			was, is := last.Tenants[id]
			if same := is && tenant.Digest() == was.Digest(); same == slices.Contains(step.want, id) {
				t.Errorf("%s: the digest of %s is as it was: %v", step.name, id, same)
			}
		}
		l.same(now)
		last = now
	}
}

// same says that a configuration is the one that is read from nothing.
func (l *loads) same(c *Config) {
	l.Helper()
	fresh, err := Load(l.Options)
	if err != nil {
		l.Fatal(err)
	}
	a, b := *c, *fresh
	a.file, a.inputs, b.file, b.inputs = nil, nil, nil, nil
	if !reflect.DeepEqual(a, b) {
		l.Fatalf("is\n%v\nwant\n%v", a, b)
	}
}

// Whatever is edited, a load that remembers gives what one gives that does not; a faulty
// file is reported as by one that has never seen another, and changes nothing.
func TestLoaderGivesWhatALoadFromNothingGives(t *testing.T) {
	l := newLoads(t)
	draw := rand.New(rand.NewPCG(1, 2))
	bodies := []string{
		"\n", " {}\n", "\n    name: \"${NAME}\"\n", "\n    name: |\n      two\n      lines\n\n    # a comment\n",
		"\n    endpoints:\n      e: { url: \"https://x.example.com/${NAME}\" }\n", "\n    sources:\n      s: { verify: { type: bearer, secrets_file: secret } }\n",
		" &x { name: y }\n", " { name: \"b\n   c\" }\n", "\n    nmae: wrong\n", "\n    sources:\n      s: { verify: { type: bearer, secrets_file: none } }\n", " *x\n",
	}
	all := map[string]string{}
	faulty := 0
	for range 300 {
		switch id := fmt.Sprint("t", draw.IntN(6)); draw.IntN(8) {
		case 0:
			delete(all, id)
		case 1:
			l.Environ = []string{fmt.Sprint("NAME=n", draw.IntN(3))}
		case 2:
			l.file("secret", fmt.Sprint("secret", draw.IntN(3)))
		default:
			all[id] = bodies[draw.IntN(len(bodies))]
		}
		var text strings.Builder
		text.WriteString("tenants:\n")
		for id, body := range all {
			text.WriteString("  " + id + ":" + body)
		}
		l.file("hookgate.yaml", text.String())
		c, err := l.Load()
		if err == nil {
			l.same(c)
			continue
		}
		faulty++
		if _, fresh := Load(l.Options); fresh == nil || fresh.Error() != err.Error() {
			t.Fatalf("reported as\n%v\nand from nothing as\n%v", err, fresh)
		}
	}
	if faulty < 50 || faulty > 250 {
		t.Errorf("%d of 300 files were faulty", faulty)
	}
}

// What is found wrong after the load has its place all the same.
func TestReportOfAFileThatWasReadTenantByTenant(t *testing.T) {
	path := write(t, "tenants:\n  a:\n    name: x\n  b:\n    headers: { X: secret }\n")
	c, err := Load(Options{Flags: Flags{Config: path}})
	if err != nil {
		t.Fatal(err)
	}
	if c.file.again == nil {
		t.Fatal("it was read as a whole")
	}
	err = c.Report(faults{{Path: "tenants.b.headers.X", Message: "is wrong"}})
	if want := path + ":5:19: tenants.b.headers.X: is wrong\n    headers: { X: *** }"; err == nil || !strings.HasPrefix(strings.ReplaceAll(err.Error(), "\n        ", "\n    "), want) {
		t.Errorf("reported as\n%v\nwant\n%s", err, want)
	}
}

// BenchmarkLoad: 1,000 tenants of five endpoints from nothing, again, and with one more.
func BenchmarkLoad(b *testing.B) {
	text := func(n int) string {
		var t strings.Builder
		t.WriteString("tenants:\n")
		for i := range n {
			fmt.Fprintf(&t, "  tenant-%d:\n    name: \"Tenant %d\"\n    endpoints:\n", i, i)
			for j := range 5 {
				fmt.Fprintf(&t, "      e%d:\n        url: https://r%d.example.com/%d\n        event_types: [message, status]\n        sign: { type: none }\n", j, i, j)
			}
		}
		return t.String()
	}
	path := filepath.Join(b.TempDir(), "hookgate.yaml")
	texts := [2]string{text(1000), text(1001)}
	for name, run := range map[string]struct {
		keeps bool
		other int
	}{"nothing": {false, 0}, "unchanged": {true, 0}, "one": {true, 1}} {
		b.Run(name, func(b *testing.B) {
			l := &Loader{Options: Options{Flags: Flags{Config: path}}}
			load := func(text string) {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					b.Fatal(err)
				}
				if _, err := l.Load(); err != nil {
					b.Fatal(err)
				}
			}
			load(texts[0])
			b.ReportAllocs()
			for i := 1; b.Loop(); i++ {
				if !run.keeps {
					l.last = memory{}
				}
				load(texts[i%2*run.other])
			}
		})
	}
}
