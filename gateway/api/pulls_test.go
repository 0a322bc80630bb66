package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/shares"
)

const (
	desk   = v1Acme + "/endpoints/desk"
	aPull  = `{"mode": "pull"}`
	status = `{"events": [{"event": {"type": "status"}, "n": 1}]}`
)

// pulled is a delivery as a pull gives it.
type pulled struct {
	ID      string            `json:"id"`
	Lease   string            `json:"lease"`
	Attempt int               `json:"attempt"`
	Headers map[string]string `json:"headers"`
	Body    *string           `json:"body"`
	Base64  []byte            `json:"body_base64"`
}

// puller comes for what is due to desk, an endpoint of acme.
type puller struct{ *kit }

// given reads what a pull gave.
func (k puller) given(g got) (all []pulled) {
	k.t.Helper()
	var answer struct{ Deliveries []pulled }
	if g.status != 200 || json.Unmarshal([]byte(g.text), &answer) != nil || answer.Deliveries == nil {
		k.t.Fatalf("a pull is answered %d %s", g.status, g.text)
	}
	return answer.Deliveries
}

func (k puller) pull(body string) []pulled {
	k.t.Helper()
	return k.given(k.do("POST", desk+"/pull", body))
}

// says says of leases what became of what was pulled, and gives which were good.
func (k puller) says(verb, more string, list ...pulled) (good, gone int) {
	k.t.Helper()
	leases := make([]string, len(list))
	for i := range list {
		leases[i] = list[i].Lease
	}
	text, err := json.Marshal(leases)
	k.must(err)
	var answer struct{ Good, Gone []string }
	g := k.want(200, "POST", desk+"/"+verb, `{"leases": `+string(text)+more+`}`)
	k.must(json.Unmarshal([]byte(g.text), &answer))
	if len(answer.Good)+len(answer.Gone) != len(list) || answer.Good == nil || answer.Gone == nil {
		k.t.Errorf("%s of %q is answered %s", verb, leases, g.text)
	}
	return len(answer.Good), len(answer.Gone)
}

// attempts gives the attempts of a delivery, and its state.
func (k puller) attempts(id string) (all []map[string]any, state string) {
	k.t.Helper()
	g := k.want(200, "GET", v1Acme+"/deliveries/"+id, "")
	list, _ := g.body["attempts"].([]any)
	for _, one := range list {
		all = append(all, one.(map[string]any))
	}
	return all, g.str("state")
}

// withDesk makes an endpoint that is pulled.
func withDesk(t *testing.T, more string, set ...func(*api.Options)) puller {
	k := puller{withAcme(t, set...)}
	k.want(201, "PUT", desk, `{"mode": "pull"`+more+`}`)
	return k
}

func TestPullModeIsWritten(t *testing.T) {
	k := withDesk(t, "")
	read := k.want(200, "GET", desk, "")
	for member, want := range map[string]string{"mode": "pull", "url": "", "token": "", "breaker": "<nil>", "verified": "true", "sign": "map[secrets:[***] type:standard]"} {
		if got := fmt.Sprint(read.body[member]); got != want {
			t.Errorf("%s is %s, want %s", member, got, want)
		}
	}
	again := k.want(200, "PUT", desk, read.text)
	delete(again.body, "updated_at")
	delete(read.body, "updated_at")
	if !reflect.DeepEqual(again.body, read.body) {
		t.Errorf("written back it is\n%s\nwas\n%s", again.text, read.text)
	}
	k.want(201, "PUT", crmOf, crm)
	if mode := k.want(200, "GET", crmOf, "").str("mode"); mode != "push" {
		t.Errorf("the mode of one with a url is %q", mode)
	}
	for body, want := range map[string][]string{
		`{"mode": "pull", "url": "https://crm.example.com/", "token": "t", "breaker": {}}`: {"url", "token", "breaker"},
		`{"mode": "pull", "breaker": {"enabled": false}}`:                                  {"breaker"},
		`{"mode": "pul", "url": "https://crm.example.com/"}`:                               {"mode"},
		`{"mode": "push"}`: {"url"},
		`{}`:               {"url"},
	} {
		if g := k.do("PUT", desk, body); g.status != 422 || !slices.Equal(g.paths(), want) {
			t.Errorf("%s: %d, faults at %q", body, g.status, g.paths())
		}
	}
	// A secret that was written for a url is not shown to whoever pulls, nor the other way round.
	k.want(200, "PUT", crmOf, `{"url": "https://crm.example.com/bot", "auth": {"type": "bearer", "token": "canary-bearer"}}`)
	if g := k.do("PUT", crmOf, `{"mode": "pull", "auth": {"type": "bearer", "token": "***"}}`); g.status != 422 || !slices.Equal(g.paths(), []string{"auth.token"}) {
		t.Errorf("push to pull with a kept secret: %d %s", g.status, g.text)
	}
	k.want(200, "PUT", desk, `{"mode": "pull", "auth": {"type": "bearer", "token": "canary-bearer"}}`)
	k.want(200, "PUT", desk, `{"mode": "pull", "auth": {"type": "bearer", "token": "***"}}`)
	if g := k.do("PUT", desk, `{"url": "https://evil.example.com/", "auth": {"type": "bearer", "token": "***"}}`); g.status != 422 || !slices.Equal(g.paths(), []string{"auth.token"}) {
		t.Errorf("pull to push with a kept secret: %d %s", g.status, g.text)
	}
}

