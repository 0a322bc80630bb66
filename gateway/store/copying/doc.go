// Package copying moves everything from one store to another that is empty, whichever they
// are (SPEC-cluster K1, K5 "store copy"). Nobody serves either meanwhile.
//
//	look     whether the other holds anything; or goes on with a copy that was cut short
//	put      kind by kind, some rows at a time, with a note in the same commit: how far it is
//	verify   read the copy whole: of each kind there are as many rows, with one digest
//	end      the copy is a store like any other
//
// A copy that was cut short goes on at its note: the rows up to there are read again, for
// their digest, and not written. A source that was changed between is told by that digest.
//
// A digest is the sum of the hashes of all rows: two stores need not give them in one order.
package copying
