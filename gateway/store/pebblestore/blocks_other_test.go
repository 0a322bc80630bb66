//go:build !unix

package pebblestore

import "io/fs"

func blocksOf(info fs.FileInfo) int64 { return info.Size() }