// What is pulled is what would have been pushed, its signature good at that moment.
func TestPullGivesWhatAPushCarries(t *testing.T) {
	k, r := puller{withAcme(t)}, newReceiver(t)
	const both = `, "sign": {"type": "standard", "secrets": ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]}, "headers": {"X-Own": "o"}, "auth": {"type": "basic", "username": "u", "password": "p"}`
	for _, format := range []string{``, `, "format": "cloudevents"`} {
		k.do("PUT", crmOf, r.spec(both+format))
		k.do("PUT", desk, `{"mode": "pull"`+both+format+`}`)
		k.want(202, "POST", events, status)
		pushed, list := r.next(t), k.pull(`{"hold": 10}`)
		if len(list) != 1 || list[0].Body == nil || *list[0].Body != pushed.body || list[0].Attempt != 1 {
			t.Fatalf("pulled %+v, pushed %s", list, pushed.body)
		}
		for name, value := range list[0].Headers {
			switch name {
			case "webhook-timestamp", "webhook-signature":
				value = pushed.header.Get(name)
			}
			if pushed.header.Get(name) != value || value == "" {
				t.Errorf("%s is pulled as %q, pushed as %q", name, value, pushed.header.Get(name))
			}
		}
		for name := range pushed.header {
			if !slices.Contains([]string{"Content-Length", "Accept-Encoding"}, name) && !slices.ContainsFunc(keysOf(list[0].Headers), func(n string) bool { return strings.EqualFold(n, name) }) {
				t.Errorf("%s is pushed alone", name)
			}
		}
		header := http.Header{}
		for name, value := range list[0].Headers {
			header.Set(name, value)
		}
		wh, err := standardwebhooks.NewWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
		k.must(err)
		k.must(wh.Verify([]byte(*list[0].Body), header))
		if good, _ := k.says("ack", "", list...); good != 1 {
			t.Error("its lease is gone")
		}
		all, state := k.attempts(list[0].ID)
		if state != "succeeded" || len(all) != 1 || all[0]["error"] != nil || all[0]["status"] != nil {
			t.Errorf("acknowledged it is %s with %v", state, all)
		}
		if shown := fmt.Sprint(all[0]["request_headers"]); !strings.Contains(shown, "Authorization:***") || !strings.Contains(shown, "webhook-id:evt_") {
			t.Errorf("its attempt shows %s", shown)
		}
	}
	if logs := k.logged(); strings.Contains(logs, "whsec_") {
		t.Errorf("a secret is in the logs:\n%s", logs)
	}
}

func keysOf(m map[string]string) (all []string) {
	for name := range m {
		all = append(all, name)
	}
	return all
}

