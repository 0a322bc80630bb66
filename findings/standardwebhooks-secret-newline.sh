#!/usr/bin/env bash
# standardwebhooks 1.1.1 (npm) and github.com/standard-webhooks/standard-webhooks/libraries v0.0.1 (Go): the same
# secret, read from a file, is good in one and an error in the other; one character less, and it is the reverse.
#
# Expected: both decode the base64 after whsec_ in one way, so a secret either works in both or in neither.
# What they do: Go's decoder skips line feeds anywhere and wants the padding; the one in the npm package knows no
# line feeds, and takes the text with or without "=".
# Why it matters: secrets come from mounted files and from `echo … | base64`, which end in a line feed, and from
# dashboards and URLs, which drop the "=". The service in Go starts and the one in Node throws, or the other way
# round, and who compares the two sees the same characters on his screen.
#
# Seen:
#   as issued        go 32 bytes   js 32 bytes
#   with line feed   go 32 bytes   js error
#   without padding  go error      js 32 bytes
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts standardwebhooks@1.1.1 >/dev/null

# Both programs print a signature, or "error": the same key makes the same signature.
mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func main() {
	webhook, err := webhooks.NewWebhook(os.Args[1])
	if err != nil {
		fmt.Println("error")
		return
	}
	signature, err := webhook.Sign("msg_1", time.Unix(1700000000, 0), []byte("{}"))
	if err != nil {
		panic(err)
	}
	fmt.Println(signature)
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/standard-webhooks/standard-webhooks/libraries@v0.0.1 >/dev/null 2>&1
go build -o "$dir/sign" .

cat >"$dir/probe.mjs" <<'JS'
import { Webhook } from 'standardwebhooks'

let webhook
try {
  webhook = new Webhook(process.argv[2])
} catch {
  console.log('error')
  process.exit()
}
console.log(webhook.sign('msg_1', new Date(1700000000000), '{}'))
JS

secret=whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=
go_whole=$("$dir/sign" "$secret") js_whole=$(node "$dir/probe.mjs" "$secret")
go_line=$("$dir/sign" "$secret"$'\n') js_line=$(node "$dir/probe.mjs" "$secret"$'\n')
go_bare=$("$dir/sign" "${secret%=}") js_bare=$(node "$dir/probe.mjs" "${secret%=}")
echo "as issued:       go $go_whole js $js_whole"
echo "with line feed:  go $go_line js $js_line"
echo "without padding: go $go_bare js $js_bare"
[[ $go_whole == v1,* && $js_whole == "$go_whole" ]]
[[ $go_line == "$go_whole" && $js_line == error ]]
[[ $go_bare == error && $js_bare == "$go_whole" ]]
echo 'ok: a line feed breaks the secret in JavaScript, a missing = in Go'
