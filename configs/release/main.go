// Command release builds what a release of hookgate consists of, from the folder of a clone:
//
//	go run ./configs/release --version v1.2.3 --out dist
//
//	hookgate_1.2.3_linux_amd64.tar.gz      the program, its manual, the files of configs that
//	hookgate_1.2.3_windows_arm64.zip …     one needs to run it: systemd, docker, helm, prometheus
//	hookgate_1.2.3_linux_amd64.cdx.json …  what it is made of: an SBOM in CycloneDX 1.6
//	SHA256SUMS                             of all of them: sha256sum -c SHA256SUMS
//
// The same commit, version and Go make the same bytes, wherever and whenever: paths of the
// machine are trimmed, times are those of the commit. That is tried at each release: the
// first platform is built a second time, from a copy elsewhere with a cache of its own
// (--reuse-cache saves that time, and finds less).
//
//	main     the steps
//	build    the program for a platform, and again elsewhere
//	archive  packed with its files, always the same
//	sbom     what is in it
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// platforms are those of every release.
const platforms = "linux/amd64,linux/arm64,darwin/amd64,darwin/arm64,windows/amd64,windows/arm64"

// job is one release.
type job struct {
	version string // v1.2.3
	out     string
	scratch string
	made    time.Time // the time of the commit
	commit  string
	names   []string // of what was made, in out
}

func main() {
	version := flag.String("version", "", "the version, v1.2.3")
	out := flag.String("out", "dist", "where the files go")
	chosen := flag.String("platforms", platforms, "GOOS/GOARCH, separated by commas")
	reuse := flag.Bool("reuse-cache", false, "let the build that is compared use the cache of the first")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "release: unknown argument %q\n", flag.Arg(0))
		os.Exit(2)
	}
	if err := run(*version, *out, strings.Split(*chosen, ","), *reuse); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(version, out string, chosen []string, reuse bool) (err error) {
	j := job{version: version}
	if j.out, err = filepath.Abs(out); err != nil {
		return err
	}
	if err := j.look(); err != nil {
		return err
	}
	if err := os.MkdirAll(j.out, 0o755); err != nil {
		return err
	}
	if j.scratch, err = os.MkdirTemp("", "hookgate-release-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(j.scratch)) }()
	for i, one := range chosen {
		p, err := platformOf(one)
		if err != nil {
			return err
		}
		program, err := j.build(p)
		if err != nil {
			return err
		}
		if i == 0 {
			if err := j.again(p, program, reuse); err != nil {
				return err
			}
		}
		if err := errors.Join(j.pack(p, program), j.bill(p, program)); err != nil {
			return err
		}
		fmt.Println("made", one)
	}
	return j.sums()
}

var released = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

// look checks what a release needs: a version that semver.org knows and the changelog tells
// of, and a commit.
func (j *job) look() error {
	parts := released.FindStringSubmatch(j.version)
	if parts == nil {
		return fmt.Errorf("--version is %q: write v1.2.3, or v1.2.3-rc.1", j.version)
	}
	changes, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		return fmt.Errorf("run it in the folder of a clone: %w", err)
	}
	if beta := parts[4] != ""; !beta && !told(string(changes), j.number()) {
		return fmt.Errorf("CHANGELOG.md has no section %q: what is under Unreleased is in this release", "## "+j.number())
	}
	changed, err := output("git", "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return err
	}
	if parts[4] == "" && changed != "" {
		return fmt.Errorf("this folder has changes that no commit has, and %s is to be made of one:\n%s", j.version, changed)
	}
	shown, err := output("git", "log", "-1", "--format=%H %ct")
	if err != nil {
		return err
	}
	commit, seconds, _ := strings.Cut(shown, " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return fmt.Errorf("the time of commit %s: %w", commit, err)
	}
	j.commit, j.made = commit, time.Unix(unix, 0).UTC()
	return nil
}

// told reports whether a changelog has a section for a version, with its date or without.
func told(changes, number string) bool {
	return slices.ContainsFunc(strings.Split(changes, "\n"), func(line string) bool {
		title, is := strings.CutPrefix(line, "## ")
		return is && (title == number || strings.HasPrefix(title, number+" "))
	})
}

func (j *job) number() string { return strings.TrimPrefix(j.version, "v") }

// name is that of a file of a platform.
func (j *job) name(p platform, ending string) string {
	return fmt.Sprintf("hookgate_%s_%s_%s%s", j.number(), p.os, p.arch, ending)
}

// write puts a file among those of the release.
func (j *job) write(name string, content []byte) error {
	j.names = append(j.names, name)
	return os.WriteFile(filepath.Join(j.out, name), content, 0o644)
}

// sums writes SHA256SUMS, as sha256sum reads it.
func (j *job) sums() error {
	slices.Sort(j.names)
	var list strings.Builder
	for _, name := range j.names {
		content, err := os.ReadFile(filepath.Join(j.out, name))
		if err != nil {
			return err
		}
		fmt.Fprintf(&list, "%x  %s\n", sha256.Sum256(content), name)
	}
	return os.WriteFile(filepath.Join(j.out, "SHA256SUMS"), []byte(list.String()), 0o644)
}
