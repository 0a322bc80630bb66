// Package rawjson reads JSON as it lies there, byte by byte, and decodes nothing that
// nobody asks for.
//
//	validate  says whether a text is JSON: what follows trusts that it is
//	scan      passes over values, members and items
//	kind      what a value is
//	items     goes over the items of an array
//	text      strings: their escapes
//	quoted    strings as people write them into a path
//	number    exact values of numbers, whatever their size
//	equal     whether two values are the same
package rawjson
