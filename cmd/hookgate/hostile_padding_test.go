package main

import (
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// Waits that are opened with 8 MiB of white space around a few words: each kept all of
// that, since its key was a part of it, and no budget counted it.
func TestHostilePadding(t *testing.T) {
	const waits = 40
	p := program.Start(t, program.Options{Config: `tenants: { mallory: { sources: { payments: { verify: { type: none } } } } }`})
	padding := strings.Repeat(" ", 8<<20)
	staysBelow(t, p, residentMemory, waits*8<<20*2/3, func() {
		for i := range waits {
			p.Admin().Must(t, []int{201}, "POST", ofMallory+"/waits", fmt.Sprintf(
				`{"conversation_key":"padded-%d","aliases":["also-padded-%d"],"source":"payments","mode":"poll","timeout_seconds":300}%s`, i, i, padding))
		}
	})
}
