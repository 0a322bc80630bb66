package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/postgres"
	"hookgate/gateway/gatewaytest/program"
)

// A database that was killed is back, and every node does what it did before, also for tenants
// that another one owns: a publish for several tenants is decided by the owner of the first,
// and deleted they are by who writes the configuration.
func TestPostgresKilledUnderNodes(t *testing.T) {
	t.Parallel()
	const tenants = 6
	db := postgres.Start(t)
	var nodes []*program.Program
	for range 2 {
		nodes = append(nodes, program.Start(t, program.Options{Config: onPostgres(db), Env: []string{keyOfTests}}))
	}
	admin := nodes[0].Admin()
	for i := range 2 * tenants {
		admin.Must(t, []int{201}, "PUT", fmt.Sprintf("/v1/tenants/t%d", i), fmt.Sprintf(`{"account_keys":["k%d"]}`, i))
	}
	program.Eventually(t, 30*time.Second, func() error {
		var list struct{ Data []struct{ Slots int } }
		admin.Must(t, []int{200}, "GET", "/v1/nodes", nil).Decode(t, &list)
		if len(list.Data) != 2 || list.Data[0].Slots != list.Data[1].Slots {
			return fmt.Errorf("%+v", list)
		}
		return nil
	})
	db.Kill()
	if err := db.Run(); err != nil {
		t.Fatal(err)
	}
	for i := range tenants {
		body := fmt.Sprintf(`{"events":[{"event":{"type":"note"},"account":{"key":"k%d"}},{"event":{"type":"note"},"account":{"key":"k%d"}}]}`, i, i+tenants)
		for _, p := range nodes {
			answered(t, p, 202, "POST", "/v1/events", body)
		}
	}
	for i := range 2 * tenants {
		answered(t, nodes[i%2], 204, "DELETE", fmt.Sprintf("/v1/tenants/t%d", i), nil)
	}
}

// answered asks until the answer is no more that it is to be asked again.
func answered(t *testing.T, p *program.Program, status int, method, path string, body any) {
	t.Helper()
	program.Eventually(t, 30*time.Second, func() error {
		if a := p.Admin().Must(t, []int{status, 503}, method, path, body); a.Status == 503 {
			return errors.New(a.String())
		}
		return nil
	})
}
