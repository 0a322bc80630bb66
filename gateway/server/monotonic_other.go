//go:build !unix

package server

func monotonic() string { return "" }
