//go:build linux

package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// TestRelayKeepsAll reads the bare relay's file: every body that it answered is in it,
// once and whole, and with a target each has arrived there, too. A relay that did less
// would be an unfair measure.
func TestRelayKeepsAll(t *testing.T) {
	sink, err := startChild("sink")
	if err != nil {
		t.Fatal(err)
	}
	defer sink.stop()
	const n = 300
	if err := sink.expect("relayed", n); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{nil, {"http://" + sink.addr + "/bare/relayed", "4"}} {
		file := filepath.Join(t.TempDir(), "log")
		relay, err := startChild("relay", append([]string{file}, args...)...)
		if err != nil {
			t.Fatal(err)
		}
		_, err = newBareStream(relay.addr, 512).load(16, n).run(t.Context())
		if err == nil && args != nil {
			_, err = sink.arrive(t.Context(), "relayed", n)
		}
		relay.stop()
		if err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[int64]bool{}
		bodies := 0
		for ; len(log) >= 4; bodies++ {
			size := int(binary.BigEndian.Uint32(log))
			if size > len(log)-4 {
				break
			}
			seq, _, found := number(log[4:4+size], seqMember)
			if !found || size < 512 {
				t.Fatalf("%q is no body", log[4:4+size])
			}
			seen[seq], log = true, log[4+size:]
		}
		if bodies != n || len(seen) != n || len(log) != 0 {
			t.Errorf("with %q the file has %d bodies, %d different, and %d bytes more; want %d", args, bodies, len(seen), len(log), n)
		}
	}
	if relay, err := startChild("relay", filepath.Join(t.TempDir(), "log"), "http://%zz", "1"); err == nil {
		relay.stop()
		t.Error("a target that is no URL is taken")
	}
}
