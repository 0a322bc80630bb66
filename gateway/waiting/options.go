package waiting

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/shares"
)

// Observer is told what happens. What is nil is not told. All must return at once.
type Observer struct {
	// Open: this process has so many open waits of a tenant more, or fewer.
	Open func(tenant string, delta int)
	// Ended: a wait that was registered as open has ended after so long.
	Ended func(tenant, source string, state gateway.WaitState, after time.Duration)
	// Taken: a wait ended in the moment it was opened, by a parked callback.
	Taken func(tenant, source string)
	// Happened: a wait was opened, or has ended.
	Happened func(gateway.Happening)
	// TimerLag: a deadline was kept so late.
	TimerLag func(time.Duration)
	// Parked: this process has so many parked callbacks of a tenant more, or fewer.
	Parked func(tenant string, delta int)
	// RulesCache: rules of a wait's own were looked for.
	RulesCache func(hit bool)
	// Noticed: a notice is durable, and its lane may be asleep.
	Noticed func(gateway.LaneKey, gateway.Due)
}

// whole is an observer that can be told everything.
func (o Observer) whole() Observer {
	if o.Open == nil {
		o.Open = func(string, int) {}
	}
	if o.Ended == nil {
		o.Ended = func(string, string, gateway.WaitState, time.Duration) {}
	}
	if o.Taken == nil {
		o.Taken = func(string, string) {}
	}
	if o.Happened == nil {
		o.Happened = func(gateway.Happening) {}
	}
	if o.TimerLag == nil {
		o.TimerLag = func(time.Duration) {}
	}
	if o.Parked == nil {
		o.Parked = func(string, int) {}
	}
	if o.RulesCache == nil {
		o.RulesCache = func(bool) {}
	}
	if o.Noticed == nil {
		o.Noticed = func(gateway.LaneKey, gateway.Due) {}
	}
	return o
}

// Options are what Sessions needs and how much it may hold. Ledger, Archive, Recovery
// and Source are required; one store is the first three.
type Options struct {
	Ledger   Ledger
	Archive  Archive
	Recovery Recovery
	Observer Observer
	// Source gives a source as it now stands; nil when it is no more.
	Source func(tenant, source string) *directory.Source
	// Now is the clock of all that is stored, which must be the store's and must not
	// leap; nil: time.Now.
	Now func() time.Time
	// Withhold keeps a delivery from being sent, from before it is stored, until Let.
	// nil: nothing is kept back.
	Withhold, Let func(lane gateway.LaneKey, delivery string)
	// Places is the budget of open waits, in number, and Contexts that of the contexts
	// that they keep in memory, in bytes (SPEC 16); nil: no bound.
	Places, Contexts *shares.Budget
	// Parked is the budget of what memory keeps of parked callbacks, in bytes; nil: no bound.
	Parked *shares.Budget
	// Room refuses a tenant that has as much on the disk as it may have; nil: nobody does.
	Room func(tenant string) error
	// Above gives the tenants above one, whose limits bind it too; nil: there are none.
	Above func(*directory.Tenant) []*directory.Tenant
	// Holder says who has what an open wait of a tenant takes of them; nil: the
	// tenant by itself.
	Holder func(tenant string) shares.Holder
}

// whole is options without a nil but those that say something.
func (o Options) whole() Options {
	o.Observer = o.Observer.whole()
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Room == nil {
		o.Room = func(string) error { return nil }
	}
	if o.Above == nil {
		o.Above = func(*directory.Tenant) []*directory.Tenant { return nil }
	}
	if o.Places == nil { // they are counted all the same: see budget.limited
		o.Places = shares.New(1 << 60)
	}
	if o.Holder == nil {
		o.Holder = func(tenant string) shares.Holder { return shares.Tenant(tenant) }
	}
	return o
}
