// Package markup makes pages of HTML from templates in the language of html/template.
//
// It exists for what the program weighs. text/template, which html/template is made of, calls
// methods by names that it reads (reflect.Value.MethodByName); a linker that sees one such
// call keeps every exported method of every type that ever becomes an interface, 5 MiB of
// this program (cmd/hookbench/records/binary.md). Here who makes a set hands in the methods
// that its templates may call.
//
//	markup   a set of templates, parsed by text/template/parse
//	run      walks a template, and writes
//	eval     the values of its pipelines
//	call     functions and methods, and their arguments
//	builtin  functions that every set has: and or not eq ne lt le gt ge index len print printf
//	place    follows the HTML that is written: where a value stands
//	escape   a value, for its place
//
// What a value becomes is said by where it stands, as with html/template, whose bytes these
// are (a test compares them). But there are fewer places: in text, in <title> and <textarea>,
// in the quoted value of an attribute. A value anywhere else (in a script, a style, a comment,
// an attribute without quotes, an attribute that is code) is an error, and no page. What a
// template says is trusted; a value never moves the place.
//
// Of the language this is left out: break, continue, block, comments in HTML, ranges over
// numbers, channels and functions, and fields of maps whose keys are not strings.
package markup
