#!/usr/bin/env bash
# libphonenumber-js 1.13.16 (npm) and github.com/nyaruka/phonenumbers v1.8.1 (Go): the sender of a WhatsApp webhook
# need not be a phone number, and the libraries do not agree which one is.
#
# Expected: "from" and "wa_id" are a phone number without its plus, so "+" and the id parse as a valid number, the
# one that the customer gave, in every port of libphonenumber.
# What they do: WhatsApp keeps ids from before two numbering plans changed. A Mexican id has a 1 after the 52, which
# was abolished: no port takes it as valid, or even possible, and none drops the 1. A Brazilian id outside the big
# cities lacks the ninth digit: Go says invalid; JavaScript says valid with the metadata that one gets by
# default ("min"), and invalid with "max".
# Why it matters: a gateway that normalizes or checks numbers on the way in rejects Mexican customers'
# messages, and one that compares numbers takes one person for two. The id must be kept as an opaque key; a number
# for comparison has to be derived by rules of one's own.
#
# Seen:                             Go       js       js/max
#   5215512345678 (id, Mexico)      invalid  invalid  invalid
#   +52 55 1234 5678 (the number)   valid    valid    valid
#   554188887777 (id, Brazil)       invalid  valid    invalid
#   +55 41 98888 7777 (the number)  valid    valid    valid
set -euo pipefail

dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
npm install --prefix "$dir" --silent --no-audit --no-fund --ignore-scripts libphonenumber-js@1.13.16 >/dev/null

cat >"$dir/probe.mjs" <<'JS'
import { parsePhoneNumberFromString as byDefault } from 'libphonenumber-js'
import { parsePhoneNumberFromString as whole } from 'libphonenumber-js/max'

const number = process.argv[2]
console.log(byDefault(number).isValid(), whole(number).isValid(), whole(number).number)
JS

mkdir "$dir/go"
cat >"$dir/go/main.go" <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/nyaruka/phonenumbers"
)

func main() {
	number, err := phonenumbers.Parse(os.Args[1], "")
	if err != nil {
		panic(err)
	}
	fmt.Println(phonenumbers.IsValidNumber(number), phonenumbers.Format(number, phonenumbers.E164))
}
GO
cd "$dir/go"
go mod init probe >/dev/null 2>&1
go get github.com/nyaruka/phonenumbers@v1.8.1 >/dev/null 2>&1
go build -o "$dir/phone" .

check() { # check NUMBER WANT-OF-GO WANT-OF-JS
    local go js
    go=$("$dir/phone" "$1")
    js=$(node "$dir/probe.mjs" "$1")
    echo "$1: go $go, js $js"
    [[ $go == "$2 $1" && $js == "$3 $1" ]]
}
check +5215512345678 false 'false false'
check +525512345678 true 'true true'
check +554188887777 false 'true false'
check +5541988887777 true 'true true'
echo 'ok: ids of WhatsApp are no valid numbers in Mexico, and in Brazil it depends on the library'
