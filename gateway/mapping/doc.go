// Package mapping looks into a callback: it compiles paths, conditions and typed
// variables once, and runs them on the raw bytes.
//
//	Parse     understands a body by its Content-Type: JSON, fields, text, none
//	Unwrap    takes the JSON out of a body that is the body meant
//	Builder   gathers paths of all kinds into one Set
//	Set.Read  walks over the body once and finds every plain path
//	Values    holds what was found, and runs the other kinds when asked for them
//	Rules     says which outcome a callback is, and writes its variables
//	Template  renders a text over what was found; Body a request body with types
//
// CompileSource and Compile join these for a source and for a wait of its own.
//
// Beneath it stand packages that know nothing of callbacks:
//
//	charset   text of the web's charsets
//	rawjson   JSON as it lies there: valid, passed over, compared
//	jsonpath  JSONPath (RFC 9535) on it
//	pattern   regular expressions that can be stopped
//	jinja     templates and expressions
//	work      what one document may take, and the turns of those that take long
//
// # Paths
//
// A path is one of
//
//	a.b[0].c  a.b.0  a["odd key"]   Jinja-style; also between {{ }}
//	{{ a.b | upper | default("x") }}  an expression with filters and operators
//	/a/b/0                          JSON Pointer (RFC 6901)
//	$.a.b[0]  $..c  $.a[?@.b > 1]   JSONPath (RFC 9535)
//	header:Name  query:name         outside the body
//
// Whatever finds at most one value without computing is a plain path. All plain
// paths of a Set stand in one trie, so that key, dedupe id, conditions and fifty
// variables cost one walk and no memory (walk.go). The walk trusts that the body
// is valid, which Parse has checked. A number in a.0 or /a/0 is an
// index or a name, as the body has it; in brackets, [0] is an index and ["0"] a
// name. Of members with one name the last counts, in every kind of path. The
// literal is kept: 1.50 stays 1.50, and no digit of a large number is lost.
//
// A JSONPath that can find several values is run by package jsonpath, on the raw bytes
// too, when somebody asks for its value: one node gives its value, several an array,
// none is missing.
//
// Expressions are those of package jinja. Plain paths inside them are slots of the
// same walk. A result keeps its JSON type, a number its literal. What filters make of
// a missing or null value is missing, unless default() is among them; so is anything
// that fails.
//
// # Templates
//
// A call's url, query, headers and body are Jinja templates over the request that
// asked for it (package jinja says what they may hold). Builder.Names says where their
// bare names stand in it, and all of them are slots of one walk, too. What is missing
// or null renders empty, a list or an object as JSON. A string of a Body that is one
// {{ … }} and no more keeps the type of its value, and is null where that is missing.
//
// What does not render is a RenderError with its line, column and rule, which never
// quotes a value.
//
// # Bounds
//
// Whoever writes a path or sends a body may be hostile, so all work is bounded
// (Bounds): a path has 1 KiB, a compiled pattern 1000 instructions; all that is done
// with one callback counts in nanoseconds of a slow core, of which it has 50 ms
// (package work), and what is over them is ErrTooComplex, never a "no". Variables have
// together 1 MiB. What one path makes has at most 1 MiB, and is missing where it is
// larger. What takes long takes turns.
//
// A template has 64 KiB, a Body 256 KiB. The templates of a Builder have 4096 tags and
// look into 10,000 places. For one document they take 100 ms, counted as all work is,
// with the clock as a second net, and make 1 MiB; what one of them makes on its way has
// 4 MiB, a text 512 KiB, a list 4096 items. What is over a bound is a RenderError.
// Nothing in a render can be interrupted, so each step is small and asks for leave
// before.
package mapping
