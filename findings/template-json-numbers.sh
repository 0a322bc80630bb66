#!/usr/bin/env bash
# github.com/flosch/pongo2/v6 v6.0.0, github.com/nikolalohinski/gonja/v2 v2.9.1 (Go) and nunjucks 3.2.4 (npm):
# "{{ id }}" over the same JSON is three texts.
#
# Expected: engines that take Jinja's or Django's templates write the integer of a JSON document as it stands
# there, 4711, and the price 19.9 as 19.9, as Jinja2 does over Python's json.
# What they do: encoding/json makes a float64 of every number, and pongo2 writes a float with six decimals,
# always; gonja writes it as Python writes a float, with ".0". JavaScript has one kind of number, so nunjucks gives
# 4711. With json.Number (Decoder.UseNumber) both Go engines write the document's digits.
# Why it matters: the id lands in a URL or a body of an outbound webhook: /orders/4711.000000 is a 404, and a
# price with six decimals fails the receiver's check. Templates moved from Python or Node to Go show nothing until
# the first number comes from JSON instead of a Go struct.
#
# Seen:
#            {{ id }}      {{ price }}
#   pongo2   4711.000000   19.900000
#   gonja    4711.0        19.9
#   nunjucks 4711          19.9
#   both Go engines with json.Number: 4711 19.90, as written
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts nunjucks@3.2.4 >/dev/null

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/flosch/pongo2/v6"
	"github.com/nikolalohinski/gonja/v2"
	"github.com/nikolalohinski/gonja/v2/exec"
)

// main is "ENGINE float" or "ENGINE number", TEMPLATE, DOCUMENT.
func main() {
	decoder := json.NewDecoder(strings.NewReader(os.Args[4]))
	if os.Args[2] == "number" {
		decoder.UseNumber()
	}
	var document map[string]any
	if err := decoder.Decode(&document); err != nil {
		panic(err)
	}
	text, err := render(os.Args[1], os.Args[3], document)
	if err != nil {
		panic(err)
	}
	fmt.Println(text)
}

func render(engine, source string, document map[string]any) (string, error) {
	if engine == "pongo2" {
		template, err := pongo2.FromString(source)
		if err != nil {
			return "", err
		}
		return template.Execute(document)
	}
	template, err := gonja.FromString(source)
	if err != nil {
		return "", err
	}
	return template.ExecuteToString(exec.NewContext(document))
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/flosch/pongo2/v6@v6.0.0 github.com/nikolalohinski/gonja/v2@v2.9.1 >/dev/null 2>&1
go build -o "$dir/render" .

template='{{ id }} {{ price }}' document='{"id":4711,"price":19.90}'
pongo2=$("$dir/render" pongo2 float "$template" "$document")
gonja=$("$dir/render" gonja float "$template" "$document")
script='require("nunjucks").renderString(process.argv[1], JSON.parse(process.argv[2]))'
nunjucks=$(cd "$dir" && node -p "$script" "$template" "$document")
echo "pongo2: $pongo2, gonja: $gonja, nunjucks: $nunjucks"
[[ $pongo2 == '4711.000000 19.900000' && $gonja == '4711.0 19.9' && $nunjucks == '4711 19.9' ]]
for engine in pongo2 gonja; do
    [[ $("$dir/render" "$engine" number "$template" "$document") == '4711 19.90' ]]
done
echo 'ok: three engines write the number of one JSON document in three ways'
