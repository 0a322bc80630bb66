package node

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"hookgate/configs"
)

// adminToken is that of the nodes of these tests.
const adminToken = "an-admin-token-of-a-test"

// kit is a node that serves nobody, and the configuration that it loads next.
type kit struct {
	*Node
	change func(*configs.Config) // of what every load gives
}

// newKit starts one, with what begin says of its configuration.
func newKit(t *testing.T, log io.Writer, begin ...func(*configs.Config)) *kit {
	t.Helper()
	k := &kit{change: func(*configs.Config) {}}
	for _, b := range begin {
		k.change = b
	}
	dir := t.TempDir()
	n, err := New(Options{
		Load: func() (*configs.Config, error) {
			c := configs.Default()
			c.Public.Addr, c.Internal.Addr, c.Store.Dir, c.AdminToken = "127.0.0.1:0", "127.0.0.1:0", dir, adminToken
			k.change(c)
			return c, nil
		},
		Log: slog.New(slog.NewJSONHandler(log, nil)), Stderr: io.Discard, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	k.Node = n
	t.Cleanup(func() {
		ctx, stop := context.WithCancel(context.Background())
		stop() // at once: there is nothing in flight
		if err := n.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	return k
}
