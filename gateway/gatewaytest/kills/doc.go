// Package kills holds the whole program to its promises: it is killed, stopped, paused and cut off
// under load, again and again, and everything that its clients saw is judged by package promises.
//
//	TestKill…   one program on a folder or, with -store=postgres, on a database
//	TestProof…  three nodes on one database, one fault a round (SPEC-cluster K3)
//
// It is a folder of tests alone, beside those of cmd/hookgate, whose time they would use up.
package kills
