//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// loop sends a load from one thread, which waits for all its connections at once. A
// goroutine for each costs more than a bare server does: the client would be measured.
type loop struct {
	*load
	epoll, timer int
	conns        []*loadConn
	idle         []*loadConn // wait for the next request to be due
	next         int         // request
	answered     int
	latency      histogram

	msg message // filled in anew for each request
	out []byte  // the same as it goes out
	in  []byte  // what is read at once
}

// The events of epoll have the number of a connection, or that of the timer.
const timerEvent = -1

// look is how often a loop looks whether it is to end, and who has waited too long.
const look = 200 * time.Millisecond

func newLoop(l *load) (lp *loop, err error) {
	lp = &loop{load: l, epoll: -1, timer: -1, in: make([]byte, maxHead)}
	defer func() {
		if err != nil {
			lp.close()
		}
	}()
	if lp.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	if lp.timer, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK); err != nil {
		return nil, err
	}
	if err := lp.watch(lp.timer, timerEvent); err != nil {
		return nil, err
	}
	for i := range l.conns {
		c, err := dial(l.addr, i)
		if err != nil {
			return nil, fmt.Errorf("connection %d: %w", i, err)
		}
		lp.conns, lp.idle = append(lp.conns, c), append(lp.idle, c)
		if err := lp.watch(c.fd, i); err != nil {
			return nil, err
		}
	}
	return lp, nil
}

func (lp *loop) watch(fd, event int) error {
	return unix.EpollCtl(lp.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(event)})
}

func (lp *loop) close() {
	for _, c := range lp.conns {
		_ = unix.Close(c.fd) // nothing more is read or written
	}
	for _, fd := range []int{lp.epoll, lp.timer} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}

func (lp *loop) run(ctx context.Context) error {
	events := make([]unix.EpollEvent, 128)
	looked := time.Now()
	for lp.answered < lp.n {
		if err := lp.sendDue(); err != nil {
			return err
		}
		n, err := unix.EpollWait(lp.epoll, events, int(look/time.Millisecond))
		if err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			if err := lp.happened(int(e.Fd)); err != nil {
				return err
			}
		}
		if now := time.Now(); now.Sub(looked) > look {
			looked = now
			if err := errors.Join(context.Cause(ctx), lp.waitedTooLong(now)); err != nil {
				return err
			}
		}
	}
	return nil
}

// sendDue sends from idle connections what is due, and sets the timer for what is not.
func (lp *loop) sendDue() error {
	for len(lp.idle) > 0 && lp.next < lp.n {
		if lp.pace != nil {
			due := lp.pace.due(lp.next)
			late := time.Since(due)
			if late < 0 {
				return unix.TimerfdSettime(lp.timer, 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(-late))}, nil)
			}
			lp.pace.late.add(late)
		}
		c := lp.idle[0] // in turns, so that none is idle until the server closes it
		lp.idle = lp.idle[1:]
		if err := lp.send(c); err != nil {
			return err
		}
	}
	return nil
}

func (lp *loop) send(c *loadConn) error {
	lp.fill(lp.next, &lp.msg)
	lp.out = lp.msg.appendTo(lp.out[:0])
	c.request, c.sent = lp.next, time.Now()
	lp.next++
	if err := c.write(lp.out); err != nil {
		return fmt.Errorf("request %d: %w", c.request, err)
	}
	return nil
}

// happened reads what came.
func (lp *loop) happened(event int) error {
	if event == timerEvent {
		_, err := unix.Read(lp.timer, lp.in[:8])
		if errors.Is(err, unix.EAGAIN) { // it was set anew
			err = nil
		}
		return err
	}
	c := lp.conns[event]
	if c.request == nothing {
		return lp.ended(c)
	}
	a, whole, err := c.read(lp.in)
	if err != nil {
		return fmt.Errorf("request %d: %w", c.request, err)
	}
	if !whole {
		return nil
	}
	lp.latency.add(time.Since(c.sent))
	if err := lp.check(c.request, a); err != nil {
		return fmt.Errorf("request %d: %w", c.request, err)
	}
	lp.answered++
	c.request = nothing
	if a.close {
		if err := lp.again(c); err != nil {
			return err
		}
	}
	if lp.pace == nil && lp.next < lp.n {
		return lp.send(c)
	}
	lp.idle = append(lp.idle, c)
	return nil
}

// ended takes the end of a connection that waits for nothing.
func (lp *loop) ended(c *loadConn) error {
	if n, err := unix.Read(c.fd, lp.in); n > 0 || err != nil {
		return fmt.Errorf("a server sends what nobody asked for: %q, %w", lp.in[:max(n, 0)], err)
	}
	return lp.again(c)
}

// again opens a connection anew that the server closes.
func (lp *loop) again(c *loadConn) error {
	_ = unix.Close(c.fd) // all was read
	anew, err := dial(lp.addr, c.number)
	if err != nil {
		return err
	}
	c.fd = anew.fd
	return lp.watch(c.fd, c.number)
}

func (lp *loop) waitedTooLong(now time.Time) error {
	most := max(lp.timeout, patience)
	for _, c := range lp.conns {
		if c.request != nothing && now.Sub(c.sent) > most {
			return fmt.Errorf("request %d is not answered within %s", c.request, most)
		}
	}
	return nil
}