func TestPullAnswersAreChecked(t *testing.T) {
	k := withDesk(t, "")
	for body, want := range map[string][]string{
		`{"max": 0, "hold": 61, "lease": "16m"}`: {"max", "hold", "lease"},
		`{"max": 1001, "lease": 0.5}`:            {"max", "lease"},
		`{"hold": -1}`:                           {"hold"},
		`{"hodl": 3}`:                            {"hodl"},
	} {
		if g := k.do("POST", desk+"/pull", body); g.status != 422 || !slices.Equal(g.paths(), want) {
			t.Errorf("%s: %d, faults at %q", body, g.status, g.paths())
		}
	}
	for body, want := range map[string][]string{
		`{}`:             {"leases"},
		`{"leases": []}`: {"leases"},
		`{"leases": ["` + strings.Repeat(`l", "`, 1000) + `"]}`: {"leases"},
		`{"leases": [7]}`:                      {"leases[0]"},
		`{"leases": ["l"], "status": 99}`:      {"status"},
		`{"leases": ["l"], "retry_after": -1}`: {"retry_after"},
		`{"leases": ["l"], "errors": "no"}`:    {"errors"},
	} {
		if g := k.do("POST", desk+"/nack", body); g.status != 422 || !slices.Equal(g.paths(), want) {
			t.Errorf("nack %.50s: %d, faults at %q", body, g.status, g.paths())
		}
	}
	if g := k.do("POST", desk+"/extend", `{"leases": ["l"], "lease": "1h"}`); g.status != 422 || !slices.Equal(g.paths(), []string{"lease"}) {
		t.Errorf("extend: %d %s", g.status, g.text)
	}
	if list := k.pull(""); len(list) != 0 {
		t.Errorf("of nothing it gives %v", list)
	}
	for _, lease := range []string{"l", "lease_01ARZ3NDEKTSV4RRFFQ69G5FAV_1", "lease_01ARZ3NDEKTSV4RRFFQ69G5FAV_01", "lease_"} {
		if good, gone := k.says("ack", "", pulled{Lease: lease}); good != 0 || gone != 1 {
			t.Errorf("%s is good", lease)
		}
	}
	k.want(201, "PUT", crmOf, crm)
	if g := k.do("POST", crmOf+"/pull", ""); g.status != 409 || g.code() != "not_pulled" {
		t.Errorf("of an endpoint with a url: %d %s", g.status, g.text)
	}
	k.want(404, "POST", v1Acme+"/endpoints/none/pull", "")
}

// Leases: what they are good for, and when they are gone.
func TestLeases(t *testing.T) {
	k := withDesk(t, `, "retry": {"schedule": ["1h"], "jitter": 0}`)
	for range 4 {
		k.want(202, "POST", events, status)
	}
	list := k.pull(`{"max": 3, "lease": "15m"}`)
	if rest := k.pull(""); len(list) != 3 || len(rest) != 1 {
		t.Fatalf("pulled %d, then %d", len(list), len(rest))
	}
	if good, _ := k.says("extend", `, "lease": "2m"`, list...); good != 3 {
		t.Error("leases that were not extended")
	}
	end, err := time.Parse(time.RFC3339, k.want(200, "GET", v1Acme+"/deliveries/"+list[0].ID, "").str("next_attempt_at"))
	if left := time.Until(end); err != nil || left < time.Minute || left > 2*time.Minute {
		t.Errorf("extended by 2m it ends in %s, %v", left, err)
	}
	if good, gone := k.says("ack", "", list[0], pulled{Lease: "lease_x"}); good != 1 || gone != 1 {
		t.Errorf("ack: %d good, %d gone", good, gone)
	}
	if good, gone := k.says("ack", "", list[0]); good != 0 || gone != 1 {
		t.Error("acknowledged twice")
	}
	if good, _ := k.says("nack", `, "error": "no room", "status": 507, "response_body": "disk"`, list[1]); good != 1 {
		t.Error("nack of a good lease")
	}
	all, state := k.attempts(list[1].ID)
	if state != "retrying" || len(all) != 1 || all[0]["error"] != "5xx" || all[0]["status"] != 507.0 || all[0]["detail"] != "no room" || all[0]["response_body"] != "disk" {
		t.Errorf("given back it is %s with %v", state, all)
	}
	// One that was pulled is left alone by hand, but for its end.
	k.want(202, "POST", v1Acme+"/deliveries/"+list[2].ID+"/retry", "")
	if again := k.pull(""); len(again) != 0 {
		t.Errorf("retried by hand while it is lent it is lent to another: %v", again)
	}
	k.want(200, "POST", v1Acme+"/deliveries/"+list[2].ID+"/cancel", "")
	if good, gone := k.says("ack", "", list[2]); good != 0 || gone != 1 {
		t.Error("the lease of a delivery that was cancelled is good")
	}
	// A pause that whoever gave it back asks for.
	k.want(202, "POST", v1Acme+"/deliveries/"+list[1].ID+"/retry", "")
	second := k.pull("")
	if len(second) != 1 || second[0].Attempt != 2 || second[0].Headers["webhook-id"] != list[1].Headers["webhook-id"] {
		t.Fatalf("retried by hand it is %+v", second)
	}
	if good, gone := k.says("nack", "", list[1]); good != 0 || gone != 1 {
		t.Error("the lease of the attempt before is good")
	}
	k.says("nack", `, "retry_after": 0.01`, second...)
	third := k.pull(`{"hold": 10}`)
	if len(third) != 1 || third[0].Attempt != 3 {
		t.Fatalf("after its own pause it is %+v", third)
	}
	k.says("nack", "", third...)
	if all, state := k.attempts(list[1].ID); state != "dead" || all[1]["error"] != "nack" || all[1]["status"] != nil {
		t.Errorf("at the end of its schedule it is %s with %v", state, all)
	}
}

