package outbound

import (
	"fmt"
	"testing"
	"time"
)

// Retries without a pause have a rate; those of another tenant, and those that wait a
// second anyway, have nothing to do with it.
func TestHaste(t *testing.T) {
	var h haste
	now := time.Now()
	var last time.Duration
	for i := range hastyBurst + 10*hastyRetries {
		pause := h.pause("mallory", time.Microsecond, now)
		if i < hastyBurst && pause != time.Microsecond {
			t.Fatalf("retry %d of a burst waits %s", i, pause)
		}
		if pause < last {
			t.Fatalf("retry %d comes before the one before it", i)
		}
		last = pause
	}
	if last < 9*time.Second || last > 11*time.Second {
		t.Errorf("the last of 10 s worth of retries comes after %s", last)
	}
	if pause := h.pause("bystander", 20*time.Millisecond, now); pause != 20*time.Millisecond {
		t.Errorf("another tenant's waits %s", pause)
	}
	if pause := h.pause("mallory", hasty, now); pause != hasty {
		t.Errorf("one that waits a second waits %s", pause)
	}
	if pause := h.pause("mallory", 0, now.Add(time.Minute)); pause != 0 {
		t.Errorf("when all is over one waits %s", pause)
	}
}

// Attempts end side by side, and what one calls now may lie before what another said
// already: none of that makes the rate a higher one.
func TestHasteOfTimesOutOfOrder(t *testing.T) {
	var h haste
	began := time.Now()
	n := 0
	for i := range 4 * hastyBurst {
		now := began.Add(-time.Duration(i%2) * 10 * time.Millisecond)
		if due := now.Add(h.pause("mallory", 0, now)); due.Sub(began) <= time.Second {
			n++
		}
	}
	if n != hastyBurst+hastyRetries {
		t.Errorf("%d retries in the first second, want %d", n, hastyBurst+hastyRetries)
	}
}

func TestHasteForgetsTheIdle(t *testing.T) {
	var h haste
	now := time.Now()
	for i := range 3 * mostHasty {
		h.pause(fmt.Sprint(i), 0, now.Add(time.Duration(i)*time.Second))
	}
	if len(h.last) > mostHasty {
		t.Errorf("%d tenants are remembered", len(h.last))
	}
}
