#!/usr/bin/env bash
# twilio 6.3.1 (npm) and github.com/twilio/twilio-go v1.31.0: a form with a field that comes twice is genuine in
# Node and forged in Go.
#
# Expected: two official validators agree on whether a request is Twilio's.
# What they do: Node takes the values of a repeated field, each once and in order, and hashes name and value of
# every one. Go keeps the first value and drops the others (its Validate takes a map of one string each, so a
# caller can't do better by hand). The signature that the Node library itself makes for the request is refused.
# Why it matters: a receiver that moves from Node to Go, or a gateway in one language before an application in
# the other, answers 403 to some requests only. One who writes a third validator has to choose whom to follow;
# following Node's order costs nothing for forms without repeats, where the two agree.
#
# Seen:
#   one value   node true   go true
#   two values  node true   go false
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts twilio@6.3.1 >/dev/null

cat >"$dir/probe.cjs" <<'JS'
const { parse } = require('node:querystring')
const { getExpectedTwilioSignature, validateRequest } = require('twilio/lib/webhooks/webhooks')

const [, , url, body] = process.argv
const fields = { ...parse(body) }
const signature = getExpectedTwilioSignature('token', url, fields)
console.log(signature, validateRequest('token', signature, url, fields))
JS

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/twilio/twilio-go/client"
)

func main() {
	validator := client.NewRequestValidator("token")
	fmt.Println(validator.ValidateBody(os.Args[1], []byte(os.Args[2]), os.Args[3]))
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/twilio/twilio-go@v1.31.0 >/dev/null 2>&1
go build -o "$dir/validate" .

url=https://example.com/sms
both() { # what both say of a body: "node go"
    local signature node
    read -r signature node < <(node "$dir/probe.cjs" "$url" "$1")
    echo "$node $("$dir/validate" "$url" "$1" "$signature")"
}
one=$(both 'From=%2B15550100&Tag=a')
two=$(both 'From=%2B15550100&Tag=a&Tag=b')
echo "one value: $one"
echo "two values: $two"
[[ $one == 'true true' && $two == 'true false' ]]
echo 'ok: twilio-go refuses the repeated field that the Node library signs and accepts'
