package store

import (
	"errors"

	"hookgate/gateway"
)

// Member is a node of a cluster, as its row says.
type Member struct {
	Node int64
	Beat int64  // a counter, which rises while it lives
	Gone bool   // it was declared dead, and writes nothing
	Told []byte // what it says of itself
}

// SlotOwner is who owns a slot.
type SlotOwner struct {
	Node  int64 // 0: nobody
	Epoch int64 // rises with each change of the owner, also to the same again
}

// Owners has the owner of each slot.
type Owners [gateway.Slots]SlotOwner

// ErrBeats is of a node that is not declared dead, because it has beaten since it was seen to
// stand still.
var ErrBeats = errors.New("the node beats")

// ErrDeclaredDead is of a node that another has declared dead: it writes nothing any more.
var ErrDeclaredDead = errors.New("another node has declared this one dead")
