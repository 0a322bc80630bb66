package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/node"
)

// A folder that a killed restore left, or a copy that was cut short, is told as one by all that
// opens data folders. Such a copy was rekeyed, and checked as whole; what little a restore had
// come to was served as a new gateway; and no copy to a folder could be gone on with.
func TestHalfFolders(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/endpoints/crm", `{"mode":"pull"}`)
	var event string
	for range 50 {
		var told struct{ Events []struct{ ID string } }
		p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note","text":"`+strings.Repeat("x", 1000)+`"}}]}`).Decode(t, &told)
		event = told.Events[0].ID
	}
	above := t.TempDir()
	file := filepath.Join(above, "hookgate.tar")
	if _, log, code := runs(t, []string{"HOOKGATE_SERVER=" + p.Internal, "HOOKGATE_TOKEN=" + program.AdminToken}, "backup", "--with-key", file); code != 0 {
		t.Fatalf("backup: exit code %d, %s", code, log)
	}
	p.Terminate(t)

	restored, copied := filepath.Join(above, "restored"), filepath.Join(above, "copied")
	halfRestored(t, file, restored)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := node.CopyStore(ctx, node.StoreCopy{From: p.Dir, To: copied, Told: func(_ string, rows int64, _ bool) {
		if rows > 0 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a copy that is cut short: %v", err)
	}
	for _, half := range []string{restored, copied} {
		config := filepath.Join(above, "hookgate.yaml")
		if err := os.WriteFile(config, []byte("store: { dir: "+half+" }\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{
			{"check", "--data", half}, {"check", config}, {"rekey", "--data", half}, {"restore", "--resume", "--data", half},
			{"store", "copy", "--from", half, "--to", filepath.Join(above, "other")},
			{"serve", "--data", half, "--public", "127.0.0.1:0", "--internal", "127.0.0.1:0"},
			{"serve", "--data", half, "--public", "127.0.0.1:0", "--internal", "127.0.0.1:0", "--accept-data-loss"},
		} {
			t.Run(fmt.Sprint(filepath.Base(half), args[0], len(args)), func(t *testing.T) {
				if out, log, code := runs(t, nil, args...); code != 1 || !strings.Contains(out+log, "cut short") {
					t.Errorf("%s: exit code %d\n%s%s", args, code, out, log)
				}
			})
		}
	}
	if _, log, code := runs(t, nil, "store", "copy", "--from", p.Dir, "--to", restored, "--resume"); code != 1 || !strings.Contains(log, "holds something") {
		t.Errorf("a copy to what was restored: exit code %d\n%s", code, log)
	}
	if _, log, code := runs(t, nil, "store", "copy", "--from", p.Dir, "--to", copied, "--resume"); code != 0 {
		t.Fatalf("a copy that goes on: exit code %d\n%s", code, log)
	}
	p = program.Start(t, program.Options{Dir: copied})
	p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/events/"+event, nil)
}

// halfRestored kills a restore in its middle.
func halfRestored(t *testing.T, file, dir string) {
	t.Helper()
	archive, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	c := program.Command(t, nil, "restore", "-", "--data", dir)
	in, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(archive[:len(archive)/2]); err != nil {
		t.Fatal(err)
	}
	program.Eventually(t, time.Minute, func() error {
		_, err := os.Stat(filepath.Join(dir, "known"))
		return err
	})
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // it was killed
}
