package kills

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// TestKillJobs kills the program again and again while a job sends dead letters again: none
// is left out, and none made due twice. A wait that was extended before keeps its deadline.
//
//	go test ./gateway/gatewaytest/kills -run TestKillJobs -rounds=50
func TestKillJobs(t *testing.T) {
	const letters, first = 400, 100
	backend := gatewaytest.NewReceiver(t)
	backend.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{Status: 400} })
	options := program.Options{Binary: built, Dir: filepath.Join(t.TempDir(), "data"), Config: fmt.Sprintf(`
egress: { allow: [127.0.0.0/8] }
tenants:
  acme:
    sources: { payments: { verify: { type: none } } }
    endpoints: { crm: { url: "%s/", retry: { schedule: [] }, breaker: { enabled: false } } }
`, backend.URL)}
	p := program.Start(t, options)
	ask := func(status int, method, path, body string) gjson.Result {
		t.Helper()
		return gjson.ParseBytes(p.Admin().Must(t, []int{status}, method, path, []byte(body)).Body)
	}
	const acme, deliveries = "/v1/tenants/acme", "/v1/deliveries?limit=1000&state="
	for from := 0; from < letters; from += first {
		body := `{"events":[`
		for i := range first {
			if i > 0 {
				body += ","
			}
			body += fmt.Sprintf(`{"n":%d,"event":{"type":"note"}}`, from+i)
		}
		ask(202, "POST", acme+"/events", body+"]}")
	}
	program.Eventually(t, time.Minute, func() error {
		if n := ask(200, "GET", deliveries+"dead", "").Get("data.#").Int(); n != letters {
			return fmt.Errorf("%d are dead", n)
		}
		return nil
	})
	backend.Script(func(gatewaytest.Received) gatewaytest.Reply { return gatewaytest.Reply{} })
	wait := ask(201, "POST", acme+"/waits", `{"source":"payments","conversation_key":"c","mode":"poll","timeout_seconds":1}`).Get("id").Str
	until := ask(200, "POST", acme+"/waits/"+wait+"/extend", `{"timeout_seconds":300}`).Get("expires_at").Str
	made := ask(202, "POST", acme+"/endpoints/crm/replay", fmt.Sprintf(`{"rate":%d}`, max(10, letters/(*killRounds))))
	if made.Get("count").Int() != letters {
		t.Fatalf("the replay answers %s", made.Raw)
	}
	rounds := 0
	for ; rounds < *killRounds; rounds++ {
		time.Sleep(time.Duration(200+rand.IntN(600)) * time.Millisecond) // somewhere in a step, or between two
		p.Kill9()
		p = program.Start(t, options)
	}
	program.Eventually(t, 2*time.Minute, func() error {
		if j := ask(200, "GET", "/v1/jobs/"+made.Get("job_id").Str, ""); j.Get("state").Str != "done" {
			return fmt.Errorf("after %d kills it is %s", rounds, j.Raw)
		}
		if n := ask(200, "GET", deliveries+"succeeded", "").Get("data.#").Int(); n != letters {
			return fmt.Errorf("%d have succeeded", n)
		}
		return nil
	})
	for _, d := range ask(200, "GET", deliveries+"succeeded", "").Get("data").Array() {
		if n := d.Get("attempts.#").Int(); n != 2 {
			t.Errorf("%s has %d attempts, want the one before the job, and one of it", d.Get("id").Str, n)
		}
	}
	if j := ask(200, "GET", "/v1/jobs/"+made.Get("job_id").Str, ""); j.Get("done").Int() != letters || j.Get("failed").Int() != 0 {
		t.Errorf("the job ended as %s", j.Raw)
	}
	if w := ask(200, "GET", acme+"/waits/"+wait, ""); w.Get("state").Str != "waiting" || w.Get("expires_at").Str != until {
		t.Errorf("extended until %s, the wait reads %s", until, w.Raw)
	}
}
