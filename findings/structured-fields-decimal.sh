#!/usr/bin/env bash
# structured-headers 2.1.0 (npm) and github.com/dunglas/httpsfv v1.1.2 (Go): the JavaScript parser can't tell the
# decimal 1.0 from the integer 1, and writes it as an integer.
#
# Expected: RFC 9651 has integers and decimals as two types, and a strict serialization of 1.0 is "1.0". What is
# parsed and serialized again is the same field (blanks and zeros at the end apart).
# What it does: JavaScript has one type of number, so a=1.0 becomes a=1, of another type. Go keeps the type.
# Why it matters: RFC 9421 signs a field with the flag ";sf" in this very form, so that an intermediary may reformat
# it. A sender in Go and a verifier on Node then hash two texts for one field, and the signature fails only when a
# decimal happens to be whole: q=0.9 passes, q=1.0 does not.
#
# Seen:
#   field       JavaScript  Go
#   q=0.9       q=0.9       q=0.9
#   q=1.0       q=1         q=1.0
#   q=1.50      q=1.5       q=1.5
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts structured-headers@2.1.0 >/dev/null

cat >"$dir/probe.mjs" <<'JS'
import { parseDictionary, serializeDictionary } from 'structured-headers'

console.log(serializeDictionary(parseDictionary(process.argv[2])))
JS

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/dunglas/httpsfv"
)

func main() {
	dictionary, err := httpsfv.UnmarshalDictionary(os.Args[1:])
	if err != nil {
		panic(err)
	}
	text, err := httpsfv.Marshal(dictionary)
	if err != nil {
		panic(err)
	}
	fmt.Println(text)
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/dunglas/httpsfv@v1.1.2 >/dev/null 2>&1
go build -o "$dir/again" .

check() { # check FIELD WANT-OF-JAVASCRIPT WANT-OF-GO
    local js go
    js=$(node "$dir/probe.mjs" "$1")
    go=$("$dir/again" "$1")
    echo "$1: js $js, go $go"
    [[ $js == "$2" && $go == "$3" ]]
}
check q=0.9 q=0.9 q=0.9
check q=1.0 q=1 q=1.0
check q=1.50 q=1.5 q=1.5
echo 'ok: a whole decimal comes out of the JavaScript library as an integer'
