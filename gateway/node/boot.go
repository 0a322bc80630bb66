package node

import (
	"fmt"
	"hookgate/gateway"
)

// loadFile takes what the file says of resources.
func (n *Node) loadFile() error {
	if err := n.resources.SetFile(n.fileOf(n.config)); err != nil {
		return report(n.config, err)
	}
	n.warn(n.config)
	return nil
}

// recover takes up what the process before has left.
func (n *Node) recover() error {
	if err := n.sessions.Acquire(gateway.AllSlots()); err != nil {
		return fmt.Errorf("reading the open waits: %w", err)
	}
	if err := n.lanes.Acquire(gateway.AllSlots()); err != nil {
		return fmt.Errorf("reading the unfinished deliveries: %w", err)
	}
	if err := n.calls.Acquire(gateway.AllSlots()); err != nil {
		return fmt.Errorf("reading the pending calls: %w", err)
	}
	b := between{&n.parts}
	b.proveEndpoints()
	return b.dropOrphans()
}

// firstToken shows the admin token of a first start, once. It comes when nothing can
// fail the start any more: a token that was made before the listeners were bound, and
// not shown because they could not be, would be lost for ever.
func (n *Node) firstToken() error {
	token, err := n.resources.Tokens.First()
	if err != nil || token == "" {
		return err
	}
	_, err = fmt.Fprintf(n.Stderr, "hookgate: this is the admin token; it is shown once and kept nowhere:\n\n    %s\n\n", token)
	if err != nil {
		return fmt.Errorf("showing the admin token: %w", err)
	}
	return n.resources.Tokens.FirstShown()
}
