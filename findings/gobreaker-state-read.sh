#!/usr/bin/env bash
# github.com/sony/gobreaker/v2 v2.4.0 (Go): asking an open breaker for its state changes the state, and calls back.
#
# Expected: State() is a getter. An open breaker turns half-open when its timeout is over, by a timer, or with the
# first request after it; OnStateChange tells of it then.
# What it does: there is no timer. Whoever touches the breaker after the timeout makes the change, be it a request
# or a mere State(), and OnStateChange runs in that caller. If nobody does, no callback ever comes.
# Why it matters: breakers guard the receivers of webhooks, and OnStateChange feeds logs, metrics and alerts. With a
# scrape that reads State(), "half-open" is logged at the scrape, without a request; without one, an endpoint that
# has no traffic is shown as open for days after its timeout, from the last callback. Tests that read the state to
# check it see another course of events than production.
#
# Seen, with a timeout of 50 ms:
#   after a failure             callbacks: closed->open
#   200 ms later, nobody asked  callbacks: closed->open
#   after one State()           callbacks: closed->open open->half-open
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cat >"$dir/main.go" <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sony/gobreaker/v2"
)

func main() {
	var told []string
	breaker := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{
		Timeout:     50 * time.Millisecond,
		ReadyToTrip: func(counts gobreaker.Counts) bool { return counts.TotalFailures > 0 },
		OnStateChange: func(_ string, from, to gobreaker.State) {
			told = append(told, from.String()+"->"+to.String())
		},
	})
	_, _ = breaker.Execute(func() (int, error) { return 0, errors.New("refused") })
	after := strings.Join(told, " ")
	time.Sleep(200 * time.Millisecond)
	idle := strings.Join(told, " ")
	state := breaker.State()
	read := strings.Join(told, " ")
	fmt.Printf("after a failure: %s\n200 ms later: %s\nafter State() = %s: %s\n", after, idle, state, read)
	if after != "closed->open" || idle != after || read != "closed->open open->half-open" {
		os.Exit(1)
	}
}
GO
cd "$dir"
go mod init probe >/dev/null 2>&1
go get github.com/sony/gobreaker/v2@v2.4.0 >/dev/null 2>&1
go run .
echo 'ok: reading the state is what changes it'
