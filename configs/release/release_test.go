package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

var (
	packed = []file{{"hookgate_1.2.3_linux_amd64/hookgate", []byte("program"), true}, {name: "hookgate_1.2.3_linux_amd64/README.md", content: []byte("read")}}
	made   = time.Unix(1_700_000_001, 0).UTC()
)

// What is packed twice is the same, has nothing of the machine in it, and only the program runs.
func TestTarball(t *testing.T) {
	var one, other bytes.Buffer
	for _, to := range []*bytes.Buffer{&one, &other} {
		if err := tarball(to, packed, made); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), other.Bytes()) {
		t.Error("packed twice, it differs")
	}
	unzipped, err := gzip.NewReader(&one)
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(unzipped)
	for i, want := range packed {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name != want.name || !bytes.Equal(content, want.content) || h.FileInfo().Mode() != []os.FileMode{0o755, 0o644}[i] {
			t.Errorf("file %d is %s %s %q", i, h.FileInfo().Mode(), h.Name, content)
		}
		if h.Uid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(made) {
			t.Errorf("%s is of %d %q %q, at %s", h.Name, h.Uid, h.Uname, h.Gname, h.ModTime)
		}
	}
}

func TestZipped(t *testing.T) {
	var one, other bytes.Buffer
	for _, to := range []*bytes.Buffer{&one, &other} {
		if err := zipped(to, packed, made); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(one.Bytes(), other.Bytes()) {
		t.Error("packed twice, it differs")
	}
	r, err := zip.NewReader(bytes.NewReader(one.Bytes()), int64(one.Len()))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range r.File {
		if f.Name != packed[i].name || !f.Modified.Equal(made) || f.Mode() != []os.FileMode{0o755, 0o644}[i] {
			t.Errorf("%s %s %s", f.Mode(), f.Name, f.Modified)
		}
	}
}

// What goes with a program is what runs it, and none of the tests of that.
func TestBeside(t *testing.T) {
	t.Chdir(filepath.Join("..", ".."))
	listed, err := output("git", append([]string{"ls-files", "--"}, beside...)...)
	if err != nil {
		t.Skip("this is no clone: ", err)
	}
	names := strings.Split(listed, "\n")
	for _, name := range []string{"README.md", "configs/docker/cluster.yaml", "configs/docker/haproxy.cfg", "configs/helm/hookgate/templates/statefulset.yaml", "configs/systemd/hookgate.socket"} {
		if !slices.Contains(names, name) {
			t.Errorf("%s is left out", name)
		}
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "go.mod") {
			t.Errorf("%s goes with the program", name)
		}
	}
}

// The SBOM of this very test has its modules, each once, with the sums of go.sum.
func TestBill(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	info.Deps = append(info.Deps, module("example.com/a/v2", "v2.0.0+incompatible", "h1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))
	text, err := billOf(info, "v1.2.3", "c0ffee", made)
	if err != nil {
		t.Fatal(err)
	}
	var got bom
	decoder := json.NewDecoder(bytes.NewReader(text))
	if decoder.DisallowUnknownFields(); decoder.Decode(&got) != nil {
		t.Fatalf("%s", text)
	}
	if got.Format != "CycloneDX" || got.Spec != "1.6" || got.Metadata.Timestamp != "2023-11-14T22:13:21Z" || got.Metadata.Component.Ref != "hookgate@v1.2.3" {
		t.Errorf("%s", text)
	}
	var refs []string
	for _, c := range got.Components {
		refs = append(refs, c.Ref)
	}
	if all := len(refs); all != len(info.Deps)+1 || len(slices.Compact(slices.Sorted(slices.Values(refs)))) != all {
		t.Errorf("%d components of %d modules: %v", all, len(info.Deps), refs)
	}
	last := got.Components[len(got.Components)-1]
	if last.PURL != "pkg:golang/example.com/a/v2@v2.0.0%2Bincompatible" || last.Hashes[0].Content != "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f" {
		t.Errorf("the last is %+v", last)
	}
	info.Deps[len(info.Deps)-1].Replace = module("example.com/b", "v1.0.0", "")
	if _, err := billOf(info, "v1.2.3", "c0ffee", made); err == nil || !strings.Contains(err.Error(), "replaced by example.com/b") {
		t.Errorf("a module that is replaced: %v", err)
	}
}

// The SBOM fits the schema of CycloneDX 1.6, where that is at hand: the folder of schemas of
// npm's @cyclonedx/cyclonedx-library, which .ci/packages fetches.
func TestBillFitsTheSchema(t *testing.T) {
	folder := os.Getenv("HOOKGATE_CYCLONEDX")
	if folder == "" {
		t.Skip("HOOKGATE_CYCLONEDX names no folder of schemas")
	}
	const base = "http://cyclonedx.org/schema/"
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	for _, name := range []string{"bom-1.6.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json"} {
		text, err := os.Open(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		schema, err := jsonschema.UnmarshalJSON(text)
		if err := errors.Join(err, text.Close()); err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(base+name, schema); err != nil {
			t.Fatal(err)
		}
	}
	schema, err := c.Compile(base + "bom-1.6.SNAPSHOT.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	info, is := debug.ReadBuildInfo()
	if !is {
		t.Fatal("this test knows nothing of its build")
	}
	text, err := billOf(info, "v1.2.3", "c0ffee", made)
	if err != nil {
		t.Fatal(err)
	}
	for kind, fits := range map[string]bool{`"library"`: true, `"thing"`: false} {
		is, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(string(text), `"library"`, kind, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(is); (err == nil) != fits {
			t.Errorf("with the type %s: %v", kind, err)
		}
	}
}

func module(path, version, sum string) *debug.Module {
	return &debug.Module{Path: path, Version: version, Sum: sum}
}

// A release needs a version, and a section of the changelog; one before it does not.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("GIT_DIR", filepath.Join(dir, "none"))
	if err := os.WriteFile(filepath.Join(dir, "CHANGELOG.md"), []byte("# Changelog\n\n## Unreleased\n\n## 1.2.0 (2026-11-01)\n\n## 1.10.0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for version, says := range map[string]string{
		"": "write v1.2.3", "1.2.0": "write v1.2.3", "v1.2": "write v1.2.3", "v01.2.0": "write v1.2.3", "v1.2.0\n": "write v1.2.3",
		"v1.2.1": `CHANGELOG.md has no section "## 1.2.1"`, "v1.1.0": "has no section",
		"v1.2.0": "git status", "v1.10.0": "git status", "v1.3.0-rc.1": "git status", // which this folder has none of
	} {
		j := job{version: version}
		if err := j.look(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", version, err, says)
		}
	}
}

func TestNames(t *testing.T) {
	j := job{version: "v1.2.3-rc.1"}
	p, err := platformOf("windows/arm64")
	if err != nil {
		t.Fatal(err)
	}
	if got := j.name(p, ".zip") + " " + p.program(); got != "hookgate_1.2.3-rc.1_windows_arm64.zip hookgate.exe" {
		t.Error(got)
	}
	for _, text := range []string{"", "linux", "/amd64", "linux/"} {
		if p, err := platformOf(text); err == nil {
			t.Errorf("%q is %v", text, p)
		}
	}
}
