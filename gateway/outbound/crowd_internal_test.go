package outbound

import "testing"

// While whoever wakes up waits for the processor few more attempts begin, and some of those that
// end are not followed; few are never a crowd.
func TestCrowd(t *testing.T) {
	s := &schedule{options: &Options{Limit: 1 << 20}}
	c := &s.crowd
	admitted := func() (n int) {
		for c.admits(s) && n < 1000 {
			n++
		}
		return n
	}
	ended := func() (n int) {
		for c.ends(s) {
			n++
		}
		return n
	}
	s.workers, c.looking = crowdFrom-1, true
	if n := admitted(); n != 1000 {
		t.Errorf("of few %d may begin", n)
	}
	for name, is := range map[string]struct {
		late       bool
		more, less int
	}{"calm": {false, crowdMore, 0}, "a crowd": {true, 1, crowdLess}} {
		s.workers = 10 * crowdFrom
		if !c.looks(s, is.late) {
			t.Errorf("%s: nobody looks on", name)
		}
		if more, less := admitted(), ended(); more != is.more || less != is.less {
			t.Errorf("%s: %d may begin and %d are not followed, want %d and %d", name, more, less, is.more, is.less)
		}
	}
	s.workers = crowdFrom
	if c.looks(s, true); ended() != 0 {
		t.Error("few become fewer")
	}
	s.workers--
	if c.looks(s, true) {
		t.Error("of few somebody looks on")
	}
}
