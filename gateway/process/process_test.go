package process

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain is the process that tests start, too: it says who it is, and stays.
func TestMain(m *testing.M) {
	if os.Getenv("PROCESS_TEST_STAYS") != "" {
		_, _ = os.Stdout.WriteString(Self() + "\n")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

// A process has ended as soon as it was killed, also while its parent has not asked for it;
// and no word about it is taken for one about another.
func TestEnded(t *testing.T) {
	if runtime.GOOS != "linux" {
		if Self() != "" || Ended("x") {
			t.Error("nobody can tell here")
		}
		t.Skip("only Linux is asked")
	}
	if self := Self(); self == "" || self != Self() || Ended(self) {
		t.Fatalf("this process: %q, ended: %v", self, Ended(self))
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program)
	c.Env = append(os.Environ(), "PROCESS_TEST_STAYS=1")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	other := strings.TrimSpace(line)
	if err != nil || other == "" || other == Self() || Ended(other) {
		t.Fatalf("one that lives: %q, %v, ended: %v", other, err, Ended(other))
	}
	where, rest, _ := strings.Cut(other, "/")
	pid, began, _ := strings.Cut(rest, "/")
	if !Ended(where + "/" + pid + "/1" + began) {
		t.Error("its number was another process's before: that one has ended")
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for start := time.Now(); !Ended(other); time.Sleep(time.Millisecond) {
		if time.Since(start) > 30*time.Second {
			t.Fatal("it was killed, and has not ended")
		}
	}
	_ = c.Wait()
	if !Ended(other) {
		t.Error("its parent has asked for it, and it has not ended")
	}
	for name, of := range map[string]string{
		"another machine or container": "x" + other, "nothing": "", "no number": where + "//" + began,
		"all processes": where + "/-1/" + began, "no beginning": where + "/" + pid + "/", "less": where,
	} {
		if Ended(of) {
			t.Errorf("%s: %q has ended", name, of)
		}
	}
}