// A held pull is answered with what comes, with nothing when its time is over, and is
// freed where its client leaves.
func TestHeldPulls(t *testing.T) {
	k := withDesk(t, "")
	began := time.Now()
	if list := k.given(<-k.held("POST", desk+"/pull", `{"hold": 0.1}`)); len(list) != 0 || time.Since(began) < 100*time.Millisecond {
		t.Errorf("it gives %v after %s", list, time.Since(began))
	}
	held := []<-chan got{k.held("POST", desk+"/pull", `{"hold": 60, "max": 1}`), k.held("POST", desk+"/pull", `{"hold": 60, "max": 1}`)}
	k.eventually("two are held", func() bool { return k.holds.Stat().Used == 2 })
	k.want(202, "POST", events, `{"events": [{"event": {"type": "status"}, "n": 1}, {"event": {"type": "status"}, "n": 2}]}`)
	first, second := k.given(<-held[0]), k.given(<-held[1])
	if len(first) != 1 || len(second) != 1 || first[0].ID == second[0].ID {
		t.Errorf("they are given %v and %v", first, second)
	}
	k.says("ack", "", first[0], second[0])
	// Who has left keeps nothing from who stays.
	conn := send(k.kit, "POST", desk+"/pull", `{"hold": 60}`)
	k.eventually("the seat is taken", func() bool { return k.holds.Stat().Used == 1 })
	k.must(conn.Close())
	k.eventually("its seat is free", func() bool { return k.holds.Stat().Used == 0 })
	k.want(202, "POST", events, status)
	if list := k.pull(`{"hold": 10}`); len(list) != 1 || list[0].Attempt != 1 {
		t.Errorf("after one that left: %v", list)
	}
	// An endpoint that goes, or whose mode changes, holds nobody.
	gone := k.held("POST", desk+"/pull", `{"hold": 60}`)
	k.eventually("one is held", func() bool { return k.holds.Stat().Used == 1 })
	k.want(200, "PUT", desk, crm)
	if g := <-gone; g.status != 409 || g.code() != "not_pulled" {
		t.Errorf("its mode changed: %d %s", g.status, g.text)
	}
	k.want(200, "PUT", desk, aPull)
	gone = k.held("POST", desk+"/pull", `{"hold": 60}`)
	k.eventually("one is held", func() bool { return k.holds.Stat().Used == 1 })
	k.want(204, "DELETE", desk, "")
	if g := <-gone; g.status != 404 {
		t.Errorf("its endpoint was deleted: %d %s", g.status, g.text)
	}
	k.want(201, "PUT", desk, aPull)
	// Nor does one whose slot is given away: the next pull finds the next owner.
	gone = k.held("POST", desk+"/pull", `{"hold": 60}`)
	k.eventually("one is held", func() bool { return k.holds.Stat().Used == 1 })
	k.lanes.Release(gateway.AllSlots())
	if list := k.given(<-gone); len(list) != 0 {
		t.Errorf("of a slot that is given away: %v", list)
	}
	if err := k.lanes.Acquire(gateway.AllSlots()); err != nil {
		t.Fatal(err)
	}
	gone = k.held("POST", desk+"/pull", `{"hold": 60}`)
	k.eventually("one is held", func() bool { return k.holds.Stat().Used == 1 })
	k.lanes.Dismiss()
	if g := <-gone; g.status != 503 || g.code() != "draining" || g.header.Get("Retry-After") == "" {
		t.Errorf("the process stops: %d %v %s", g.status, g.header, g.text)
	}
	if g := k.do("POST", desk+"/pull", `{"hold": 60}`); g.code() != "draining" {
		t.Errorf("while it stops: %d %s", g.status, g.text)
	}
	k.eventually("all seats are free", func() bool { return k.holds.Stat().Used == 0 })
}

