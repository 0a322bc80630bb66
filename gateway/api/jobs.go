package api

import (
	"errors"
	"net/http"

	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
	"hookgate/gateway/store"
)

// Jobs is what the API needs of bulk jobs.
type Jobs interface {
	// Make makes a job durable and lets it run; the deliveries are in the order in which
	// they are to be sent.
	Make(j gateway.Job, deliveries []string, told ...gateway.AuditLine) (*gateway.Job, error)
	// Get gives a job that runs, or ended less than gateway.JobKept ago; else
	// gateway.ErrNotFound.
	Get(tenant, id string) (*gateway.Job, error)
	// List visits the jobs that are asked for, newest first, until visit wants no more.
	List(q store.Query, visit func(*gateway.Job) (more bool)) (next string, err error)
	// Cancel ends a job that runs.
	Cancel(tenant, id string, told ...gateway.AuditLine) (*gateway.Job, error)
}

// bulk are the bulk jobs of all tenants.
type bulk struct{ jobs Jobs }

var jobStates = []string{string(gateway.JobRunning), string(gateway.JobDone), string(gateway.JobCancelled)}

func filterJobs(q *query, to *store.Query) error {
	to.State = q.oneOf("state", jobStates, "must be running, done or cancelled")
	return nil
}

// list lists the jobs of the tenants that the caller may see, newest first.
func (h *bulk) list(c *call) (answer, error) {
	a, err := c.asks(gateway.PrefixJob, filterJobs)
	if err != nil {
		return answer{}, err
	}
	return c.across(&a, func(q *store.Query, visit func(id string) bool) error {
		return each(q, c.turn, func(j *gateway.Job) bool { return visit(j.ID) }, h.jobs.List)
	}, func(l *list, one found) (more bool, err error) {
		j, err := h.jobs.Get(one.tenant, one.id)
		if err == nil && a.State != "" && a.State != string(j.State) {
			err = gateway.ErrNotFound
		}
		if err != nil {
			return false, err
		}
		return l.add(j.ID, func(t *text, _ extent) { t.append(sizeOfJob, j.AppendJSON) }), nil
	})
}

// sizeOfJob is no less than what a job takes in an answer, in bytes: its names are ids.
const sizeOfJob = 1 << 10

// get shows a job.
func (h *bulk) get(c *call) (answer, error) {
	j, err := h.find(c)
	if err != nil {
		return answer{}, err
	}
	return showJob(j), nil
}

func showJob(j *gateway.Job) answer {
	return answer{status: http.StatusOK, contentType: jsonType, body: j.AppendJSON(make([]byte, 0, 512))}
}

// cancel ends a job.
func (h *bulk) cancel(c *call) (answer, error) {
	j, err := h.find(c)
	if err != nil {
		return answer{}, err
	}
	if err := c.steersLane(j.Endpoint); err != nil {
		return answer{}, err
	}
	deed := deedOf(c, audit.Cancel, "tenants/"+j.Tenant+"/jobs/"+j.ID)
	deed.Tenant = j.Tenant
	err = c.trail.Commit(deed, func(told gateway.AuditLine) (err error) {
		j, err = h.jobs.Cancel(j.Tenant, j.ID, told)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	c.audit("a job was cancelled", "tenant", j.Tenant, "endpoint", j.Endpoint, "job_id", j.ID)
	return showJob(j), nil
}

// find finds the path's job among those of the tenants that the caller may see.
func (h *bulk) find(c *call) (j *gateway.Job, err error) {
	if !gateway.IsID(gateway.PrefixJob, c.params.id) {
		return nil, errNoSuch
	}
	err = c.reached(func(t *directory.Tenant) error {
		got, err := h.jobs.Get(t.ID, c.params.id)
		switch {
		case err == nil:
			j = got
			return errFound
		case errors.Is(err, gateway.ErrNotFound):
			return nil
		}
		return err
	})
	switch {
	case j != nil:
		return j, nil
	case err == nil:
		err = errNoSuch
	}
	return nil, err
}

// errFound ends a look at tenants.
var errFound = errors.New("found")
