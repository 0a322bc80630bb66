//go:build linux

package main

import "time"

// pace says when requests are due by the clock.
type pace struct {
	rate  float64 // a second; more than 0
	start time.Time
	late  histogram // how long after its moment each was sent
}

// newPace gives none for a rate of 0.
func newPace(rate float64) *pace {
	if rate <= 0 {
		return nil
	}
	return &pace{rate: rate}
}

// due gives the moment of the request that so many come before.
func (p *pace) due(before int) time.Time {
	return p.start.Add(time.Duration(float64(before) / p.rate * float64(time.Second)))
}
