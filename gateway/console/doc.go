// Package console is where people look at the gateway with a browser (SPEC-console).
//
// It looks through the API and never past it: each page asks the API's own handlers, in
// process, by the right of the token with which somebody signed in, and shows what they
// answer. So it knows no store, and what it can, curl can too. A page has the address and
// the query of the operation that it shows, with /console, or /portal, for /v1.
//
// A request goes this way:
//
//	guard     the headers that every answer has; a write comes from our own pages
//	session   the cookie says who asks; without one: sign in
//	page      the table of pages (pages.go) names what reads, and what acts
//	ask       what the API answers to this session (ask.go)
//	show      a template of templates/, made of the parts of parts.html
//
// A list (list.go) is asked for by listOf, which reads its filters and says at each what is
// wrong, with the nearest word; under it stands how long it is kept (kept.go). Pictures are
// made here, of the API's figures (pictures.go).
//
// To add a page, copy one that is there: a file with a type of what it shows and a method
// that asks for it, a template beside it, and a row in pages.go.
//
// Things that are configured are edited as forms: formkinds.go lists the fields of each kind,
// form.go turns them into what the API takes and puts its faults at the fields, and what has
// no field stays as JSON. Where variables are mapped a sample stands beside (sample.go): what
// their paths find, and values to be made variables of. body.go makes the values of any body
// choosable; compare.go puts two things side by side; trial.go sends what somebody wrote.
//
// Without the script every page reads, filters, pages and acts. An act is a form that asks
// first: with the script in a dialog, without it on a page of its own (act.go).
package console
