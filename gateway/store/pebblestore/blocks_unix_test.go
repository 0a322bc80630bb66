//go:build unix

package pebblestore

import (
	"io/fs"
	"syscall"
)

// blocksOf gives the bytes of disk of a file, which may be more than it has.
func blocksOf(info fs.FileInfo) int64 {
	stat, is := info.Sys().(*syscall.Stat_t)
	if !is {
		return info.Size()
	}
	return stat.Blocks * 512
}
