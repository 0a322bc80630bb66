//go:build !linux

package main

import (
	"testing"
	"time"
)

func limitFiles(t *testing.T, _ int, _ uint64)               { t.Skip("only Linux has prlimit") }
func wantFiles(t *testing.T, n int) int                      { return n }
func processorTime(t *testing.T, _ int) (used time.Duration) { return 0 }
