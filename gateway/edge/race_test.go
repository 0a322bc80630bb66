//go:build race

package edge

const raced = true // the race detector has memory of its own
