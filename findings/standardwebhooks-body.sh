#!/usr/bin/env bash
# standardwebhooks 1.1.1 (npm) and github.com/standard-webhooks/standard-webhooks/libraries v0.0.1 (Go): whether
# a right signature passes depends on what kind of body it covers.
#
# Expected: the scheme signs id, time and the body's bytes, of any type. What one of the project's libraries
# signs, the others accept, and a failure is a WebhookVerificationError.
# What they do: Go signs and verifies bytes. JavaScript turns a Buffer into text first, so that a byte that is no
# UTF-8 is hashed as U+FFFD: a compressed or binary body never matches. And after a signature that does match it
# runs JSON.parse: a plain-text body throws SyntaxError, out of verify, although it is genuine. (The option
# jsonParse: false mends the second, and nothing mends the first.)
# Why it matters: a receiver that answers 401 to WebhookVerificationError and lets the rest through as 500 makes
# the sender retry a text body for days. A sender who gzips the body, or sends protobuf, can't be verified by a
# receiver on Node at all, whatever he configures.
#
# Seen (each body signed by the Go library, which also verifies it):
#   {"a":1}         accepted
#   hello           SyntaxError
#   hello           accepted with jsonParse: false
#   1f 8b 08 00 ff  WebhookVerificationError: No matching signature found
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts standardwebhooks@1.1.1 >/dev/null

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// main signs the body that its argument gives in hex, verifies it, and prints time and signature.
func main() {
	body, err := hex.DecodeString(os.Args[2])
	if err != nil {
		panic(err)
	}
	webhook, err := webhooks.NewWebhook(os.Args[1])
	if err != nil {
		panic(err)
	}
	now := time.Now()
	signature, err := webhook.Sign("msg_1", now, body)
	if err != nil {
		panic(err)
	}
	seconds := strconv.FormatInt(now.Unix(), 10)
	header := http.Header{}
	header.Set("webhook-id", "msg_1")
	header.Set("webhook-timestamp", seconds)
	header.Set("webhook-signature", signature)
	if err := webhook.Verify(body, header); err != nil {
		panic(err)
	}
	fmt.Println(seconds, signature)
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/standard-webhooks/standard-webhooks/libraries@v0.0.1 >/dev/null 2>&1
go build -o "$dir/sign" .

cat >"$dir/probe.mjs" <<'JS'
import { Webhook } from 'standardwebhooks'

const [, , secret, hex, time, signature, options] = process.argv
const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': time, 'webhook-signature': signature }
try {
  new Webhook(secret).verify(Buffer.from(hex, 'hex'), headers, JSON.parse(options))
  console.log('accepted')
} catch (error) {
  console.log(error.name)
}
JS
secret=whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
check() { # check HEX OPTIONS WANT
    local time signature got
    read -r time signature < <("$dir/sign" "$secret" "$1")
    got=$(node "$dir/probe.mjs" "$secret" "$1" "$time" "$signature" "$2")
    echo "$1 $2: $got"
    [[ $got == "$3" ]]
}
check 7b2261223a317d '{}' accepted
check 68656c6c6f '{}' SyntaxError
check 68656c6c6f '{"jsonParse":false}' accepted
check 1f8b0800ff '{"jsonParse":false}' WebhookVerificationError
echo 'ok: the JavaScript library accepts only text, and by default only JSON, of what the Go one signs'
