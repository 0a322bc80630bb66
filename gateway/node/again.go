package node

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster/forward"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/outbound"
)

// verbAgain makes deliveries of a lane due again.
const verbAgain = "again"

// lanesOfJobs are the lanes of all nodes, as a job sends their deliveries again: it runs at one
// node, and a job of all endpoints of a tenant has lanes at many.
type lanesOfJobs struct {
	*outbound.Lanes
	others func() *others // nil: this node is alone
}

// askedAgain is which deliveries are to be sent again: see outbound.Steering.Again.
type askedAgain struct {
	Lane   gateway.LaneKey `json:"lane"`
	Before time.Time       `json:"before"`
	IDs    []string        `json:"ids"`
}

type madeAgain struct{ Again, Gone int }

// againMost is how long the owner of a lane has: the jobs of others wait meanwhile. What it does
// after that is done, and asked for again does nothing.
const againMost = 3 * time.Second

// Again is jobs.Lanes'.
func (l lanesOfJobs) Again(tenant, endpoint string, before time.Time, ids []string) (again, gone int, err error) {
	o := l.others()
	if o == nil {
		return l.Lanes.Again(tenant, endpoint, before, ids)
	}
	q := askedAgain{gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}, before, ids}
	owner, here := forward.Owners(owners{o.among}).Owner(q.Lane.Slot())
	switch {
	case here:
		return l.Lanes.Again(tenant, endpoint, before, ids)
	case owner == (peers.Node{}):
		return 0, 0, gateway.Moved("the lane is nobody's now")
	}
	ctx, stop := context.WithTimeout(context.Background(), againMost)
	defer stop()
	answer, err := o.peers.Ask(ctx, owner, verbAgain, messageOf(q))
	var made madeAgain
	if err == nil {
		err = json.Unmarshal(answer, &made)
	}
	if errors.Is(err, gateway.ErrNotFound) { // that of jobs is of a tenant that is being deleted
		err = unclear(errors.New("the owner of a lane does not know it"))
	}
	return made.Again, made.Gone, err
}

func (l lanesOfJobs) serve(_ context.Context, message []byte) ([]byte, error) {
	var q askedAgain
	if err := json.Unmarshal(message, &q); err != nil {
		return nil, err
	}
	again, gone, err := l.Lanes.Again(q.Lane.Tenant, q.Lane.Endpoint, q.Before, q.IDs)
	if err != nil {
		return nil, notHere(err)
	}
	return messageOf(madeAgain{again, gone}), nil
}
