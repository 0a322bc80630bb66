#!/usr/bin/env bash
# github.com/flosch/pongo2/v6 v6.0.0, github.com/nikolalohinski/gonja/v2 v2.9.1 (Go) and nunjucks 3.2.4 (npm): the
# filter urlencode, which all three have from Jinja or Django, makes three URLs.
#
# Expected: "{{ name|urlencode }}" is safe in a path and in a query, and the same in each engine that claims the
# syntax. Jinja2 and Django write a blank as %20, keep "/" and escape "&".
# What they do: pongo2 escapes for a query, so that a blank becomes "+", which is a plus in a path. nunjucks escapes
# "/" too. gonja escapes for a path, and leaves "&", "+" and "=" as they are: in a query they end the value, or
# stand for a blank.
# Why it matters: the URL of an outbound webhook is a template. One that moves from one engine to another calls
# another address, or passes half of a value, with status 200. "Tom & Jo" in gonja's query is a name "Tom " and a
# parameter " Jo".
#
# Seen for "a b/c&d+e=f":
#   pongo2   a+b%2Fc%26d%2Be%3Df
#   gonja    a%20b/c&d+e=f
#   nunjucks a%20b%2Fc%26d%2Be%3Df
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts nunjucks@3.2.4 >/dev/null

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/flosch/pongo2/v6"
	"github.com/nikolalohinski/gonja/v2"
	"github.com/nikolalohinski/gonja/v2/exec"
)

// main prints what pongo2 and then what gonja make of its argument; "safe" is for pongo2, which escapes HTML.
func main() {
	values := map[string]any{"s": os.Args[1]}
	first, err := pongo2.FromString("{{ s|urlencode|safe }}")
	if err != nil {
		panic(err)
	}
	one, err := first.Execute(values)
	if err != nil {
		panic(err)
	}
	second, err := gonja.FromString("{{ s|urlencode }}")
	if err != nil {
		panic(err)
	}
	two, err := second.ExecuteToString(exec.NewContext(values))
	if err != nil {
		panic(err)
	}
	fmt.Println(one)
	fmt.Println(two)
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/flosch/pongo2/v6@v6.0.0 github.com/nikolalohinski/gonja/v2@v2.9.1 >/dev/null 2>&1
go build -o "$dir/encode" .

text='a b/c&d+e=f'
{ read -r pongo2; read -r gonja; } < <("$dir/encode" "$text")
script='require("nunjucks").renderString("{{ s|urlencode|safe }}", { s: process.argv[1] })'
nunjucks=$(cd "$dir" && node -p "$script" "$text")
printf '%s\n' "pongo2   $pongo2" "gonja    $gonja" "nunjucks $nunjucks"
[[ $pongo2 == 'a+b%2Fc%26d%2Be%3Df' ]]
[[ $gonja == 'a%20b/c&d+e=f' ]]
[[ $nunjucks == 'a%20b%2Fc%26d%2Be%3Df' ]]
echo 'ok: urlencode makes three texts of one'
