package cluster

import (
	"context"

	"hookgate/gateway"
)

// Alone is one node on a store of its own: it owns everything.
type Alone struct{ Say func() Self }

// aloneID is its id: there is no other.
const aloneID = "1"

// WaitOwner gives this node.
func (a Alone) WaitOwner(context.Context, gateway.Slot) (owner Node, here bool, err error) {
	return Node{ID: aloneID, Address: a.Say().Address}, true, nil
}

// Nodes gives this node.
func (a Alone) Nodes() []Status {
	self := a.Say()
	return []Status{{
		ID: aloneID, Address: self.Address, Version: self.Version, Since: gateway.Time{Time: self.Since}, Slots: gateway.Slots,
		ConfigDigest: self.Digest, State: StateReady, UnreachableFrom: []string{},
	}}
}

// DrainNode refuses: it is the last one.
func (a Alone) DrainNode(_ context.Context, id string) error {
	if id != aloneID {
		return gateway.ErrNotFound
	}
	return errLast
}
