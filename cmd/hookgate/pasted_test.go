//go:build unix

package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// blocks finds a page's blocks of commands. A line before a block says how it is tested,
// as <!-- test: five-minutes --> or, where it takes a tool that not everybody has,
// <!-- test: operate, with prometheus -->; or it says to the reader what the block takes
// that no test has, as *Needs Docker:*. A second block is what the first prints.
var blocks = regexp.MustCompile("(?s)(?:<!-- test: ([a-z-]+)(?:, with ([a-z]+))? -->\n|\\*Needs ([^*\n]+):\\*\n+)?```(?:sh|bash|console)\n(.*?)```\n(?:```(?:json|text)\n(.*?)```\n)?")

// pasted is one block of commands, and what the page says that it prints.
type pasted struct {
	test, tool string // as the line before it says
	needs      string
	commands   string
	prints     string
}

// pastedOf gives the blocks of a page, by its path within the tree.
func pastedOf(t *testing.T, page string) (all []pasted) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range blocks.FindAllSubmatch(text, -1) {
		all = append(all, pasted{string(m[1]), string(m[2]), string(m[3]), string(m[4]), string(m[5])})
	}
	return all
}

// checkPaste says what of a block cannot be pasted everywhere. What is pasted into a shell
// is read as if it were typed. zsh knows no comments there: it looks for the command #,
// takes an apostrophe for the start of a text, and a question mark for a file's name. In
// both shells ! repeats an earlier command. sed differs from system to system.
func checkPaste(t *testing.T, page string, b pasted) {
	t.Helper()
	for line := range strings.Lines(b.commands) {
		if strings.Contains(line, "#") || strings.Contains(line, "!") && !strings.Contains(line, "$!") || regexp.MustCompile(`\bsed\b`).MatchString(line) {
			t.Errorf("%s: cannot be pasted everywhere: %s", page, line)
		}
	}
}

// shells are those that blocks are pasted into, without anybody's own settings.
var shells = [][]string{{"bash", "--norc", "--noprofile", "-i"}, {"zsh", "-f", "-i", "-o", "no_prompt_sp", "-o", "no_prompt_cr"}}

// scene is what stands around the blocks of one test: a gateway with this configuration,
// or none, where they start their own, or one that before starts.
type scene struct {
	config string
	alone  bool
	before func(*testing.T) *program.Program
	env    func(*testing.T) []string // what is there besides; it skips where it cannot be had
	rounds int                       // how often all of it is pasted, one after the other
}

// play pastes blocks into each shell, in a folder that has ./hookgate, and holds what each
// prints to what its page says.
func (s scene) play(t *testing.T, steps []pasted) {
	for _, shell := range shells {
		t.Run("in "+shell[0], func(t *testing.T) {
			t.Parallel()
			for _, tool := range []string{shell[0], "curl"} {
				if _, err := exec.LookPath(tool); err != nil {
					t.Skipf("this machine has no %s", tool)
				}
			}
			here := slices.DeleteFunc(slices.Clone(steps), func(b pasted) bool {
				if b.tool == "" {
					return false
				}
				_, err := exec.LookPath(b.tool)
				if err != nil {
					t.Logf("this machine has no %s: left out is\n%s", b.tool, b.commands)
				}
				return err != nil
			})
			s.paste(t, shell, here)
		})
	}
}

// begin ends a shell at the first command that fails, and keeps what it starts in its
// process group; curl fails where the gateway refuses.
const begin = `set +m -e
curl() { command curl --fail-with-body --max-time 60 "$@"; }
`

// stop stands between what two blocks print.
const stop = "==== the next block ====\n"

func (s scene) paste(t *testing.T, shell []string, steps []pasted) {
	script := begin
	for range max(s.rounds, 1) {
		for _, b := range steps {
			script += b.commands + "echo '" + strings.TrimSuffix(stop, "\n") + "'\n"
		}
	}
	said, named := s.run(t, shell, script)
	texts := strings.Split(said, stop)
	for i, text := range texts[:len(texts)-1] {
		b := steps[i%len(steps)]
		if !printed(named.Replace(b.prints)).MatchString(pressed(text)) {
			t.Errorf("run %d, this block:\n%sprints\n%s\nand the page says\n%s", 1+i/len(steps), b.commands, text, b.prints)
		}
	}
	if want := max(s.rounds, 1) * len(steps); len(texts) != want+1 {
		t.Fatalf("it ended in step %d of %d", len(texts), want)
	}
}

