package node

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/gatewaytest"
)

// A job of lanes of several nodes sends at once, and it and the audit are seen from each.
func TestJobsAndAuditOfAllNodes(t *testing.T) {
	receiver := gatewaytest.NewReceiver(t)
	var down atomic.Bool
	down.Store(true)
	receiver.Script(func(gatewaytest.Received) gatewaytest.Reply {
		if down.Load() {
			return gatewaytest.Reply{Status: 400}
		}
		return gatewaytest.Reply{}
	})
	w := newTown(t, 2)
	a, b := w.nodes[0], w.nodes[1]
	a.set(t, receiver)
	for _, id := range []string{"one", "two"} {
		a.must(t, 201, "PUT", "/v1/tenants/acme/endpoints/"+id, fmt.Sprintf(`{"url":"%s/%s","retry":{"max_attempts":1,"initial":"100ms"}}`, receiver.URL, id))
		w.give(t, gateway.SlotsOf(gateway.LaneKey{Tenant: "acme", Endpoint: id}.Slot()), b)
	}
	w.known(t)
	a.publishes(t, "lost")
	eventually(t, "both are dead", func() bool {
		return strings.Count(a.must(t, 200, "GET", "/v1/tenants/acme/deliveries?state=dead", "").body, `"state":"dead"`) == 2
	})
	down.Store(false)
	began := time.Now()
	job := b.must(t, 202, "POST", "/v1/tenants/acme/deliveries/replay", `{"rate":1000}`).get("job_id")
	for _, c := range w.nodes {
		eventually(t, "the job is done at "+c.self.ID, func() bool {
			r := c.must(t, 200, "GET", "/v1/jobs/"+job, "")
			return r.get("state") == "done" && strings.Contains(c.must(t, 200, "GET", "/v1/jobs", "").body, job)
		})
	}
	eventually(t, "all are sent", func() bool {
		return strings.Count(b.must(t, 200, "GET", "/v1/tenants/acme/deliveries?state=succeeded", "").body, `"state":"succeeded"`) == 3
	})
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("a replay of lanes of two nodes took %s", took)
	}
	for _, c := range w.nodes {
		if r := c.must(t, 200, "GET", "/v1/audit?tenant=acme", ""); !strings.Contains(r.body, `"replay"`) || !strings.Contains(r.body, "endpoints/two") {
			t.Errorf("%s shows of the audit: %s", c.self.ID, r.body)
		}
	}
}
