#!/usr/bin/env bash
# mustache 4.2.0 (npm) and github.com/cbroglie/mustache v1.4.2 (Go): "{{value}}" of one language-independent template
# is two texts, for a URL and for a number.
#
# Expected: Mustache's specification escapes & " < and >, so a URL without these and an id come out the same in both.
# What they do: JavaScript escapes "/", "=" and "`" as well: a link is "https:&#x2F;&#x2F;…" and base64 ends in
# "&#x3D;". Go leaves these alone, but writes a number of encoding/json in %g form, so an id from seven digits on
# has an exponent.
# Why it matters: payloads of webhooks are Mustache templates in many products, and a chat or a JSON receiver
# shows the entities as they are, for it decodes no HTML. With "{{{value}}}" the first goes away, the second stays.
#
# Seen:
#               {{link}}                              {{id}}
#   JavaScript  https:&#x2F;&#x2F;a.example&#x2F;?k&#x3D;v  1234567
#   Go          https://a.example/?k=v                1.234567e+06
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts mustache@4.2.0 >/dev/null

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/cbroglie/mustache"
)

func main() {
	var view map[string]any
	if err := json.Unmarshal([]byte(os.Args[2]), &view); err != nil {
		panic(err)
	}
	text, err := mustache.Render(os.Args[1], view)
	if err != nil {
		panic(err)
	}
	fmt.Println(text)
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/cbroglie/mustache@v1.4.2 >/dev/null 2>&1
go build -o "$dir/render" .

template='{{link}} {{{id}}}' view='{"link":"https://a.example/?k=v","id":1234567}'
go=$("$dir/render" "$template" "$view")
script='require("mustache").render(process.argv[1], JSON.parse(process.argv[2]))'
js=$(cd "$dir" && node -p "$script" "$template" "$view")
echo "js: $js"
echo "go: $go"
[[ $js == 'https:&#x2F;&#x2F;a.example&#x2F;?k&#x3D;v 1234567' ]]
[[ $go == 'https://a.example/?k=v 1.234567e+06' ]]
echo 'ok: one escapes the slashes of a link, the other writes an id with an exponent'
