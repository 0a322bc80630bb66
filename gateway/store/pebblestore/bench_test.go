package pebblestore

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
)

// resumed is what a callback that resumes a wait makes durable: about 1.5 KB.
func resumed(at time.Time) *gateway.Change {
	w := openWait(at, 100)
	w.State, w.Branch, w.Match, w.EndedAt = gateway.StateResumed, gateway.Success, "paid", at
	w.Variables = gateway.Raw(`{"amount":1200,"currency":"eur","id":"pi_3PXabcdefghijklmnop"}`)
	w.Callback = &gateway.TakenCallback{
		ID: gateway.NewID(gateway.PrefixCallback, at), ReceivedAt: at, ContentType: "application/json",
		Body: gateway.Raw(`{"data":"` + strings.Repeat("x", 700) + `"}`),
	}
	key := gateway.NewMarkKey(gateway.MarkDelivery, []byte(w.Callback.ID))
	data := gateway.Raw(`{"source":"payments","outcome":"resumed","state":"resumed","content_type":"application/json"}`)
	return &gateway.Change{
		Wait:  w,
		Marks: []gateway.Mark{{Tenant: w.Tenant, Key: key, CallbackID: w.Callback.ID, WaitID: w.ID, Expires: at.Add(24 * time.Hour)}},
		Traces: []gateway.Trace{
			{Tenant: w.Tenant, Key: w.ConversationKey, At: at, Kind: "callback", ID: w.Callback.ID, Data: data},
			{Tenant: w.Tenant, Key: w.ConversationKey, At: at, Kind: "wait", ID: w.ID, Data: data},
		},
	}
}

func benchStore(b testing.TB) *Store {
	return mustOpen(b, Options{Dir: b.TempDir()})
}

// BenchmarkCommit makes resumed callbacks durable, on a real disk.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := benchStore(b)
			b.SetParallelism((writers + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
			if writers == 1 {
				c := resumed(time.Now())
				b.ReportAllocs()
				for b.Loop() {
					if err := s.Commit(c); err != nil {
						b.Fatal(err)
					}
				}
				return
			}
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				c := resumed(time.Now())
				for p.Next() {
					if err := s.Commit(c); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkMiss looks up what is not there, as nearly every callback does, among
// 20,000 of each that are, partly in tables and partly in memory.
func BenchmarkMiss(b *testing.B) {
	s := benchStore(b)
	fill(b, s, 20_000)
	key := gateway.NewMarkKey(gateway.MarkDelivery, []byte("never"))
	for _, look := range []struct {
		name string
		up   func() (bool, error)
	}{
		{"Mark", func() (bool, error) { _, found, err := s.Mark("acme", key, 24*time.Hour); return found, err }},
		{"Ended", func() (bool, error) { _, found, err := s.Ended("acme", "payments", "never"); return found, err }},
		{"Names", func() (bool, error) { _, found, err := s.Names("acme", "never"); return found, err }},
	} {
		b.Run(look.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if found, err := look.up(); err != nil || found {
					b.Fatal(found, err)
				}
			}
		})
	}
}

func fill(b *testing.B, s *Store, n int) {
	now := time.Now()
	changes := make([]*gateway.Change, 0, 1000)
	for i := range n {
		c := resumed(now)
		c.Wait.ConversationKey = fmt.Sprintf("key-%d", i)
		c.Names = &gateway.Names{Tenant: "acme", All: []string{c.Wait.ConversationKey, c.Wait.ID}, Used: now}
		if changes = append(changes, c); len(changes) == cap(changes) || i == n-1 {
			if err := s.Commit(changes...); err != nil {
				b.Fatal(err)
			}
			changes = changes[:0]
		}
		if i == n/2 {
			if err := s.db.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkRecover opens a store with 100,000 open waits and recovers them.
func BenchmarkRecover(b *testing.B) {
	dir := b.TempDir()
	s := mustOpen(b, Options{Dir: dir})
	now := time.Now()
	for range 100 {
		changes := make([]*gateway.Change, 1000)
		for i := range changes {
			changes[i] = &gateway.Change{Wait: openWait(now, 200)}
		}
		if err := s.Commit(changes...); err != nil {
			b.Fatal(err)
		}
	}
	mustClose(b, s)
	for b.Loop() {
		s := mustOpen(b, Options{Dir: dir})
		n := 0
		err := s.Recover(gateway.AllSlots(), func(*gateway.Wait) error { n++; return nil }, func(*gateway.Parked) error { return nil })
		if err != nil || n != 100_000 {
			b.Fatal(n, err)
		}
		mustClose(b, s)
	}
}
