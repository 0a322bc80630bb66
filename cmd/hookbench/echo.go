//go:build linux

package main

import (
	"fmt"
	"io"
	"net"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// newEchoCommand is the measure: a bare fasthttp server that gives back what it got.
func newEchoCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "echo",
		Short:  "Serve as the measure",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serveChild(cmd, func(ctx *fasthttp.RequestCtx) { ctx.SetBody(ctx.PostBody()) })
		},
	}
}

// serveChild is the other side of startChild: a bare fasthttp server. It ends when
// its input does, so it never outlives who started it.
func serveChild(cmd *cobra.Command, handler fasthttp.RequestHandler) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &fasthttp.Server{Handler: handler}
	endWithInput(cmd, l)
	fmt.Fprintln(cmd.OutOrStdout(), l.Addr())
	return server.Serve(l)
}

// endWithInput closes a listener when the input of the program ends.
func endWithInput(cmd *cobra.Command, l net.Listener) {
	go func() {
		_, _ = io.Copy(io.Discard, cmd.InOrStdin()) // its end is all that counts, however it comes
		_ = l.Close()
	}()
}
