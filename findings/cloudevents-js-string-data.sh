#!/usr/bin/env bash
# cloudevents 10.0.0 (npm) and github.com/cloudevents/sdk-go/v2 v2.16.2: data that is a string leaves the
# JavaScript SDK in binary mode as something that is no JSON, under the type application/json.
#
# Expected: data "paid" with datacontenttype application/json is the body "paid" with its quotes, six bytes, as
# the Go SDK sends it. A receiver in either language reads the string back.
# What it does: HTTP.binary serializes objects only. A string is put into the body as it stands, without quotes,
# so the receiver in Go fails to decode it. It is worse when the string looks like JSON: the order number "0042"
# goes out as 0042 (no JSON), "42" as 42, and "null" as null: another type, and no error. Sent in structured mode
# the same event is right.
# Why it matters: the mode is a detail of transport that is often chosen by configuration. Events whose data is a
# plain id or a word work until the mode is changed, and then fail at the receiver, who is in the right.
#
# Seen:
#   data "paid"  js body: paid   go body: "paid"   go reads the js body: error
#   data "42"    js body: 42     go body: "42"     go reads the js body: error for a string, 42 as a number
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts cloudevents@10.0.0 >/dev/null

cat >"$dir/probe.mjs" <<'JS'
import { CloudEvent, HTTP } from 'cloudevents'

const data = process.argv[2]
const event = new CloudEvent({ source: '/shop', type: 'order', datacontenttype: 'application/json', data })
const { headers, body } = HTTP.binary(event)
const structured = JSON.parse(HTTP.structured(event).body)
if (headers['content-type'] !== 'application/json' || structured.data !== data) process.exit(1)
console.log(body)
JS

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	ce "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

// main is "send DATA", which prints the body, or "read BODY", which prints what a receiver finds in it.
func main() {
	if os.Args[1] == "send" {
		event := ce.NewEvent()
		event.SetID("1")
		event.SetSource("/shop")
		event.SetType("order")
		if err := event.SetData(ce.ApplicationJSON, os.Args[2]); err != nil {
			panic(err)
		}
		request, err := cehttp.NewHTTPRequestFromEvent(context.Background(), "http://example.com/", event)
		if err != nil {
			panic(err)
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(body))
		return
	}
	request, err := http.NewRequest(http.MethodPost, "/", strings.NewReader(os.Args[2]))
	if err != nil {
		panic(err)
	}
	request.Header = http.Header{"Ce-Id": {"1"}, "Ce-Source": {"/shop"}, "Ce-Type": {"order"},
		"Ce-Specversion": {"1.0"}, "Content-Type": {"application/json"}}
	event, err := cehttp.NewEventFromHTTPRequest(request)
	if err != nil {
		panic(err)
	}
	var text string
	if event.DataAs(&text) == nil {
		fmt.Println("string", text)
		return
	}
	var value any
	if err := event.DataAs(&value); err != nil {
		fmt.Println("error")
		return
	}
	fmt.Printf("%T %v\n", value, value)
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/cloudevents/sdk-go/v2@v2.16.2 >/dev/null 2>&1
go build -o "$dir/ce" .

check() { # check DATA WHAT-GO-READS-OF-THE-JS-BODY
    local js go read
    js=$(node "$dir/probe.mjs" "$1")
    go=$("$dir/ce" send "$1")
    read=$("$dir/ce" read "$js")
    echo "data \"$1\": js body $js, go body $go, go reads the js body: $read"
    [[ $js == "$1" && $go == "\"$1\"" && $read == "$2" ]]
    [[ $("$dir/ce" read "$go") == "string $1" ]]
}
check paid error
check 0042 error
check 42 'float64 42'
echo 'ok: the JavaScript SDK sends a string without its quotes in binary mode'
