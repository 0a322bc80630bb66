package pgstore

import (
	"sync"
	"testing"
)

// TestVerbsAnswer has ops that look first: each is told whether it met something, also among
// others of its group, and two on one row are never in one statement.
func TestVerbsAnswer(t *testing.T) {
	server := server(t)
	o := options(server)
	s, by := mustOpen(t, o), newSession(t, server)
	tenant := tenantOf(0)
	there, never := aWait(tenant, "there"), aWait(tenant, "never")
	move := &verb{
		name: "move a wait", table: "waits", keys: 2, answers: true, in: columns("tenant bytea, id bytea, slot int2, source bytea"),
		sql: "UPDATE {s}waits AS t SET source = i.source FROM {in} WHERE t.tenant = i.tenant AND t.id = i.id AND t.source <> i.source RETURNING i.o",
	}
	moving := func(id, source string, hit *bool) *promise {
		p := newPromise()
		p.of(tenant)
		p.do(move, text(tenant), p.id("wait", "wait_", id), slotCell(tenant), text(source)).hit = hit
		return p
	}
	free := blocked(by, o)
	first := newPromise()
	first.wait(there)
	hits := make([]bool, 4)
	var done sync.WaitGroup
	done.Go(func() { must(t, s.write(first)) })
	newSession(t, server).until(waiting, "1")
	for i, p := range []*promise{moving(never.ID, "x", &hits[0]), moving(there.ID, "new", &hits[1]), moving(there.ID, "new", &hits[2]), moving(there.ID, "newer", &hits[3])} {
		done.Go(func() { must(t, s.write(p)) })
		for queued := 0; queued < i+1; {
			s.all[0].mu.Lock()
			queued = len(s.all[0].queue)
			s.all[0].mu.Unlock()
		}
	}
	free()
	done.Wait()
	if want := [4]bool{false, true, false, true}; [4]bool(hits) != want {
		t.Errorf("met: %v, want %v", hits, want)
	}
	w, err := s.Wait(tenant, there.ID)
	must(t, err)
	if w == nil || by.ask("SELECT convert_from(source, 'UTF8') FROM "+o.Schema+".waits WHERE slot >= 0") != "newer" {
		t.Error("the last does not count")
	}
}
