//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// newReverseProxyCommand is the standard library's proxy, with enough kept
// connections to its upstream.
func newReverseProxyCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "reverseproxy UPSTREAM",
		Short:  "Serve as the standard library's proxy",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: args[0]})
			p.Transport = &http.Transport{MaxIdleConns: 1024, MaxIdleConnsPerHost: 1024, DisableCompression: true}
			endWithInput(cmd, l)
			fmt.Fprintln(cmd.OutOrStdout(), l.Addr())
			return (&http.Server{Handler: p, ReadHeaderTimeout: patience}).Serve(l)
		},
	}
}

// nginx is one that was started to be measured beside.
type nginx struct {
	addr string
	cmd  *exec.Cmd
}

// nginxConfig is nginx as its documentation has it for a proxy with kept
// connections, without a log.
const nginxConfig = `worker_processes auto;
daemon off;
pid %[1]s/nginx.pid;
error_log stderr error;
events { worker_connections 4096; }
http {
	access_log off;
	client_body_temp_path %[1]s/nginx-body;
	proxy_temp_path %[1]s/nginx-proxy;
	fastcgi_temp_path %[1]s/nginx-fastcgi;
	uwsgi_temp_path %[1]s/nginx-uwsgi;
	scgi_temp_path %[1]s/nginx-scgi;
	keepalive_requests 10000000;
	upstream bench { server %[2]s; keepalive 256; keepalive_requests 10000000; }
	server {
		listen %[3]s;
		location / {
			proxy_pass http://bench;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
			proxy_set_header X-Forwarded-For $remote_addr;
			proxy_set_header X-Forwarded-Proto $scheme;
			proxy_set_header X-Forwarded-Host $host;
		}
	}
}
`

// startNginx gives nil where the machine has none.
func startNginx(ctx context.Context, program, upstream, folder string) (*nginx, error) {
	path, err := exec.LookPath(program)
	if errors.Is(err, exec.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	file := filepath.Join(folder, "nginx.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, nginxConfig, folder, upstream, addr), 0o600); err != nil {
		return nil, err
	}
	n := &nginx{addr: addr, cmd: exec.CommandContext(ctx, path, "-p", folder, "-c", file)}
	n.cmd.Stderr = os.Stderr
	if err := n.cmd.Start(); err != nil {
		return nil, err
	}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		conn, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			return n, conn.Close()
		}
		if time.Now().After(end) {
			n.stop()
			return nil, fmt.Errorf("nginx does not listen: %w", err)
		}
	}
}

func (n *nginx) stop() {
	_ = n.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	_ = n.cmd.Wait()
}
