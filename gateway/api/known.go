package api

import (
	"net/http"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/resources"
)

// knowns are the failures that are marked as known.
type knowns struct{ resources *resources.Knowns }

// knownView is a mark as it is shown.
type knownView struct {
	ID       string       `json:"id"`
	Endpoint string       `json:"endpoint"`
	Error    *string      `json:"error"`
	Status   *int         `json:"status"`
	Note     *string      `json:"note"`
	By       string       `json:"by"`
	At       gateway.Time `json:"at"`
	Until    gateway.Time `json:"until"`
}

func viewKnown(k *gateway.Known) knownView {
	return knownView{ID: k.ID, Endpoint: k.Endpoint, Error: orNull(k.Error), Status: orNull(k.Status), Note: orNull(k.Note), By: k.By, At: k.At, Until: k.Until}
}

// mark marks deliveries that fail alike as known (SPEC-console C5).
func (h *knowns) mark(c *call) (answer, error) {
	tree, err := c.resource()
	if err != nil {
		return answer{}, err
	}
	var k gateway.Known
	asked := struct {
		Endpoint string       `json:"endpoint"`
		Error    string       `json:"error"`
		Status   int          `json:"status"`
		Note     string       `json:"note"`
		Until    gateway.Time `json:"until"`
	}{}
	faults := fields.Decode(tree, &asked)
	k.Endpoint, k.Error, k.Status, k.Note, k.Until = asked.Endpoint, asked.Error, asked.Status, asked.Note, asked.Until
	if !isLane(k.Endpoint) {
		faults = append(faults, gateway.Fault{Path: "endpoint", Message: "must be the id of an endpoint, _platform, or _route_ and the id of a route"})
	}
	if len(faults) == 0 {
		faults = resources.CheckKnown(&k, c.now())
	}
	if err := gateway.Invalid(faults); err != nil {
		return answer{}, err
	}
	if k, err = h.resources.Mark(c.by, c.params.tenant, k); err != nil {
		return answer{}, err
	}
	c.audit("failures were marked as known", "tenant", c.params.tenant, "endpoint", k.Endpoint, "known", k.ID)
	return show(http.StatusOK, viewKnown(&k))
}

func (h *knowns) unmark(c *call) (answer, error) {
	if err := h.resources.Unmark(c.by, c.params.tenant, c.params.id); err != nil {
		return answer{}, err
	}
	c.audit("failures are known no longer", "tenant", c.params.tenant, "known", c.params.id)
	return nothing, nil
}
