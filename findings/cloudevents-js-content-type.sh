#!/usr/bin/env bash
# cloudevents 10.0.0 (npm) and github.com/cloudevents/sdk-go/v2 v2.16.2: the JavaScript SDK reads one spelling of
# a content type with a charset, and it is not the one that the specification shows.
#
# Expected: "application/cloudevents+json; charset=UTF-8", the example in 3.2.1 of CloudEvents' HTTP binding, is
# understood by every SDK; a charset has no case, and the blank after ";" is optional.
# What it does: the header's value is looked up as text in a table of a few spellings. With "charset=utf-8" and
# exactly one blank the event is read. In upper case, in quotes or without the blank it throws "invalid content
# type". In binary mode the same table decides whether the body is JSON: there nothing is thrown, and data is the
# text of the body instead of the value. The Go SDK reads all of them.
# Why it matters: a sender on another platform (UTF-8 in upper case is what most servers write) is refused, or is
# taken with data that has no fields: event.data.amount is undefined, and no error says so. A sender is best off
# with no charset at all.
#
# Seen (structured; binary; Go, both):
#   charset=utf-8      object   object   object
#   charset=UTF-8      thrown   text     object
#   no blank           thrown   text     object
#   no charset         object   object   object
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts cloudevents@10.0.0 >/dev/null

cat >"$dir/probe.mjs" <<'JS'
import { HTTP } from 'cloudevents'

const suffix = process.argv[2]
const attributes = { id: '1', source: '/shop', type: 'order.paid', specversion: '1.0' }
function read(headers, body) {
  try {
    return typeof HTTP.toEvent({ headers, body }).data
  } catch (error) {
    return `thrown: ${error.message.startsWith('invalid content type')}`
  }
}
const whole = JSON.stringify({ ...attributes, data: { amount: 5 } })
const headers = Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value]))
const structured = read({ 'content-type': 'application/cloudevents+json' + suffix }, whole)
const binary = read({ ...headers, 'content-type': 'application/json' + suffix }, '{"amount":5}')
console.log(structured, binary)
JS

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

func read(contentType, body string, header http.Header) float64 {
	header.Set("Content-Type", contentType)
	request, err := http.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	request.Header = header
	event, err := cehttp.NewEventFromHTTPRequest(request)
	if err != nil {
		panic(err)
	}
	var data struct{ Amount float64 }
	if err := event.DataAs(&data); err != nil {
		panic(err)
	}
	return data.Amount
}

func main() {
	structured := `{"id":"1","source":"/shop","type":"order.paid","specversion":"1.0","data":{"amount":5}}`
	binary := http.Header{"Ce-Id": {"1"}, "Ce-Source": {"/shop"}, "Ce-Type": {"order.paid"}, "Ce-Specversion": {"1.0"}}
	fmt.Println(
		read("application/cloudevents+json"+os.Args[1], structured, http.Header{}),
		read("application/json"+os.Args[1], `{"amount":5}`, binary))
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/cloudevents/sdk-go/v2@v2.16.2 >/dev/null 2>&1
go build -o "$dir/read" .

check() { # check SUFFIX WANT
    local js go
    js=$(node "$dir/probe.mjs" "$1")
    go=$("$dir/read" "$1")
    echo "'$1': js $js, go $go"
    [[ $js == "$2" && $go == '5 5' ]]
}
check '; charset=utf-8' 'object object'
check '; charset=UTF-8' 'thrown: true string'
check ';charset=utf-8' 'thrown: true string'
check '' 'object object'
echo 'ok: the JavaScript SDK knows "; charset=utf-8" in this spelling only'
