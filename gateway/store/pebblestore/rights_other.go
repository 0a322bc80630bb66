//go:build !unix

package pebblestore

import "os"

// mayWrite says why nothing is at a path: what this process may do there is told when it
// does it.
func mayWrite(path string) error {
	_, err := os.Stat(path)
	return err
}

// whose would say whose a file or folder is.
func whose(string) string { return "" }
