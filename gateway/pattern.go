package gateway

import (
	"regexp"
	"sync"
)

// Pattern gives a regular expression that is compiled when it is first asked for: most starts,
// and most commands, never need it.
func Pattern(form string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(form) })
}
