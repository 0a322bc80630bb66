package signature

import (
	"encoding/base64"
	"strings"
)

// basic is `Authorization: Basic base64(username:password)` (RFC 7617). The
// base64 text is compared whole: no part of it can be wrong by itself, and of
// the many ways to write base64 only the canonical one passes.
var basic = scheme{
	name:  "basic",
	reads: []string{"username", "password"},
	build: func(c *Config, f *faults) *Verifier {
		switch {
		case c.Username == "":
			f.add("username", "is missing")
		case strings.Contains(c.Username, ":"):
			f.add("username", `has a ":", which ends the name in this scheme`)
		}
		if c.Password == "" {
			f.add("password", "is missing")
		}
		right := base64.StdEncoding.EncodeToString([]byte(c.Username + ":" + c.Password))
		return &Verifier{proof: &credential{
			name:  "Authorization",
			take:  authorization("basic"),
			right: []sum{sumOf(right)},
		}}
	},
}
