//go:build linux

package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

// tenantFile is what a configuration file of many tenants has.
type tenantFile struct{ tenants, endpoints, sources int }

func (f *tenantFile) id(i int) string { return fmt.Sprintf("t%05d", i) }

// text is the file; the tenants come last, so that more may be written behind them.
func (f *tenantFile) text() string {
	var b strings.Builder
	b.WriteString("tenants:\n")
	for i := range f.tenants {
		b.WriteString(f.tenant(f.id(i)))
	}
	return b.String()
}

// tenant is one of them. Every secret is another one, as they are: what is kept once
// for all alike would flatter. There is little else, for a file has a bound: that of builds
// up to this one is 524,288 values, and 10,000 tenants with five endpoints have 420,000.
func (f *tenantFile) tenant(id string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  %s:\n    name: Tenant %s\n    account_keys: [%q]\n    endpoints:\n", id, id, "account-"+id)
	for i := range f.endpoints {
		key := sha256.Sum256(fmt.Appendf(nil, "%s/endpoints/%d", id, i))
		fmt.Fprintf(&b, "      e%d: { url: \"https://e%d.%s.example.com/hook\", event_types: [message], sign: { type: standard, secrets: [\"whsec_%s\"] } }\n",
			i, i, id, base64.StdEncoding.EncodeToString(key[:]))
	}
	if f.sources > 0 {
		b.WriteString("    sources:\n")
	}
	for i := range f.sources {
		key := sha256.Sum256(fmt.Appendf(nil, "%s/sources/%d", id, i))
		fmt.Fprintf(&b, "      s%d: { verify: { type: github, secrets: [%q] }, variables: [{ name: amount, path: data.amount, type: number }, { name: note, path: note }] }\n",
			i, hex.EncodeToString(key[:]))
	}
	return b.String()
}
