package outbound_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// Attempts with large events have no more memory than there is for all, and each delivery
// comes in the end, also one that is larger than its tenant's share.
func TestAttemptsShareMemory(t *testing.T) {
	const large, lanes = 256 << 10, 12
	var mu sync.Mutex
	now, most := 0, 0
	budget := shares.New(4 << 20)
	meet := time.Now().Add(20 * time.Second)
	w := real(t, func(received) reply {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		time.Sleep(20 * time.Millisecond) // others could come meanwhile
		for budget.Stat().Refused == 0 && time.Now().Before(meet) {
			time.Sleep(time.Millisecond) // and one does, on whatever machine
		}
		mu.Lock()
		now--
		mu.Unlock()
		return reply{}
	})
	_ = w.halt()
	w.options.Attempts = budget
	w.start()
	for i := range lanes {
		n := w.notice("acme", fmt.Sprint("e", i))
		n.Event.Body = gateway.Raw(`"` + string(bytes.Repeat([]byte("x"), large)) + `"`)
		if i == 0 {
			n.Event.Body = gateway.Raw(`"` + string(bytes.Repeat([]byte("x"), 4*large)) + `"`)
		}
		if err := w.store.Commit(&gateway.Change{Notice: n}); err != nil {
			t.Fatal(err)
		}
		w.lanes.Wake(n.Delivery.Lane(), n.Delivery.Due())
	}
	w.awaitWithin(t, lanes, slack)
	if most > 4 { // of a quarter each
		t.Errorf("%d attempts at once", most)
	}
	s := budget.Stat()
	for until := time.Now().Add(slack); s.Used != 0 && time.Now().Before(until); s = budget.Stat() {
		time.Sleep(time.Millisecond) // an attempt lands after its delivery is told of
	}
	if s.Used != 0 || s.Refused == 0 {
		t.Errorf("after all of them: %+v", s)
	}
}
