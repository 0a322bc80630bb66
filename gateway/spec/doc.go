// Package spec is the contract: what can be seen of hookgate from outside, and the few
// decisions inside with the measurements behind them. A comment that says "SPEC 14" means
// section 14 of spec.md.
//
//	spec.md        callbacks, waits, events, calls, routes; 14 to 17 refine what stands before
//	operations.md  O1 and up: for those who run it and debug with it
//	console.md     C1 and up: the console
//	cluster.md     K1 and up: more than one machine
//	design.md      what makes it fast and safe, called DESIGN in comments
//
// The pages are ahead of the program: what they say and it lacks is to be built. Fields
// may be added; nothing in them is renamed. A test holds every reference in the tree to
// a section that is there.
package spec

import "embed"

// Pages are the pages, by their names.
//
//go:embed *.md
var Pages embed.FS
