package main

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"hookgate/configs"
	"hookgate/gateway/client"
	"hookgate/gateway/node"
)

// aside runs a gateway of its own, for as long as somebody asks it: what a configuration
// makes of a request is told by what would serve it, and by nothing that only resembles it.
// It listens on loopback, has no endpoint that it calls, and a folder that goes with it.
func aside(ctx context.Context, tenants map[string]any, ask func(*client.Client) error) (err error) {
	folder, err := os.MkdirTemp("", "hookgate-aside-") // with mode 0700
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	text, err := client.Reveal(map[string]any{"tenants": tenants})
	if err != nil {
		return err
	}
	file, token := filepath.Join(folder, "hookgate.yaml"), "aside-"+rand.Text()
	// Whatever reads as a variable was put in when the file was read that this one is of.
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "${", "$${")), 0o600); err != nil {
		return err
	}
	o := configs.Options{
		Flags:   configs.Flags{Config: file, Public: "127.0.0.1:0", Internal: "127.0.0.1:0", Data: filepath.Join(folder, "data")},
		Environ: []string{"HOOKGATE_ADMIN_TOKEN=" + token},
	}
	n, err := node.New(node.Options{
		Load: func() (*configs.Config, error) { return configs.Load(o) }, Log: slog.New(slog.DiscardHandler), Stderr: os.Stderr, Version: version(),
	})
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- n.Run(serving) }()
	defer func() {
		stop()
		err = errors.Join(err, <-served)
	}()
	_, internal := n.Addrs()
	c, err := client.New(client.Options{Server: "http://" + internal.String(), Token: token})
	if err != nil {
		return err
	}
	return ask(c)
}
