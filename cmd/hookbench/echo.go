package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"
)

// newEchoCommand is the other side of startEcho: a bare fasthttp server that gives
// back what it got. It ends when its input does, so it never outlives who started it.
func newEchoCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "echo",
		Short:  "Serve as the measure",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			server := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) { ctx.SetBody(ctx.PostBody()) }}
			go func() {
				_, _ = io.Copy(io.Discard, cmd.InOrStdin()) // its end is all that counts, however it comes
				_ = l.Close()
			}()
			fmt.Fprintln(cmd.OutOrStdout(), l.Addr())
			return server.Serve(l)
		},
	}
}

// echo is a running echo server.
type echo struct {
	addr  string
	cmd   *exec.Cmd
	input io.Closer
}

func startEcho() (*echo, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, "echo")
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	e := &echo{cmd: cmd, input: input}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		e.stop()
		return nil, fmt.Errorf("start the echo server: %w", err)
	}
	e.addr = strings.TrimSpace(line)
	return e, nil
}

func (e *echo) stop() {
	_ = e.input.Close()
	_ = e.cmd.Wait() // it ends by its listener being closed, which is an error to it
}
