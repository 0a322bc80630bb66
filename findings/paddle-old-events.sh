#!/usr/bin/env bash
# @paddle/paddle-node-sdk 3.10.0 (npm) and github.com/PaddleHQ/paddle-go-sdk/v4 v4.1.0: the same signed event is
# genuine for Go at any age, and forged for Node after five seconds.
#
# Expected: official verifiers take the same events, and a tolerance, where there is one, is minutes and can be set
# (Stripe, Slack and Standard Webhooks have five minutes).
# What they do: Node has five seconds, as a constant that no option changes, and answers a bare false. Go checks
# no time unless VerifierWithTimestampTolerance is given.
# Why it matters: what holds an event for a moment makes it invalid for a receiver on Node: a queue or relay in
# front, a cold start, a debugger, a clock that is six seconds ahead of Paddle's. It looks like a wrong
# secret. A relay must verify on arrival and sign anew itself, for it can't count on the receiver's check.
#
# Seen:
#   signed now            node true    go true
#   signed 8 seconds ago  node false   go true
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts @paddle/paddle-node-sdk@3.10.0 >/dev/null

# The probe signs as Paddle does and verifies in the same breath, so a slow machine does not age the event.
cat >"$dir/probe.cjs" <<'JS'
const { createHmac } = require('node:crypto')
const { Paddle } = require('@paddle/paddle-node-sdk')

const [, , body, secret, age] = process.argv
const paddle = new Paddle('key')
const time = Math.floor(Date.now() / 1000) - Number(age)
const mac = createHmac('sha256', secret).update(`${time}:${body}`).digest('hex')
const signature = `ts=${time};h1=${mac}`
paddle.webhooks.isSignatureValid(body, secret, signature).then(valid => console.log(signature, valid))
JS

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	paddle "github.com/PaddleHQ/paddle-go-sdk/v4"
)

func main() {
	request, err := http.NewRequest(http.MethodPost, "/", strings.NewReader(os.Args[1]))
	if err != nil {
		panic(err)
	}
	request.Header.Set("Paddle-Signature", os.Args[3])
	valid, err := paddle.NewWebhookVerifier(os.Args[2]).Verify(request)
	if err != nil {
		panic(err)
	}
	fmt.Println(valid)
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/PaddleHQ/paddle-go-sdk/v4@v4.1.0 >/dev/null 2>&1
go build -o "$dir/verify" .

body='{"event_type":"transaction.paid"}' secret=pdl_ntfset_secret
check() { # check AGE WANT-OF-NODE
    local signature node go
    read -r signature node < <(node "$dir/probe.cjs" "$body" "$secret" "$1")
    go=$("$dir/verify" "$body" "$secret" "$signature")
    echo "signed $1 s ago: node $node, go $go"
    [[ $node == "$2" && $go == true ]]
}
check 0 true
check 8 false
echo 'ok: after five seconds an event is genuine in Go only'
