package keeping

import (
	"context"
	"io"
	"time"
)

// piece is how much is written at once.
const piece = 128 << 10

// pace writes no faster than so many bytes a second, so that who reads a backup takes no
// more of the disk, and of the processors, than was said.
type pace struct {
	to    io.Writer
	ctx   context.Context
	rate  int64 // 0: as fast as it goes
	began time.Time
	sent  int64
	// look is asked before each piece.
	look func() error
	buf  []byte
}

// Write writes in pieces: each has its turn.
func (p *pace) Write(b []byte) (n int, err error) {
	for len(b) > 0 {
		part := b[:min(len(b), piece-len(p.buf))]
		p.buf = append(p.buf, part...)
		n, b = n+len(part), b[len(part):]
		if len(p.buf) == piece {
			if err := p.flush(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// flush writes what is left.
func (p *pace) flush() error {
	if err := p.rest(); err != nil {
		return err
	}
	if err := p.look(); err != nil {
		return err
	}
	n, err := p.to.Write(p.buf)
	p.sent += int64(n)
	p.buf = p.buf[:0]
	return err
}

// rest waits until the next piece may go. What a slow reader did not take is not made up
// for: the pace is that of each second.
func (p *pace) rest() error {
	if p.rate <= 0 {
		return p.ctx.Err()
	}
	due := p.began.Add(time.Duration(float64(p.sent) / float64(p.rate) * float64(time.Second)))
	now := time.Now()
	if late := now.Sub(due); late > time.Second {
		p.began = p.began.Add(late - time.Second)
	}
	if !due.After(now) {
		return p.ctx.Err()
	}
	timer := time.NewTimer(due.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}
