package api

import (
	"context"
	"net/http"

	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/cluster"
)

// Nodes are the nodes of a cluster: of one process, that alone.
type Nodes interface {
	// Nodes gives them, in the order in which they came.
	Nodes() []cluster.Status
	// WaitOwner gives the one that owns a slot, and waits for the end of a gap between two.
	WaitOwner(ctx context.Context, slot gateway.Slot) (owner cluster.Node, here bool, err error)
	// DrainNode lets one give its slots away. gateway.ErrNotFound: there is no such node.
	DrainNode(ctx context.Context, id string) error
}

// clustered is what only who runs the nodes may see and do.
type clustered struct{ nodes Nodes }

// list shows all nodes; with tenant, or tenant and endpoint, the one that owns its waits and
// calls, or its lane.
func (h *clustered) list(c *call) (answer, error) {
	q := c.query()
	tenant, endpoint := q.text("tenant"), q.text("endpoint")
	if tenant == "" && endpoint != "" {
		q.fault("endpoint", "is one of a tenant: set tenant, too")
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	list := append([]cluster.Status{}, h.nodes.Nodes()...)
	if tenant == "" {
		return show(http.StatusOK, nodeList{list})
	}
	slot := gateway.SlotOf(tenant)
	if endpoint != "" {
		slot = gateway.LaneKey{Tenant: tenant, Endpoint: endpoint}.Slot()
	}
	owner, _, err := h.nodes.WaitOwner(context.Background(), slot)
	if err != nil {
		return answer{}, err
	}
	for _, n := range h.nodes.Nodes() {
		if n.ID == owner.ID {
			return show(http.StatusOK, nodeList{[]cluster.Status{n}})
		}
	}
	return show(http.StatusOK, nodeList{[]cluster.Status{}}) // it has gone meanwhile
}

type nodeList struct {
	Data []cluster.Status `json:"data"`
}

// drain lets a node give its slots away, while it goes on to answer and to forward.
func (h *clustered) drain(c *call) (answer, error) {
	err := c.trail.Do(deedOf(c, audit.Drain, "nodes/"+c.params.id), func() error { return h.nodes.DrainNode(context.Background(), c.params.id) })
	if err != nil {
		return answer{}, err
	}
	c.audit("a node gives its slots away", "node", c.params.id)
	return show(http.StatusAccepted, struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}{c.params.id, cluster.StateDraining})
}
