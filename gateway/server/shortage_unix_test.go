//go:build unix

package server

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// heard gets each line of a log.
type heard chan string

func (h heard) Write(line []byte) (int, error) {
	h <- string(line)
	return len(line), nil
}

// A process that has used up its descriptors rests, and accepts again when it has
// some. It takes a process of its own to try that.
func TestAcceptOutlivesDescriptorShortage(t *testing.T) {
	if os.Getenv("HOOKGATE_TEST_FEW_FILES") == "" {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		child.Env = append(os.Environ(), "HOOKGATE_TEST_FEW_FILES=1")
		out, err := child.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "accepted again") {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	paused := make(heard, 16)
	r := start(t, Options{Log: slog.New(slog.NewTextHandler(paused, nil))}, answerHandlers())
	warm, _ := ask(t, r.internal, "GET", "/healthz", "")
	client := dial(t, r.internal)
	fmt.Fprint(client, "GET /healthz HTTP/1.1\r\nHost: a.test\r\n\r\n")
	_, _ = read(t, client, "GET") // so that it is accepted, and has its descriptors, before the shortage
	var hoard []*os.File
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 64, Max: 64}); err != nil {
		t.Fatal(err)
	}
	for {
		f, err := os.Open(os.DevNull)
		if err != nil {
			break
		}
		hoard = append(hoard, f)
	}
	if len(hoard) == 0 {
		t.Fatal("no descriptor was left to begin with")
	}
	_ = hoard[0].Close() // one, for the client's end of a connection whose other end finds none
	second := dial(t, r.internal)
	if line := <-paused; !strings.Contains(line, "accepting connections rests") {
		t.Fatalf("logged %s", line)
	}
	for _, f := range hoard[1:] {
		_ = f.Close()
	}
	for _, c := range []net.Conn{client, second} {
		fmt.Fprint(c, "GET /healthz HTTP/1.1\r\nHost: a.test\r\n\r\n")
		if answer, _ := read(t, c, "GET"); answer.StatusCode != warm.StatusCode {
			t.Fatalf("answered %d", answer.StatusCode)
		}
	}
	fmt.Println("accepted again")
}