// A pull that is held is lent nothing when its token has ended meanwhile.
func TestHeldPullEndsWithItsToken(t *testing.T) {
	k := withDesk(t, "")
	made := k.want(201, "POST", "/v1/tokens", `{"scope": "tenant", "tenant": "acme", "name": "puller"}`)
	held := make(chan got, 1)
	go func() { held <- k.as(made.str("token"), "POST", desk+"/pull", `{"hold": 60}`) }()
	k.eventually("it is held", func() bool { return k.holds.Stat().Used == 1 })
	k.want(204, "DELETE", "/v1/tokens/"+made.str("id"), "")
	k.want(202, "POST", events, status)
	if g := <-held; g.status != 401 || g.code() != "unauthenticated" {
		t.Errorf("without its token it is given %d %s", g.status, g.text)
	}
	if list := k.pull(`{"hold": 10}`); len(list) != 1 || list[0].Attempt != 1 {
		t.Errorf("who has a token is given %v", list)
	}
}

// Pages of a portal are some of those that there are, each once.
func TestPortalPagesAreFew(t *testing.T) {
	k := withAcme(t)
	for _, pages := range []string{strings.Repeat(`"waits",`, 1000) + `"waits"`, `"waits","waits"`} {
		if g := k.want(422, "POST", v1Acme+"/portal-links", `{"pages": [`+pages+`]}`); len(g.paths()) != 1 || !strings.HasPrefix(g.paths()[0], "pages") {
			t.Errorf("%.30s: %s", pages, g.text)
		}
	}
}

// An answer ends where the next delivery is too much, and takes room in the budget of
// answers before it lends anything.
func TestPulledAnswersAreBounded(t *testing.T) {
	budget := shares.New(1 << 20)
	k := withDesk(t, "", func(o *api.Options) { o.ListAnswer, o.Answers = 64<<10, budget })
	large := `{"events": [{"event": {"type": "status"}, "text": "` + strings.Repeat(`\"x`, 10<<10) + `"}]}`
	for range 5 {
		k.want(202, "POST", events, large)
	}
	k.want(202, "POST", events, `{"events": [{"event": {"type": "status"}, "text": "`+strings.Repeat("y", 100<<10)+`"}]}`)
	budget.Force(shares.Tenant("other"), 1<<20)
	if g := k.do("POST", desk+"/pull", ""); g.status != 503 || g.header.Get("Retry-After") == "" {
		t.Errorf("without room for its answer: %d %.100s", g.status, g.text)
	}
	budget.Give(shares.Tenant("other"), 1<<20)
	total := 0
	for range 10 {
		list := k.pull("")
		size := 0
		for _, one := range list {
			size += len(*one.Body)
			if one.Attempt != 1 {
				t.Errorf("%s was lent before", one.ID)
			}
		}
		if len(list) > 1 && size > 64<<10 {
			t.Errorf("%d deliveries have %d bytes", len(list), size)
		}
		if total += len(list); len(list) > 0 {
			k.says("ack", "", list...)
		}
	}
	if total != 6 {
		t.Errorf("%d of 6 were pulled", total)
	}
	k.eventually("the budget is free", func() bool { return budget.Stat().Used == 0 })
}

// Deliveries of an endpoint that is paused or disabled wait; what was pulled before is
// still taken back.
func TestPausedEndpointsGiveNothing(t *testing.T) {
	k := withDesk(t, "")
	k.want(202, "POST", events, `{"events": [{"event": {"type": "status"}, "n": 1}, {"event": {"type": "status"}, "n": 2}]}`)
	list := k.pull(`{"max": 1}`)
	k.want(200, "POST", desk+"/pause", "")
	if more := k.pull(`{"hold": 0.05}`); len(more) != 0 {
		t.Errorf("paused it gives %v", more)
	}
	if good, _ := k.says("ack", "", list...); good != 1 {
		t.Error("what was pulled before the pause is gone")
	}
	k.want(200, "POST", desk+"/resume", "")
	list = k.pull(`{"hold": 10}`)
	k.want(200, "PUT", desk, `{"mode": "pull", "enabled": false}`)
	if good, _ := k.says("nack", "", list...); good != 1 {
		t.Error("what was pulled before it was switched off is gone")
	}
	if _, state := k.attempts(list[0].ID); state != "retrying" {
		t.Errorf("given back while it is off it is %s", state)
	}
	// A 410 that whoever pulls was answered disables it, as it does with a url.
	k.want(200, "PUT", desk, aPull)
	k.want(202, "POST", v1Acme+"/deliveries/"+list[0].ID+"/retry", "")
	k.says("nack", `, "status": 410`, k.pull(`{"hold": 10}`)...)
	if g := k.want(200, "GET", desk, ""); g.str("disabled_reason") != "gone" || g.body["enabled"] != false {
		t.Errorf("after a 410 it is %s", g.text)
	}
	if _, state := k.attempts(list[0].ID); state != string(gateway.DeliveryDead) {
		t.Errorf("answered 410 it is %s", state)
	}
}
