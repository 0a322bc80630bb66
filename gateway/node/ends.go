package node

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"hookgate/gateway/cluster"
)

// verbEnds tells a node that a tenant is no more: it answers when nothing is written for it
// there any more.
const verbEnds = "ends"

// ended is which, and what revision has it so.
type ended struct {
	Tenant   string `json:"tenant"`
	Revision int64  `json:"revision"`
}

const (
	// endsTime is how long nodes have to say so: one that stands still is dead, and writes nothing
	// more, before that.
	endsTime = 15 * time.Second
	// endsPause is the rest before those are looked at again who have not.
	endsPause = 200 * time.Millisecond
)

// ends returns when no other node writes anything of a tenant that was deleted: what was under
// way at its owners in that moment is there by then, and is removed with the rest, by who
// deletes. A node that cannot be asked finds it out by itself, and says so with its beat; one
// that stands still may have been about to write, so it is waited for until it is dead.
func (o *others) ends(tenant string) {
	revision, err := o.follows.revisions.Revision() // this node follows when the write is over
	if err != nil {
		time.Sleep(2 * followEvery) // so soon they know
		return
	}
	heard := map[string]bool{}
	for end := time.Now().Add(endsTime); ; time.Sleep(endsPause) {
		for _, s := range o.each(context.Background(), verbEnds, messageOf(ended{tenant, revision})) {
			heard[s.node] = true
		}
		left := o.behind(revision, heard)
		if len(left) == 0 {
			return
		}
		if time.Now().After(end) {
			o.Log.Warn("nodes have not said that they write nothing more of a deleted tenant", "tenant", tenant, "node", strings.Join(left, " "))
			return
		}
	}
}

// behind gives the nodes that live, and of which it is not known that they know a revision.
func (o *others) behind(revision int64, heard map[string]bool) (ids []string) {
	self := o.among.Self().ID
	for _, n := range o.among.Nodes() {
		if n.ID != self && n.State != cluster.StateGone && n.Known < revision && !heard[n.ID] {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

func (o *others) serveEnds(_ context.Context, message []byte) ([]byte, error) {
	var e ended
	if err := json.Unmarshal(message, &e); err != nil {
		return nil, err
	}
	return nil, o.follows.await(e.Revision) // it ends the lives of those who are no more
}
