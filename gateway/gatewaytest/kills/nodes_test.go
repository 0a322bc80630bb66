package kills

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
)

// nodes are several programs on one database. Each is reached by the others, and reaches the
// database, by a way of its own.
type nodes struct {
	*lives
	all    []*node
	pooled bool // the database is behind PgBouncer
	seen   *seen

	standby *postgres.Server           // nil: there is none
	next    string                     // another version of the program; "" is none
	gaps    map[string][]time.Duration // by fault: from its begin to the last request that failed
}

// node is one of them: the program of the moment, and its ways.
type node struct {
	*program.Program
	peers, database *gatewaytest.Way
	binary          string
}

// newNodes makes lives of three nodes.
func newNodes(t *testing.T, seed uint64, pooled bool) *nodes {
	l := newLives(t, seed)
	n := &nodes{lives: l, pooled: pooled, seen: newSeen(), gaps: map[string][]time.Duration{}}
	if l.db == nil {
		l.db = postgres.Start(t)
		l.env = append(l.env, keyOfTests)
	}
	l.nodes = n
	network, address := n.place(l.db)
	for range 3 {
		one := &node{binary: built}
		one.database = gatewaytest.NewWay(t, func() (string, string) { return network, address })
		one.peers = gatewaytest.NewWay(t, func() (string, string) { return "tcp", "127.0.0.1:1" }) // nobody is there yet
		n.all = append(n.all, one)
	}
	return n
}

// place is where a database takes connections.
func (n *nodes) place(db *postgres.Server) (network, address string) {
	if n.pooled {
		db.Pooler(n.t)
		return "unix", filepath.Join(db.Dir, "pooler", ".s.PGSQL.6432")
	}
	return db.Socket()
}

// launch runs a node and waits for nothing.
func (n *nodes) launch(one *node) {
	o := n.options
	o.Binary, o.Env = one.binary, n.env
	o.Config = fmt.Sprintf("store: { driver: postgres, url: %q }\ncluster: { advertise: %q }\ndrain: { delay: 2s }\n",
		postgres.URLBy(one.database.Addr), one.peers.Addr) + n.config()
	one.Program = program.Launch(n.t, o)
}

// join waits until a node that was launched is ready.
func (n *nodes) join(one *node) {
	n.t.Helper()
	if err := one.Listening(n.t); err != nil {
		n.t.Fatalf("%v\n%s", err, one.Log.Text())
	}
	one.peers.Leads("tcp", strings.TrimPrefix(one.Internal, "http://"))
	one.WaitReady(n.t)
	one.Watch(n.seen.watch)
}

// startAll starts all nodes, and lets the load in.
func (n *nodes) startAll() {
	n.t.Helper()
	for i, one := range n.all {
		n.launch(one)
		if i == 0 { // who comes first makes the schema
			n.join(one)
		}
	}
	for _, one := range n.all[1:] {
		n.join(one)
	}
	n.settled(len(n.all))
	n.resume(false)
}

// resume lets the load in; unless the life of the judges goes on, it begins another.
func (n *nodes) resume(on bool) {
	n.program = n.all[0].Program
	n.began = append(n.began, time.Now())
	for _, do := range n.up {
		if !on {
			do()
		}
	}
	n.gate.open(n.programs()...)
}

// programs gives the programs of all nodes but some.
func (n *nodes) programs(but ...*node) (all []*program.Program) {
	for _, one := range n.all {
		if len(but) == 0 || one != but[0] {
			all = append(all, one.Program)
		}
	}
	return all
}

// standing is a node as others see it (SPEC-cluster K5).
type standing struct {
	ID      any    `json:"id"`
	Address string `json:"address"`
	State   string `json:"state"`
	Slots   int    `json:"slots"`
	Version string `json:"version"`
}

// list asks a node for all of them; query is "" or begins with ?.
func (n *nodes) list(of *node, query string) (list []standing, err error) {
	a, err := of.Admin().Do(n.t.Context(), http.MethodGet, "/v1/nodes"+query, nil)
	if err == nil && a.Status != 200 {
		err = errors.New(a.String())
	}
	if err != nil {
		return nil, err
	}
	var page struct{ Data []standing }
	a.Decode(n.t, &page)
	return page.Data, nil
}

// settled waits until so many nodes own all slots between them, all of the ready ones some,
// and says for how long it was waited.
func (n *nodes) settled(ready int) time.Duration {
	n.t.Helper()
	began := time.Now()
	program.Eventually(n.t, 2*time.Minute, func() error {
		for _, p := range n.all {
			select {
			case <-p.Exited():
				continue
			default:
			}
			list, err := n.list(p, "")
			if err != nil {
				return err
			}
			is, slots := 0, 0
			for _, one := range list {
				if one.State == "ready" && one.Slots > 0 {
					is++
					slots += one.Slots
				}
			}
			if is != ready || slots != 256 {
				return fmt.Errorf("%+v", list)
			}
		}
		return nil
	})
	return time.Since(began)
}

// some gives a node: half the time the owner of a tenant of the load, else any.
func (n *nodes) some() *node {
	if tenant := n.homes[n.rng.IntN(len(n.homes))].tenant; n.rng.IntN(2) == 0 {
		if list, err := n.list(n.all[0], "?tenant="+tenant); err == nil && len(list) == 1 {
			for _, one := range n.all {
				if one.peers.Addr == list[0].Address {
					return one
				}
			}
		}
	}
	return n.all[n.rng.IntN(len(n.all))]
}
