package node

import (
	"context"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/stats"
)

// What nodes tell each other of what they have counted.
const (
	verbMinute  = "minute"  // to who keeps figures: what was counted in one
	verbCounted = "counted" // to all: a question for what is not kept yet
)

// counting are the nodes as they count: the owner of one slot keeps the figures of all.
type counting struct{ *parts }

// figuresSlot is whose owner does. No tenant is called so.
var figuresSlot = gateway.SlotOf("_figures")

// Keeps is stats.Others'.
func (c counting) Keeps() bool {
	_, here := c.others.among.Owner(figuresSlot)
	return here
}

// Give is stats.Others'.
func (c counting) Give(minute []byte) error {
	_, err := c.others.tell(figuresSlot, verbMinute, minute, func() ([]byte, error) { return nil, c.stats.Take("", minute) })
	return err
}

// Ask is stats.Others'.
func (c counting) Ask(question []byte) (all []stats.Answer) {
	for _, s := range c.others.each(context.Background(), verbCounted, question) {
		all = append(all, stats.Answer{Node: s.node, Text: s.answer})
	}
	return all
}

// serveMinute keeps what another node has counted.
func (c counting) serveMinute(ctx context.Context, message []byte) ([]byte, error) {
	if !c.Keeps() {
		return nil, errNotHere
	}
	return nil, c.stats.Take(peers.From(ctx), message)
}

// serveCounted answers with what was counted here.
func (c counting) serveCounted(_ context.Context, message []byte) ([]byte, error) {
	return c.stats.Answer(message)
}
