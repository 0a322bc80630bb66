package edge

import "time"

// pace is how fast a body comes: one of n bytes has a grace and n/rate seconds, so that
// a client who drips holds nothing for long.
type pace struct {
	got    int64 // bytes of the body, handed on
	began  time.Time
	passes bool          // the body is a Stream
	waited time.Duration // for the client, of a Stream: its reader's own time is not the client's
}

// until is when the next byte must have come.
func (p *pace) until(grace time.Duration, rate int64) time.Time {
	if p.began.IsZero() {
		p.began = time.Now()
	}
	earned := time.Duration(float64(p.got) / float64(rate) * float64(time.Second))
	if p.passes {
		return time.Now().Add(grace + earned - p.waited)
	}
	return p.began.Add(grace + earned)
}

// clock reads the clock for who needs it: the reader of a Stream.
func (p *pace) clock() time.Time {
	if !p.passes {
		return time.Time{}
	}
	return time.Now()
}

// waitedSince counts a wait that began when clock was read.
func (p *pace) waitedSince(began time.Time) {
	if p.passes {
		p.waited += time.Since(began)
	}
}
