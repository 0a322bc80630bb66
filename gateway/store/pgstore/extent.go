package pgstore

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// What a tenant has in the database is counted by a sample: to add up all of its rows would be
// to read all that there is, again and again, and to keep books of it would be a write more in
// each promise. Of all tables together so many pages are read, some of each; what lies on a
// page of a table tells whose the table is, with its indexes. Little is read whole, so of a
// small database it is exact; of a large one it is off by a few percent for who has much, and
// by more for who has little.

const (
	// sampledPages is how many pages of 8 KiB are read, of all tables.
	sampledPages = 4096
	// sampledFor is how long an answer is given out.
	sampledFor = 15 * time.Second
	// rowBytes is what a row has beside its record, about.
	rowBytes = 64
)

// extents tell what tenants have.
type extents struct {
	*engine
	unseen *atomic.Int64 // bytes that were written since the last sample, by this node

	mu sync.Mutex
	of map[string]int64
	at time.Time
}

// Extent gives how many bytes of the database a tenant has, with what vacuum has not given
// back, as it was found a short while ago.
func (s *extents) Extent(tenant string) (bytes int64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.opts.Now(); s.of == nil || now.Sub(s.at) >= sampledFor || now.Before(s.at) {
		before := s.unseen.Load()
		if err := s.sample(); err != nil {
			return 0, err
		}
		s.unseen.Add(-before)
		s.at = now
	}
	return s.of[tenant], nil
}

// Unflushed gives how many bytes this node has written since Extent looked.
func (s *extents) Unflushed() int64 { return s.unseen.Load() }

// Room is unknown: a database does not say how large its disk is.
func (s *extents) Room() (bytes int64, known bool) { return 0, false }

// leaf is a table, or a part of one.
type leaf struct {
	name         string
	pages, bytes int64 // of itself; with its indexes, and what is kept beside it
}

// sample finds out who has how much.
func (s *extents) sample() error {
	leaves, pages, err := s.leaves()
	if err != nil {
		return err
	}
	part := min(1, sampledPages/float64(max(pages, 1)))
	var parts []string
	for i, l := range leaves {
		from := "{s}" + l.name + " AS t"
		if part < 1 {
			from += fmt.Sprintf(" TABLESAMPLE SYSTEM (%f)", 100*part)
		}
		parts = append(parts, fmt.Sprintf("SELECT %d::int8 AS n, t.tenant, sum(%d%s)::int8 FROM %s GROUP BY t.tenant", i, rowBytes, valueSize(l.name), from))
	}
	found := make([]map[string]int64, len(leaves))
	all := make([]int64, len(leaves))
	if len(parts) > 0 {
		err = s.readFor(whole, strings.Join(parts, " UNION ALL "), nil, func(row [][]byte) (bool, error) {
			n := longAt(row[0])
			if found[n] == nil {
				found[n] = map[string]int64{}
			}
			found[n][string(row[1])] = longAt(row[2])
			all[n] += longAt(row[2])
			return true, nil
		})
	}
	if err != nil {
		return err
	}
	of := map[string]int64{}
	for n, l := range leaves {
		for tenant, bytes := range found[n] {
			of[tenant] += int64(float64(l.bytes) * float64(bytes) / float64(all[n]))
		}
	}
	s.of = of
	return nil
}

// valueSize is what a row's record takes, if it has one: as it lies there, and not as it would
// be read.
func valueSize(table string) string {
	for _, without := range []string{"own", "carried", "kept_carried", "due", "drops", "wait_names"} {
		if table == without || strings.HasPrefix(table, without+"_") {
			return ""
		}
	}
	return " + pg_column_size(t.value)"
}

// leaves gives the tables in which tenants have anything, and how many pages all of them have.
func (s *extents) leaves() (list []leaf, pages int64, err error) {
	p := &params{}
	of := p.many(sort{"text", 25, 1009, 0}, len(tenantTables), func(i int) cell { return text(tenantTables[i]) })
	sql := "SELECT c.relname::text, pg_relation_size(c.oid) / current_setting('block_size')::int8, pg_total_relation_size(c.oid) FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid LEFT JOIN pg_class AS parent ON parent.oid = i.inhparent " +
		"WHERE c.relkind = 'r' AND c.relnamespace = " + p.word(s.opts.Schema) + "::text::regnamespace AND coalesce(parent.relname, c.relname)::text = ANY(" + of + ") AND pg_relation_size(c.oid) > 0"
	err = s.read(sql, p, func(row [][]byte) (bool, error) {
		l := leaf{string(row[0]), longAt(row[1]), longAt(row[2])}
		list, pages = append(list, l), pages+l.pages
		return true, nil
	})
	return list, pages, err
}
