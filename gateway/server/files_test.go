package server

import "testing"

// Public connections, each with one to an upstream, leave descriptors to the
// internal side and to the store, however few there are.
func TestShare(t *testing.T) {
	for files, want := range map[int][3]int{
		0: {16384, 65536, 4096}, 1 << 20: {16384, 65536, 4096},
		1: {1, 1, 1}, 200: {50, 113, 12}, 1024: {256, 576, 64}, 20000: {5000, 11250, 1250}, 65536: {16384, 38912, 4096},
	} {
		var o Options
		o.share(files)
		o.setDefaults()
		if got := [3]int{o.PublicConns, o.InternalConns, o.PerClient}; got != want {
			t.Errorf("of %d descriptors: %v, want %v", files, got, want)
		}
		if left := files - 2*o.PublicConns; files > 64 && left < files/2 {
			t.Errorf("of %d descriptors the public side leaves %d", files, left)
		}
	}
	o := Options{PublicConns: 7, InternalConns: 8}
	if o.share(200); o.PublicConns != 7 || o.InternalConns != 8 {
		t.Error("what was set is changed")
	}
}
