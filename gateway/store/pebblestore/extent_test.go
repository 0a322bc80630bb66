package pebblestore

import (
	"fmt"
	"testing"
	"time"

	"hookgate/gateway"
)

// TestExtent writes of two tenants, and wants of each what it has, before and after it is
// in tables.
func TestExtent(t *testing.T) {
	wrote := map[string]int{}
	s := mustOpen(t, Options{Dir: t.TempDir(), OnWrite: func(tenant string, bytes int) { wrote[tenant] += bytes }})
	body := make([]byte, 4<<10)
	for i := range body {
		body[i] = byte(i*i>>3) ^ byte(i>>7) // not to be compressed away
	}
	now := time.Now()
	put := func(tenant string, events int) {
		p := &gateway.Publication{}
		for i := range events {
			body[i%len(body)]++
			p.Events = append(p.Events, gateway.Event{ID: gateway.NewID(gateway.PrefixEvent, now), Tenant: tenant, Type: "note", AcceptedAt: now, Body: body})
		}
		if err := s.Accept(p); err != nil {
			t.Fatal(err)
		}
	}
	put("acme", 100)
	put("acme2", 10)
	if wrote["acme"] < 400<<10 || wrote["acme"] > 500<<10 || wrote["acme2"] < 40<<10 || wrote["acme2"] > 50<<10 {
		t.Errorf("told to be written: %v", wrote)
	}
	if n := s.Unflushed(); n < 440<<10 {
		t.Errorf("%d bytes are in no table", n)
	}
	if err := s.db.Flush(); err != nil {
		t.Fatal(err)
	}
	one, err := s.Extent("acme")
	two, err2 := s.Extent("acme2")
	none, err3 := s.Extent("acm")
	if err != nil || err2 != nil || err3 != nil {
		t.Fatal(err, err2, err3)
	}
	if one < 8*two || one > 12*two || one > int64(wrote["acme"])+8<<10 || none != 0 {
		t.Errorf("a hundred events are %d bytes, ten %d, none %d", one, two, none)
	}
	if _, known := s.Room(); !known {
		t.Error("a disk does not say how much room it has")
	}
}

func BenchmarkExtent(b *testing.B) {
	s := mustOpen(b, Options{Dir: b.TempDir()})
	now := time.Now()
	for i := range 1000 {
		p := &gateway.Publication{}
		for range 20 {
			p.Events = append(p.Events, gateway.Event{ID: gateway.NewID(gateway.PrefixEvent, now), Tenant: fmt.Sprintf("tenant-%d", i), Type: "note", AcceptedAt: now, Body: make([]byte, 1<<10)})
		}
		if err := s.Accept(p); err != nil {
			b.Fatal(err)
		}
	}
	if err := s.db.Flush(); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := s.Extent(fmt.Sprintf("tenant-%d", i%1000)); err != nil {
			b.Fatal(err)
		}
	}
}
