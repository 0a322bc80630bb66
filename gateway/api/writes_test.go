package api_test

import (
	"strings"
	"sync"
	"testing"
)

// Of who writes much only so much waits, and another has its turn behind one of it.
func TestWritesTakeTurns(t *testing.T) {
	k := withAcme(t)
	k.want(201, "PUT", "/v1/tenants/rival", `{}`)
	flood, calm := k.token("tenant", "acme"), k.token("tenant", "rival")
	many := `{"verify": {"type": "none"}, "match": [` + strings.Repeat(`{"name": "m", "branch": "SUCCESS", "when": [{"path": "a", "regex": "[a-z]{1,20}"}]},`, 40) + `{"name": "m", "branch": "SUCCESS", "when": [{"path": "("}]}]}`
	var flooding sync.WaitGroup
	statuses := make(chan int, 400)
	for range 200 {
		flooding.Go(func() {
			for range 2 {
				statuses <- k.as(flood, "PUT", v1Acme+"/sources/s?dry_run=true", many).status
			}
		})
	}
	for range 10 {
		if g := k.as(calm, "PUT", "/v1/tenants/rival/sources/s", `{"verify": {"type": "none"}}`); g.status > 201 {
			t.Errorf("beside a flood: %d %s", g.status, g.text)
		}
	}
	flooding.Wait()
	close(statuses)
	for status := range statuses {
		if status != 422 && status != 503 {
			t.Errorf("a flood is answered %d", status)
		}
	}
}
