package api

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/fields"
	"hookgate/gateway/store"
)

// replays make jobs that send deliveries again.
type replays struct {
	stored Deliveries
	events Events
	jobs   Jobs
}

// replayBody says which deliveries are sent again, by default the dead ones, and how.
type replayBody struct {
	Since      gateway.Time          `json:"since"`
	Until      gateway.Time          `json:"until"`
	State      gateway.DeliveryState `json:"state"`
	EventTypes []string              `json:"event_types"`
	Limit      *int                  `json:"limit"`
	Rate       *float64              `json:"rate"`
	DryRun     bool                  `json:"dry_run"`
}

const (
	// maxReplay is how many deliveries one job has: their ids are in memory while it is
	// made.
	maxReplay = 100_000
	// maxReplayTypes is how many types each delivery is compared with, as many as an
	// endpoint may list.
	maxReplayTypes   = 100
	minRate, maxRate = 0.01, 10_000
)

// check tells what is wrong with the body.
func (b *replayBody) check() error {
	f := &faults{}
	if b.State != "" && !slices.Contains(deliveryStates, string(b.State)) {
		f.add("state", stateRule)
	}
	if len(b.EventTypes) > maxReplayTypes {
		f.add("event_types", "has more than "+strconv.Itoa(maxReplayTypes))
		b.EventTypes = nil
	}
	for i, eventType := range b.EventTypes {
		if !gateway.IsEventType(eventType) {
			f.add(fields.Index("event_types", i), "must be a type of events, without a message's kind")
		}
	}
	if b.Limit != nil && (*b.Limit < 1 || *b.Limit > maxReplay) {
		f.add("limit", "must be a whole number from 1 to "+strconv.Itoa(maxReplay))
	}
	if b.Rate != nil && (*b.Rate < minRate || *b.Rate > maxRate) {
		f.add("rate", "must be a number from "+strconv.FormatFloat(minRate, 'g', -1, 64)+" to "+strconv.Itoa(maxRate))
	}
	return gateway.Invalid(f.list)
}

// replay makes a job that sends deliveries again, of a lane or, where endpoint is "", of all
// endpoints of the tenant; or tells what it would do.
func (h *replays) replay(c *call, endpoint string, body *replayBody) (answer, error) {
	if err := body.check(); err != nil {
		return answer{}, err
	}
	found := finding{memory: c.accounts.of(c.params.tenant), most: maxReplay, keeps: !body.DryRun || endpoint == ""}
	defer found.memory.free()
	if body.Limit != nil {
		found.most = *body.Limit
	}
	if err := h.findAll(c, endpoint, body, &found); err != nil {
		return answer{}, err
	}
	rates := func(endpoint string) (perSecond float64) { // 0: none is said
		e := c.tenant.Endpoint(endpoint)
		switch {
		case body.Rate != nil:
			return *body.Rate
		case e != nil && e.Spec.RateLimit != nil:
			return e.Spec.RateLimit.PerSecond
		}
		return 0
	}
	if body.DryRun {
		return show(http.StatusOK, found.view(rates))
	}
	c.turn.leave() // what is left to do takes a commit, and no look
	c.turn = nil
	if !c.tenant.Life.Enter() {
		return answer{}, errNoTenant
	}
	defer c.tenant.Life.Leave()
	job, object := gateway.Job{Tenant: c.params.tenant, Endpoint: endpoint}, "deliveries"
	if body.Rate != nil {
		job.Rate = *body.Rate
	}
	if endpoint != "" {
		job.Rate, object = cmp.Or(rates(endpoint), gateway.DefaultJobRate), "endpoints/"+endpoint
	}
	var j *gateway.Job
	err := c.deed(audit.Replay, object, func(told gateway.AuditLine) (err error) {
		j, err = h.jobs.Make(job, found.inTurn(rates), told)
		return err
	}, audit.Change{Path: "count", After: found.count()})
	if err != nil {
		return answer{}, err
	}
	c.audit("deliveries are replayed", "tenant", j.Tenant, "endpoint", endpoint, "job_id", j.ID, "count", j.Total)
	return show(http.StatusAccepted, struct {
		JobID string `json:"job_id"`
		Count int    `json:"count"`
	}{j.ID, j.Total})
}

// findAll finds the newest deliveries that a body asks for. Those of several endpoints are
// looked for by endpoint and state, which costs what is found and not what is stored.
func (h *replays) findAll(c *call, endpoint string, b *replayBody, found *finding) error {
	if endpoint != "" {
		return h.find(c, endpoint, b, found)
	}
	for _, e := range c.tenant.Endpoints() {
		if err := h.find(c, e.ID, b, found); err != nil {
			return err
		}
	}
	found.cut()
	return nil
}

// find finds the newest deliveries of a lane that a body asks for.
func (h *replays) find(c *call, endpoint string, b *replayBody, found *finding) error {
	q := store.Query{
		Tenant: c.params.tenant, Endpoint: endpoint, State: cmp.Or(string(b.State), string(gateway.DeliveryDead)),
		Since: b.Since.Time, Until: b.Until.Time,
	}
	passes := func(*gateway.Event) bool { return true }
	if e := c.tenant.Endpoint(endpoint); e != nil && e.Passes() != nil {
		passes = e.Passes()
	}
	var failed error
	n, more := 0, true
	err := eachDelivery(h.stored, &q, gateway.AttemptBounds{}, c.turn, func(d *gateway.Delivery, _ []gateway.Attempt) bool {
		if len(b.EventTypes) > 0 && !slices.Contains(b.EventTypes, d.EventType) {
			return true
		}
		var is bool
		if is, failed = h.passes(d, passes); failed == nil && is {
			n++
			more, failed = found.add(d)
		}
		return failed == nil && more && n < found.most
	})
	if failed != nil {
		return failed
	}
	return err
}

// passes says whether one of the events of a delivery passes the endpoint's own filter, as
// that is now. One that has expired is told of when it is to be sent.
func (h *replays) passes(d *gateway.Delivery, filter func(*gateway.Event) bool) (bool, error) {
	for _, id := range d.EventIDs {
		e, err := h.events.EventAlone(d.Tenant, id)
		if errors.Is(err, gateway.ErrNotFound) || err == nil && filter(e) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}
