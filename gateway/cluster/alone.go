package cluster

import (
	"context"

	"hookgate/gateway"
)

// Alone is one node on a store of its own: it owns everything.
type Alone struct {
	Node Node
	Say  func() Self
}

// Owner gives this node.
func (a Alone) Owner(gateway.Slot) (owner Node, here bool) { return a.Node, true }

// WaitOwner gives this node.
func (a Alone) WaitOwner(context.Context, gateway.Slot) (owner Node, here bool, err error) {
	return a.Node, true, nil
}

// NextOwner gives this node.
func (a Alone) NextOwner(context.Context, gateway.Slot) (owner Node, here bool, err error) {
	return a.Node, true, nil
}

// Self gives this node.
func (a Alone) Self() Node { return a.Node }

// Nodes gives this node.
func (a Alone) Nodes() []Status {
	self := a.Say()
	return []Status{{
		ID: a.Node.ID, Address: self.Address, Version: self.Version, Since: gateway.Time{Time: self.Since}, Slots: gateway.Slots,
		ConfigDigest: self.Digest, State: StateReady, UnreachableFrom: []string{},
	}}
}

// DrainNode refuses: it is the last one.
func (a Alone) DrainNode(_ context.Context, id string) error {
	if id != a.Node.ID {
		return gateway.ErrNotFound
	}
	return errLast
}
