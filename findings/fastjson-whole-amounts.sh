#!/usr/bin/env bash
# github.com/valyala/fastjson v1.6.10 (Go): GetInt of the amount 100.0 is 0.
#
# Expected: JSON has one kind of number; 100, 100.0 and 1e2 are the same one. GetInt truncates it, or reports it.
# What it does: GetInt, GetInt64 and GetUint parse digits only. A point or an exponent makes the answer 0, the
# same as for a missing member and for a real 0. GetFloat64 of the member is right, and so is Int64(), which gives
# an error; the short getters are what the README shows.
# Why it matters: senders differ in how they write a whole number: Python's json writes 100.0 for a float, and PHP
# does with JSON_PRESERVE_ZERO_FRACTION. The payment of 100.0 is booked as 0, and
# "status": 2.0 takes the branch of 0, with no error anywhere.
#
# Seen:
#   text    GetInt  GetFloat64
#   100     100     100
#   100.0   0       100
#   1e2     0       100
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cat >"$dir/main.go" <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/valyala/fastjson"
)

func main() {
	good := true
	for text, want := range map[string]int{"100": 100, "100.0": 0, "1e2": 0} {
		document, err := fastjson.Parse(`{"amount":` + text + `}`)
		if err != nil {
			panic(err)
		}
		short, float := document.GetInt("amount"), document.GetFloat64("amount")
		_, err = document.Get("amount").Int64()
		fmt.Println(text, short, float, err)
		good = good && short == want && float == 100 && (err != nil) == (want == 0)
	}
	if !good {
		os.Exit(1)
	}
}
GO
cd "$dir"
go mod init probe >/dev/null 2>&1
go get github.com/valyala/fastjson@v1.6.10 >/dev/null 2>&1
go run .
echo 'ok: GetInt is 0 for a whole number that is written with a point or an exponent'
