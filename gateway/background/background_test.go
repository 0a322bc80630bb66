package background_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/gateway/background"
)

func TestSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		begun := time.Now()
		if !background.Sleep(ctx, 40*time.Second) || time.Since(begun) != 40*time.Second {
			t.Errorf("a whole rest of 40s took %s", time.Since(begun))
		}
		if background.Sleep(ctx, 40*time.Second) || time.Since(begun) != time.Minute {
			t.Errorf("a rest over the end was over after %s", time.Since(begun))
		}
	})
}

// TestDrain: who ends in time is waited for; who ends when given up, too; who never
// ends has a second.
func TestDrain(t *testing.T) {
	for name, c := range map[string]struct {
		takes, took time.Duration // takes 0: until given up; below: longer than anybody waits
		givenUp     bool
	}{
		"in time":  {5 * time.Second, 5 * time.Second, false},
		"given up": {0, 10 * time.Second, true},
		"stuck":    {time.Hour, 11 * time.Second, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
				defer stop()
				var running sync.WaitGroup
				told := make(chan struct{})
				running.Go(func() {
					if c.takes == 0 {
						<-told
						return
					}
					time.Sleep(c.takes)
				})
				begun, givenUp := time.Now(), false
				background.Drain(ctx, &running, func() { givenUp = true; close(told) })
				if took := time.Since(begun); took != c.took || givenUp != c.givenUp {
					t.Errorf("took %s, given up %t", took, givenUp)
				}
				running.Wait()
			})
		})
	}
}
