#!/usr/bin/env bash
# mustache 4.2.0 (npm) and github.com/cbroglie/mustache v1.4.2 (Go): "{{link}}" of one template, which is meant to be
# the same in every language, is two texts.
#
# Expected: Mustache's specification escapes & " < and >, so a URL or a base64 text without these comes out as it is.
# What they do: Go leaves it alone. JavaScript escapes "/", "=" and "`" as well: a link is "https:&#x2F;&#x2F;…" and
# base64 ends in "&#x3D;".
# Why it matters: payloads of webhooks are Mustache templates in many products, and a chat or a JSON receiver decodes
# no HTML: it shows the entities, and the link is dead. A template that was tried with a Go service needs three
# braces when it moves to Node, around values that have nothing to do with HTML.
#
# Seen:
#               {{link}}                                  {{key}}
#   JavaScript  https:&#x2F;&#x2F;a.example&#x2F;?k&#x3D;v  YWI&#x3D;
#   Go          https://a.example/?k=v                    YWI=
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

template='{{link}} {{key}}' view='{"link":"https://a.example/?k=v","key":"YWI="}'
go=$("$dir/render" "$template" "$view")
script='require("mustache").render(process.argv[1], JSON.parse(process.argv[2]))'
js=$(cd "$dir" && node -p "$script" "$template" "$view")
echo "js: $js"
echo "go: $go"
[[ $js == 'https:&#x2F;&#x2F;a.example&#x2F;?k&#x3D;v YWI&#x3D;' ]]
[[ $go == 'https://a.example/?k=v YWI=' ]]
echo 'ok: the JavaScript library escapes slashes and equals signs, the Go one does not'
