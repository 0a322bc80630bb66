package node

import (
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/calling"
	"hookgate/gateway/changes"
	"hookgate/gateway/cluster"
	"hookgate/gateway/jobs"
	"hookgate/gateway/outbound"
	"hookgate/gateway/publishing"
	"hookgate/gateway/resources"
	"hookgate/gateway/stats"
	"hookgate/gateway/storage"
	"hookgate/gateway/waiting"
)

// kept is the store as each who asks it sees it, and what it stands on. Only who opens it
// knows which it is (opening).
type kept struct {
	ground
	ledger     waiting.Ledger
	waits      waiting.Archive
	recovery   waiting.Recovery
	calls      calling.Store
	jobs       jobs.Store
	published  publishing.Store
	backlog    outbound.Backlog
	statuses   outbound.Statuses
	archive    outbound.Archive
	resources  resources.Store
	figures    stats.Store
	changes    changes.Store
	events     api.Events
	names      api.Names
	deliveries api.Deliveries
	told       api.Told
	revisions  revisions        // nil: no other process configures anything
	comings    outbound.Comings // nil: no other process puts anything into lanes
	members    cluster.Store    // nil: there is no other process
	letGo      func(gateway.SlotSet)
	// makesFirst says whether this process makes the first admin token; nil: it does.
	makesFirst func() (bool, error)
}

// ground is what a store stands on: a folder of this machine, or a database.
type ground interface {
	storage.Disk
	// Firm makes durable what was settled since a moment of the monotonic clock.
	Firm(since time.Time) error
	Close() error
	// Healthy says why nothing is written until a restart; nil: it is.
	Healthy() error
	// missing says what is not there now without which requests are better sent to another
	// process, and why; nil: nothing.
	missing() (part string, why *gateway.Error)
	stands() standsOn
}

// standsOn is how a ground stands.
type standsOn struct {
	bytes int64
	full  bool // writes are refused until there is room
	low   bool // that is near
	far   bool // a write that takes long is no fault of this process
}

// keptBy lets a store be asked by all.
func keptBy[S interface {
	waiting.Ledger
	waiting.Archive
	waiting.Recovery
	calling.Store
	jobs.Store
	publishing.Store
	outbound.Backlog
	outbound.Statuses
	outbound.Archive
	resources.Store
	stats.Store
	changes.Store
	api.Events
	api.Names
	api.Deliveries
	api.Told
}](s S, on ground) kept {
	return kept{
		ground: on, ledger: s, waits: s, recovery: s, calls: s, jobs: s, published: s, backlog: s, statuses: s, archive: s,
		resources: s, figures: s, changes: s, events: s, names: s, deliveries: s, told: s,
	}
}

// opening opens the store that the configuration names.
type opening struct{ *parts }

func (p *parts) openStore() (err error) {
	counts{p}.bound(p.config.Bounds)
	p.promised = &promised{}
	p.storage = storage.New(onDisk{p}.options())
	if p.config.Store.Driver == configs.DriverPostgres {
		err = opening{p}.database()
	} else {
		err = opening{p}.folder()
	}
	if err != nil {
		return err
	}
	p.onStop(p.store.Close)
	p.metrics.StoreBytes(func() int64 { return p.store.stands().bytes })
	p.onStop(func() error { p.metrics.StoreBytes(nil); return nil })
	return nil
}
