// Package background has what those share who work on after an answer: the lanes,
// and the calls that are pending.
package background

import (
	"context"
	"sync"
	"time"
)

// Sleep rests, and says whether the rest was whole.
func Sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// grace is what those have who are given up, to end what cannot be interrupted.
const grace = time.Second

// Drain waits until all of a group are done. When ctx ends before that, giveUp is
// called, and they have a moment more.
func Drain(ctx context.Context, running *sync.WaitGroup, giveUp func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		running.Wait()
	}()
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	giveUp()
	// What is connected ends now; what is connecting ends with the transport.
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}
