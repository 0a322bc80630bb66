package resources

import (
	"sync"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/shares"
)

// mostWrites is how many writes of one tree, or of all who look after tenants, may wait.
const mostWrites = 32

var (
	errRevoked    = gateway.Errorf(gateway.CodeUnauthenticated, "the token was revoked, or has ended, before the write had its turn")
	errManyWrites = gateway.Unavailable("so many parts of this tenant's configuration are being written", time.Second)
)

// desk has those who write come one after the other, a tree of tenants after the other: a
// write is compiled and made durable while others wait, and nobody waits behind all that
// another tenant sends, a dry run or a refused write alike (SPEC 16).
type desk struct {
	turns *shares.Turns
	at    sync.Mutex // is held by whose turn it is, and by what the gateway does of itself
}

func newDesk() desk { return desk{turns: shares.NewTurns(1, mostWrites, 0)} }

// Lock is for what the gateway does of itself, and for who only looks.
func (d *desk) Lock() { d.at.Lock() }

// Unlock ends Lock.
func (d *desk) Unlock() { d.at.Unlock() }

// take waits until an owner may write; end must follow.
func (d *desk) take(owner string) (end func(), err error) {
	if !d.turns.Take(owner) {
		return nil, errManyWrites
	}
	d.at.Lock()
	return func() {
		d.at.Unlock()
		d.turns.Give(owner)
	}, nil
}

// turn waits until it is the turn of whoever asks to write the configuration. Who has lost
// the token meanwhile has lost the turn: a tenant may have gone with it, and be another's.
func (r *ledger) turn(by auth.Principal) (end func(), err error) {
	return r.turnIn(r.root(by.Tenant), by)
}

// turnToEnd is turn for what ends something: it stands in a line of its own, so that who
// fills the line of a tree with writes keeps nobody from ending them.
func (r *ledger) turnToEnd(by auth.Principal) (end func(), err error) {
	return r.turnIn(ending(r.root(by.Tenant)), by)
}

func (r *ledger) turnIn(owner string, by auth.Principal) (end func(), err error) {
	if end, err = r.mu.take(owner); err != nil {
		return nil, err
	}
	if by.TokenID != "" && r.revoked(by.TokenID) || by.Expired(r.clock()) {
		end()
		return nil, errRevoked
	}
	return end, nil
}

// ending is the owner of what ends something in a tree. No tenant is called so.
func ending(root string) string { return "end " + root }

// root gives the tenant at the top of a tenant's tree; "" of none.
func (r *ledger) root(tenant string) string {
	if above := r.above(tenant); len(above) > 0 {
		return above[len(above)-1]
	}
	return tenant
}
