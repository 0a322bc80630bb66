#!/usr/bin/env bash
# github.com/hashicorp/go-retryablehttp v0.7.8: RetryWaitMax is no maximum once the server names a time.
#
# Expected: RetryWaitMax ("maximum time to wait", 30 s by default) bounds every pause; a Retry-After past it is
# cut, or ends the attempts. The other backoff of the package differs only in the shape of its pauses.
# What it does: DefaultBackoff returns the Retry-After of a 429 or 503 as it is, a day or a month. LinearJitterBackoff
# does not look at the header at all, and is back within RetryWaitMax. RateLimitLinearJitterBackoff obeys like the
# first. The function that one picks for its jitter decides whether a server is obeyed.
# Why it matters: a sender of webhooks has a worker asleep for as long as one receiver likes, unless the request's
# context ends; with LinearJitterBackoff it hammers a receiver that asked for an hour. Neither can be seen from
# RetryWaitMin and RetryWaitMax, which are all that one sets.
#
# Seen, with RetryWaitMin 1 s, RetryWaitMax 30 s and Retry-After: 86400:
#   DefaultBackoff                24h0m0s
#   RateLimitLinearJitterBackoff  24h0m0s
#   LinearJitterBackoff           between 1 s and 30 s
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cat >"$dir/main.go" <<'GO'
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

func main() {
	client := retryablehttp.NewClient()
	least, most := client.RetryWaitMin, client.RetryWaitMax
	good := most == 30*time.Second
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		answer := &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {"86400"}}}
		plain := client.Backoff(least, most, 0, answer)
		limited := retryablehttp.RateLimitLinearJitterBackoff(least, most, 0, answer)
		linear := retryablehttp.LinearJitterBackoff(least, most, 0, answer)
		fmt.Println(status, plain, limited, linear)
		good = good && plain == 24*time.Hour && limited == 24*time.Hour && least <= linear && linear <= most
	}
	if !good {
		os.Exit(1)
	}
}
GO
cd "$dir"
go mod init probe >/dev/null 2>&1
go get github.com/hashicorp/go-retryablehttp@v0.7.8 >/dev/null 2>&1
go run .
echo 'ok: a Retry-After of a day outlasts RetryWaitMax, or is not read at all'
