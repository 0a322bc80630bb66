#!/usr/bin/env bash
# github.com/tidwall/gjson v1.20.0 (Go): after the escape of half a surrogate pair, gjson loses the next character.
#
# Expected: JSON's grammar allows "\ud83d" alone, and readers put U+FFFD for it, as encoding/json does. What
# follows is not touched.
# What it does: any escape that comes next is taken for the other half, whether it is one or not, and six bytes
# are skipped: "\ud83d\u0041" is U+FFFD without the A. After a short escape, as \n, the text is right.
# Why it matters: such halves are in webhooks, for a sender in JavaScript cuts a preview or a title at a number of
# UTF-16 units, and JSON.stringify writes the half as an escape. A Python service behind it (json.loads, json.dumps)
# hands the half on and escapes what follows, too. Then the ellipsis or quotation mark after the cut is gone, and
# a comparison or a hash over the decoded text differs from that of every other reader.
#
# Seen:
#   text             gjson       encoding/json
#   a\ud83d\u2026b   a U+FFFD b  a U+FFFD U+2026 b
#   a\ud83d…b        the same in both, for the ellipsis is no escape
#   a\ud83d\nb       the same in both
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cat >"$dir/main.go" <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/tidwall/gjson"
)

func main() {
	good := true
	for text, want := range map[string]string{
		`a\ud83d\u2026b`: "a\ufffdb",
		`a\ud83d…b`:      "a\ufffd…b",
		`a\ud83d\nb`:     "a\ufffd\nb",
	} {
		document := `{"text":"` + text + `"}`
		var standard struct{ Text string }
		if err := json.Unmarshal([]byte(document), &standard); err != nil {
			panic(err)
		}
		got := gjson.Get(document, "text").String()
		fmt.Printf("%s gjson %+q encoding/json %+q\n", text, got, standard.Text)
		good = good && got == want && (got == standard.Text) != strings.Contains(text, `\u2026`)
	}
	if !good {
		os.Exit(1)
	}
}
GO
cd "$dir"
go mod init probe >/dev/null 2>&1
go get github.com/tidwall/gjson@v1.20.0 >/dev/null 2>&1
go run .
echo 'ok: gjson drops the escape after half a surrogate pair'