// pressed is a text without its white space, of which a page has what is good to read.
func pressed(text string) string { return strings.Join(strings.Fields(text), "") }

// printed gives the expression of what a page says: … stands for anything.
func printed(text string) *regexp.Regexp {
	parts := strings.Split(pressed(text), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
}

// run has a shell run a script, and gives what it printed, with the addresses that stand
// in the place of those of the pages.
func (s scene) run(t *testing.T, shell []string, script string) (string, *strings.Replacer) {
	t.Helper()
	dir, bin := t.TempDir(), t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	configs, err := filepath.Abs(filepath.Join("..", "..", "configs"))
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		filepath.Join(dir, program.Name): self, filepath.Join(bin, program.Name): self, // by this name it is the program: see TestMain
		filepath.Join(dir, "configs"): configs,
	} {
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
	}
	public, internal, tail := "http://"+quietAddr(t), "http://"+quietAddr(t), func() string { return "" }
	if !s.alone {
		start := s.before
		if start == nil {
			start = func(t *testing.T) *program.Program { return program.Start(t, program.Options{Config: s.config}) }
		}
		p := start(t)
		public, internal = p.Public, p.Internal
		tail = func() string { return "\n--- the gateway's log\n" + p.Log.Text() }
	}
	plain := func(url string) string { return strings.TrimPrefix(url, "http://") }
	names := []string{`addr: ":8080"`, fmt.Sprintf("addr: %q", plain(public)), "127.0.0.1:8080", plain(public), "127.0.0.1:8081", plain(internal), "my-first-admin-token", program.AdminToken}
	for _, port := range []int{8090, 8091, 8092, 8093, 8094, 8095, 9090} {
		names = append(names, fmt.Sprint("127.0.0.1:", port), quietAddr(t))
	}
	named := strings.NewReplacer(names...)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute) // for a busy machine: no measure of speed
	defer cancel()
	var out, errs bytes.Buffer
	c := exec.CommandContext(ctx, shell[0], shell[1:]...)
	c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, strings.NewReader(named.Replace(script)), &out, &errs
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the shell and all that it starts
	c.Cancel, c.WaitDelay = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGTERM) }, 10*time.Second
	developers := func(pair string) bool { return strings.HasPrefix(pair, "HOOKGATE_") }
	c.Env = append(slices.DeleteFunc(os.Environ(), developers),
		"TOKEN="+program.AdminToken, "HOOKGATE_SERVER="+internal, "PATH="+bin+":"+os.Getenv("PATH"), "PS1=", "PS2=")
	if s.env != nil {
		c.Env = append(c.Env, s.env(t)...)
	}
	err = c.Run()
	_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL) // what it left behind when it failed
	if err != nil {
		t.Errorf("%v\n%s%s%s", err, errs.String(), logs(dir), tail())
	}
	return out.String(), named
}

// logs gives what the programs that a script started have left in its folder.
func logs(dir string) string {
	var all strings.Builder
	files, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil {
			fmt.Fprintf(&all, "--- %s\n%s", filepath.Base(file), text)
		}
	}
	return all.String()
}

// quiet are the addresses that quietAddr gave away.
var quiet sync.Map

// quietAddr gives an address of loopback for a script, which listens there some time later:
// none of those that the system gives to connections, for one of these may come first.
func quietAddr(t *testing.T) string {
	t.Helper()
	for range 1000 {
		addr := fmt.Sprint("127.0.0.1:", 12000+rand.IntN(20000)) // Linux gives 32768 and above, others more than that
		listener, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		if _, given := quiet.LoadOrStore(addr, true); !given {
			return addr
		}
	}
	t.Fatal("no port is free")
	return ""
}
