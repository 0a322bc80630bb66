//go:build !linux

package process

// Self gives nothing: only Linux is asked.
func Self() string { return "" }

// Ended knows of none.
func Ended(string) bool { return false }
