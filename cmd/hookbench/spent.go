//go:build linux

package main

import "time"

// spent is what a gateway has used since its start.
type spent struct {
	cpu     time.Duration
	mallocs float64
	disk    int64 // bytes written
}

func (s spent) less(before spent) spent {
	return spent{s.cpu - before.cpu, s.mallocs - before.mallocs, s.disk - before.disk}
}

func (g *gateway) spent() (s spent, err error) {
	m, err := g.metrics()
	if err != nil {
		return s, err
	}
	s.mallocs = m["go_memstats_mallocs_total"]
	if s.disk, err = written(g.pid()); err != nil {
		return s, err
	}
	s.cpu, err = cpuTime(g.pid())
	return s, err
}
