package program

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// Name is the name under which a test binary runs as the program: its TestMain
// hands over to testscript.Main, which looks at os.Args[0].
const Name = "hookgate"

// AdminToken is the admin token of programs that Start runs, unless Options.Env
// gives another.
const AdminToken = "hg_admin_of_the_whole_program_tests"

// patience is how long a process may take for what it must do at once. It is for
// a machine that is busy with other things, and no measure of speed.
const patience = 60 * time.Second

// Options say how a program is run.
type Options struct {
	Binary string   // the program; "" is the test binary itself
	Dir    string   // the data folder; "" is a fresh one
	Config string   // text of the configuration file; "" is none
	Env    []string // NAME=value, on top of the test's own without its HOOKGATE_ variables
	Args   []string // further arguments of serve
	Log    *Log     // where standard error goes; nil is a new Log
	// Sockets are passed as systemd passes them, by these names; the caller keeps them open.
	Sockets []Socket
}

// Socket is one that the service manager of a program listens on.
type Socket struct {
	Name string // FileDescriptorName= of its unit
	File *os.File
}

// Program is a running gateway.
type Program struct {
	Public   string // the base URL of the public listener
	Internal string // and of the internal one
	Dir      string // the data folder
	File     string // the configuration file; "" for none
	Log      *Log   // its standard error

	command *exec.Cmd
	exited  chan struct{}
	admin   *Client
	sender  *Client
}

// Start runs the program and gives it when it is ready. It ends with the test.
func Start(t testing.TB, o Options) *Program {
	t.Helper()
	p := Launch(t, o)
	if err := p.Listening(t); err != nil {
		t.Fatalf("%v\n%s", err, p.Log.Text())
	}
	p.WaitReady(t)
	return p
}

// Launch runs the program and waits for nothing: it may be about to fail.
func Launch(t testing.TB, o Options) *Program {
	t.Helper()
	p := &Program{Dir: o.Dir, Log: o.Log}
	if p.Dir == "" {
		p.Dir = filepath.Join(t.TempDir(), "data")
	}
	if p.Log == nil {
		p.Log = &Log{}
	}
	args := []string{"serve", "--public", "127.0.0.1:0", "--internal", "127.0.0.1:0", "--data", p.Dir}
	if o.Config != "" {
		p.File = filepath.Join(t.TempDir(), "hookgate.yaml")
		p.Configure(t, o.Config)
		args = append(args, "--config", p.File)
	}
	env := append([]string{"HOOKGATE_ADMIN_TOKEN=" + AdminToken, "HOOKGATE_LOG_LEVEL=info"}, o.Env...)
	command := o.command(t, env, append(args, o.Args...))
	command.Stderr, command.Stdout = p.Log, p.Log
	if len(o.Sockets) > 0 {
		activate(t, command, o.Sockets)
	}
	p.Run(t, command)
	return p
}

// activate makes a command that is run as by systemd with sockets (sd_listen_fds(3)). They
// are for one process, whose id it must be told, and knows no sooner than it is that
// process: a shell says so and gives place.
func activate(t testing.TB, c *exec.Cmd, sockets []Socket) {
	t.Helper()
	named := filepath.Join(t.TempDir(), Name) // a shell sets no other name
	if err := os.Symlink(c.Path, named); err != nil {
		t.Fatal(err)
	}
	names := make([]string, 0, len(sockets))
	for _, one := range sockets {
		names = append(names, one.Name)
		c.ExtraFiles = append(c.ExtraFiles, one.File)
	}
	c.Env = append(c.Env, fmt.Sprintf("LISTEN_FDS=%d", len(sockets)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	c.Path, c.Args = "/bin/sh", append([]string{"sh", "-c", `export LISTEN_PID=$$; exec "$0" "$@"`, named}, c.Args[1:]...)
}

// Run runs what Command prepared, with its standard error at p.Log. It ends with
// the test.
func (p *Program) Run(t testing.TB, command *exec.Cmd) {
	t.Helper()
	p.command, p.exited = command, make(chan struct{})
	if err := command.Start(); err != nil {
		t.Fatalf("start the program: %v", err)
	}
	go func() {
		_ = command.Wait() // what it exited with is asked for by Wait
		close(p.exited)
	}()
	t.Cleanup(p.stop)
}

// Command prepares the program with these arguments and none of the test's own
// HOOKGATE_ variables. It is the test binary itself under another name, so that
// -race and -cover reach into it.
func Command(t testing.TB, env []string, args ...string) *exec.Cmd {
	t.Helper()
	const marker = "CHILD_OF_HOOKGATE_TEST=1"
	if slices.Contains(os.Environ(), marker) {
		t.Fatalf("this test runs as its own child: TestMain does not hand over to testscript.Main for %q", Name)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := command(self, env, args)
	c.Env = append(c.Env, marker)
	return c
}

// command prepares the program of the options.
func (o Options) command(t testing.TB, env, args []string) *exec.Cmd {
	if o.Binary == "" {
		return Command(t, env, args...)
	}
	return command(o.Binary, env, args)
}

func command(path string, env, args []string) *exec.Cmd {
	c := &exec.Cmd{Path: path, Args: append([]string{Name}, args...), SysProcAttr: withParent()}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "HOOKGATE_") {
			c.Env = append(c.Env, pair)
		}
	}
	c.Env = append(c.Env, env...) // of two with one name the last holds (os/exec)
	return c
}

// Build builds the program of this tree to a file, as the release of that name; "" is none.
func Build(file, release string) error {
	out, err := exec.Command("go", "build", "-ldflags", "-X main.release="+release, "-o", file, "hookgate/cmd/hookgate").CombinedOutput()
	if err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// Configure writes the configuration file anew, at once: who loads it meanwhile reads the
// old text or the new one.
func (p *Program) Configure(t testing.TB, text string) {
	t.Helper()
	fresh := p.File + ".new"
	if err := os.WriteFile(fresh, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(fresh, p.File); err != nil {
		t.Fatal(err)
	}
}

var errExited = errors.New("the program ended instead of listening")

// Listening waits for the line in which the program names its addresses.
func (p *Program) Listening(t testing.TB) error {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go func() {
		select {
		case <-p.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	line, err := p.Log.Await(ctx, func(l Line) bool { return l.Message() == "listening" })
	if err != nil {
		select {
		case <-p.exited:
			return errExited
		default:
			return fmt.Errorf("no line says where the program listens: %w", err)
		}
	}
	p.Public, p.Internal = "http://"+line.String("public"), "http://"+line.String("internal")
	p.admin, p.sender = NewClient(t, p.Internal, AdminToken), NewClient(t, p.Public, "")
	return nil
}

// WaitReady waits until /readyz says so.
func (p *Program) WaitReady(t testing.TB) {
	t.Helper()
	var last Answer
	Eventually(t, patience, func() error {
		var err error
		if last, err = p.admin.Do(t.Context(), http.MethodGet, "/readyz", nil); err == nil && last.Status != http.StatusOK {
			err = fmt.Errorf("not ready: %s", last)
		}
		return err
	})
}
