// Package jsontest draws JSON for the tests of package mapping and those beneath it.
package jsontest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"hookgate/gateway"
)

// Names are few, so that paths meet members and members repeat.
var Names = []string{"a", "b", "ab", "0", "1", "-x", "odd key", "é", "q\"'\\", "", "~/"}

// Draw draws a value that is nested so deep at most.
func Draw(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 6).Draw(t, "kind")
	if depth == 0 && kind > 3 {
		kind -= 3
	}
	blank := rapid.SampledFrom([]string{"", "", " ", "\n\t"}).Draw(t, "blank")
	switch kind {
	case 0:
		return rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "word")
	case 1:
		return rapid.SampledFrom([]string{"0", "-1", "1.50", "1e3", "12345678901234567890"}).Draw(t, "number")
	case 2, 3:
		return quoteSomehow(t, rapid.SampledFrom(Names).Draw(t, "text"))
	case 4:
		var items []string
		for range rapid.IntRange(0, 3).Draw(t, "items") {
			items = append(items, blank+Draw(t, depth-1))
		}
		return "[" + strings.Join(items, blank+",") + blank + "]"
	}
	var members []string
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		name := quoteSomehow(t, rapid.SampledFrom(Names).Draw(t, "name"))
		members = append(members, blank+name+blank+":"+blank+Draw(t, depth-1))
	}
	return "{" + strings.Join(members, blank+",") + blank + "}"
}

// quoteSomehow writes a JSON string with or without escapes that it could spare.
func quoteSomehow(t *rapid.T, s string) string {
	if !rapid.Bool().Draw(t, "escaped") {
		return string(gateway.AppendString(nil, s))
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	b.WriteByte('"')
	return b.String()
}

// Decode gives what encoding/json reads, with its numbers as they were written; nil
// where that is nothing.
func Decode(raw []byte) any {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var tree any
	if d.Decode(&tree) != nil {
		return nil
	}
	return tree
}
