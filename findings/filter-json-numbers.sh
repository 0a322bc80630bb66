#!/usr/bin/env bash
# github.com/google/cel-go v0.26.1 and github.com/expr-lang/expr v1.17.8: comparing a number of a webhook's JSON
# works, so the filter looks right; reckoning with it, or making text of it, does not.
#
# Expected: where "body.amount == 100" and "body.amount > 99" hold, "body.amount + 1 > 100" holds, and
# string(body.id) of 1234567 is "1234567".
# What they do: encoding/json gives float64. CEL compares across types but adds within one: double + int is "no
# such overload", at run time, for a body is dyn. Both write a float in Go's %g, with an exponent from seven digits
# on, so string(body.id) is no id. In expr the remainder, id % 2, is an error for the same reason.
# Why it matters: CEL filters webhooks in Tekton triggers, Kubernetes and gateways, expr in many products. A filter
# that was tried with a small id drops or misroutes events as ids grow: the key of a conversation turns into
# "1.234567e+06" overnight, and matches no regular expression of digits.
#
# Seen, for {"id":1234567,"old":123456,"amount":100}:
#   cel   body.amount == 100        true
#   cel   body.amount + 1 > 100     error: no such overload
#   cel   string(body.old)          123456
#   cel   string(body.id)           1.234567e+06
#   expr  body.amount + 1 > 100     true
#   expr  string(body.id)           1.234567e+06
#   expr  body.id % 2               error
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

	"github.com/expr-lang/expr"
	"github.com/google/cel-go/cel"
)

func inCEL(source string, body any) string {
	env, err := cel.NewEnv(cel.Variable("body", cel.DynType))
	if err != nil {
		panic(err)
	}
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		panic(issues.Err())
	}
	program, err := env.Program(ast)
	if err != nil {
		panic(err)
	}
	value, _, err := program.Eval(map[string]any{"body": body})
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprint(value.Value())
}

func inExpr(source string, body any) string {
	value, err := expr.Eval(source, map[string]any{"body": body})
	if err != nil {
		first, _, _ := strings.Cut(err.Error(), " (")
		return "error: " + first
	}
	return fmt.Sprint(value)
}

func main() {
	var body any
	if err := json.Unmarshal([]byte(`{"id":1234567,"old":123456,"amount":100}`), &body); err != nil {
		panic(err)
	}
	good := true
	for _, c := range []struct {
		name         string
		eval         func(string, any) string
		source, want string
	}{
		{"cel", inCEL, "body.amount == 100", "true"},
		{"cel", inCEL, "body.amount > 99", "true"},
		{"cel", inCEL, "body.amount + 1 > 100", "error: no such overload"},
		{"cel", inCEL, "body.amount + 1.0 > 100.0", "true"},
		{"cel", inCEL, "string(body.old)", "123456"},
		{"cel", inCEL, "string(body.id)", "1.234567e+06"},
		{"expr", inExpr, "body.amount + 1 > 100", "true"},
		{"expr", inExpr, "string(body.old)", "123456"},
		{"expr", inExpr, "string(body.id)", "1.234567e+06"},
		{"expr", inExpr, "body.id % 2", "error: invalid operation: float64 % int"},
	} {
		got := c.eval(c.source, body)
		fmt.Printf("%-4s  %-26s  %s\n", c.name, c.source, got)
		good = good && got == c.want
	}
	if !good {
		os.Exit(1)
	}
}
GO
cd "$dir"
go mod init probe >/dev/null 2>&1
go get github.com/google/cel-go/cel@v0.26.1 github.com/expr-lang/expr@v1.17.8 >/dev/null 2>&1
go run .
echo 'ok: a number of JSON compares like an integer, and neither adds nor prints like one'
