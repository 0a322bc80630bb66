package main

import (
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// It says by its exit code whether a hookgate is ready, found in each way.
func TestHealthcheck(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	addr := strings.TrimPrefix(p.Internal, "http://")
	for _, c := range []struct {
		env, args []string
		code      int
	}{
		{nil, []string{"--server", p.Internal}, 0},
		{[]string{"HOOKGATE_SERVER=" + addr}, nil, 0},
		{[]string{"HOOKGATE_INTERNAL_ADDR=" + addr}, nil, 0},
		{nil, []string{"--server", closedPort(t)}, 1},
		{nil, []string{"--server", p.Public}, 1},
	} {
		out, log, code := runs(t, c.env, append([]string{"healthcheck"}, c.args...)...)
		if code != c.code || (code == 0) != (out == `{"status":"ok"}`+"\n") {
			t.Errorf("%q %q: exit code %d, %s%s", c.env, c.args, code, out, log)
		}
	}
	out, log, code := runs(t, []string{"HOOKGATE_PUBLIC_ADDR=:9000"}, "config", "show", "--origin")
	if code != 0 || !strings.Contains(out, "HOOKGATE_PUBLIC_ADDR") || !strings.Contains(out, "default") {
		t.Errorf("config show: exit code %d, %s%s", code, out, log)
	}
}
