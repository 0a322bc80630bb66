package node

import (
	"context"
	"encoding/json"
	"time"
)

// verbEnds tells a node that a tenant is no more: it answers when nothing is written for it
// there any more.
const verbEnds = "ends"

// ended is which, and what revision has it so.
type ended struct {
	Tenant   string `json:"tenant"`
	Revision int64  `json:"revision"`
}

// ends returns when no other node writes anything of a tenant that was deleted: what was under
// way at its owners in that moment is there by then, and is removed with the rest, by who
// deletes. A node that cannot be asked finds it out by itself.
func (o *others) ends(tenant string) {
	revision, err := o.follows.revisions.Revision() // this node follows when the write is over
	if err == nil {
		o.each(context.Background(), verbEnds, messageOf(ended{tenant, revision}))
	}
	if err != nil || len(o.Missing()) > 0 {
		time.Sleep(2 * followEvery) // so soon they know
	}
}

func (o *others) serveEnds(_ context.Context, message []byte) ([]byte, error) {
	var e ended
	if err := json.Unmarshal(message, &e); err != nil {
		return nil, err
	}
	return nil, o.follows.await(e.Revision) // it ends the lives of those who are no more
}
