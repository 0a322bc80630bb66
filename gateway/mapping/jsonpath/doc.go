// Package jsonpath runs paths of RFC 9535 over raw JSON, where it lies: no tree is
// built, and all that is passed over is counted.
//
//	parse     reads a path by the grammar of the RFC
//	query     segments and selectors; a path that finds at most one value has Steps
//	find      goes from the body to what is found
//	filter    compares and tests values; logical and function read such
//	iregexp   I-Regexp (RFC 9485) for match and search
//
// It passes every case of the compliance suite of the RFC (testdata/rfc9535;
// testdata/jsonpath.json has our own). ohler55/ojg was measured first, v1.28.5: it
// agrees with 350 of the 703, panics where two objects are compared, lets "||" bind
// before "&&", and gives descendants in another order.
package jsonpath
