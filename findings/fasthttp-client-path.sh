#!/usr/bin/env bash
# github.com/valyala/fasthttp v1.78.0 (Go): the client asks for another path than the one in the URL it was given.
#
# Expected: a client sends the path of the URL as it stands, or re-encodes it to an equal one; net/http does.
# What it does: the path is decoded, double slashes and dots are folded, and it is encoded anew. An escaped slash
# becomes a real one, an escaped plus a plain "+", and the query is left alone. Client.DisablePathNormalizing
# turns all of it off, and is false by default.
# Why it matters: ids that contain a slash, a plus or an empty segment travel escaped in the path of a webhook's
# URL: files/a%2Fb, +49… as %2B49, an object's key with "//". The receiver sees another resource. Where the path is
# signed (RFC 9421's @path, AWS SigV4), the signature that was made over the given URL does not fit what is sent.
#
# Seen:
#   given         sent        sent with DisablePathNormalizing   net/http
#   /files/a%2Fb  /files/a/b  as given                           as given
#   /to/%2B49123  /to/+49123  as given                           as given
#   /k//v         /k/v        as given                           as given
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cat >"$dir/main.go" <<'GO'
package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/valyala/fasthttp"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	targets := make(chan string, 1)
	note := func(_ http.ResponseWriter, r *http.Request) { targets <- r.RequestURI }
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(note)}
	go func() { _ = server.Serve(listener) }()

	base := "http://" + listener.Addr().String()
	fast := func(client *fasthttp.Client) func(string) error {
		return func(path string) error {
			request, answer := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			request.SetRequestURI(base + path)
			return client.DoTimeout(request, answer, 5*time.Second)
		}
	}
	standard := func(path string) error {
		client := http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
		answer, err := client.Get(base + path)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	}
	sent := func(path string, do func(string) error) string {
		if err := do(path); err != nil {
			panic(err)
		}
		return <-targets
	}
	plain := fast(&fasthttp.Client{})
	asGiven := fast(&fasthttp.Client{DisablePathNormalizing: true})

	good := true
	for path, want := range map[string]string{
		"/files/a%2Fb": "/files/a/b",
		"/to/%2B49123": "/to/+49123",
		"/k//v":        "/k/v",
		"/q?u=a%2Fb":   "/q?u=a%2Fb",
	} {
		one, two, three := sent(path, plain), sent(path, asGiven), sent(path, standard)
		fmt.Println(path, one, two, three)
		good = good && one == want && two == path && three == path
	}
	if !good {
		os.Exit(1)
	}
}
GO
cd "$dir"
go mod init probe >/dev/null 2>&1
go get github.com/valyala/fasthttp@v1.78.0 >/dev/null 2>&1
NO_PROXY=127.0.0.1 no_proxy=127.0.0.1 go run .
echo 'ok: the client decodes the path before it sends it'
