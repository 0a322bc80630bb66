// Package jinja runs Jinja templates over JSON. What Jinja2 3.1 prints, it prints
// (SPEC 15, "Templates"; testdata/jinja.json was made by the real one).
//
//	lex        takes a text apart into words, {{ }}, {% %} and comments
//	parse      statements, made of expressions, made of operands; a reader of tokens for all
//	bind       finds for each name whether a statement gave it, or the document has it
//	operation  a filter, a test or a method, whose arguments are bound here
//	run        evaluates, in layers of which each knows those before it: meter counts,
//	           access looks into values, operators compute, run writes and has the names
//
// What renders often takes no memory: frames, items and arguments stand in a run, which
// is used again; a number is read when somebody computes with it; an object stays open
// for the next of its members.
//
// It differs on purpose in this: what is missing or null prints nothing, and a
// member of what is missing is missing; booleans print as true and false; a number
// prints as it was written, and a computed whole one without .0; lists and objects
// print as JSON, with members in their order; default replaces null too; a member of
// an object wins over a method of its name.
//
// A filter is ours: fromjson reads the JSON that a text says.
//
// Nothing loads, calls out, or changes what it was given: there is no include, no
// import, no extension, and no method that changes a list or an object.
//
// Whoever writes a template may be hostile, and whoever fills it. So every value that
// is made is counted, every loop and filter asks for leave for the work that it is
// about to do, and what cannot be interrupted is small: see meter.go.
package jinja
