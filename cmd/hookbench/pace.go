package main

import (
	"sync"
	"time"
)

// pace holds requests back until they are due by the clock.
type pace struct {
	rate  float64 // a second; 0: as fast as answers come
	start time.Time
	mu    sync.Mutex
	late  histogram // how long after its moment each was sent
}

// wait waits for the moment of the one that so many come before.
func (p *pace) wait(before int) {
	if p.rate <= 0 {
		return
	}
	due := p.start.Add(time.Duration(float64(before) / p.rate * float64(time.Second)))
	time.Sleep(time.Until(due))
	p.mu.Lock()
	p.late.add(time.Since(due))
	p.mu.Unlock()
}
