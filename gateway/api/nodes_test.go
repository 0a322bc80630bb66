package api_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/cluster"
)

// two are two nodes, of which the second owns the odd slots.
type two struct{ drained []string }

func (w *two) Nodes() []cluster.Status {
	first, second := alone.Nodes()[0], alone.Nodes()[0]
	second.ID, second.State, second.UnreachableFrom = "2", cluster.StateDraining, []string{"1"}
	return []cluster.Status{first, second}
}

func (w *two) WaitOwner(_ context.Context, slot gateway.Slot) (owner cluster.Node, here bool, err error) {
	if slot%2 == 0 {
		return cluster.Node{ID: "1"}, true, nil
	}
	return cluster.Node{ID: "2"}, false, nil
}

func (w *two) DrainNode(_ context.Context, id string) error {
	if id != "2" {
		return gateway.ErrNotFound
	}
	w.drained = append(w.drained, id)
	return nil
}

// answered gives the text of an answer with a status.
func answered(k *kit, method, path string, status int) string {
	k.t.Helper()
	answer := k.as(adminToken, method, path, "")
	if answer.status != status {
		k.t.Errorf("%s %s: %d %s", method, path, answer.status, answer.text)
	}
	return answer.text
}

func TestNodes(t *testing.T) {
	w := &two{}
	k := newKit(t, func(o *api.Options) { o.Nodes = w })
	all := answered(k, "GET", "/v1/nodes", 200)
	if strings.Count(all, `"id":`) != 2 || !strings.Contains(all, `"unreachable_from":["1"]`) {
		t.Errorf("all: %s", all)
	}
	want := []string{`"id":"1"`, `"id":"2"`}[gateway.SlotOf("acme")%2]
	if one := answered(k, "GET", "/v1/nodes?tenant=acme", 200); strings.Count(one, `"id":`) != 1 || !strings.Contains(one, want) {
		t.Errorf("the owner of a tenant: %s", one)
	}
	want = []string{`"id":"1"`, `"id":"2"`}[gateway.LaneKey{Tenant: "acme", Endpoint: "crm"}.Slot()%2]
	if one := answered(k, "GET", "/v1/nodes?tenant=acme&endpoint=crm", 200); !strings.Contains(one, want) {
		t.Errorf("the owner of a lane: %s", one)
	}
	answered(k, "GET", "/v1/nodes?endpoint=crm", 422)
	for range 2 {
		if text := answered(k, "POST", "/v1/nodes/2/drain", 202); !strings.Contains(text, `"state":"draining"`) {
			t.Errorf("drain: %s", text)
		}
	}
	answered(k, "POST", "/v1/nodes/3/drain", 404)
	if !slices.Equal(w.drained, []string{"2", "2"}) {
		t.Errorf("drained: %v", w.drained)
	}
}
