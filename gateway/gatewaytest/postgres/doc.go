// Package postgres starts PostgreSQL for tests, on a folder and a socket of its own.
//
// It takes the programs of Debian's package postgresql, or those on the PATH. PostgreSQL
// refuses to run as root: started by root it runs as postgres, else as nobody. Where it is
// not installed a test skips, with one line that says how to get it; and so it does where there
// are no signals and users of Unix.
package postgres
