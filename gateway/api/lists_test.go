package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/api"
)

// bounded makes lists of at most so many bytes.
func bounded(list int) func(*api.Options) {
	return func(o *api.Options) { o.ListAnswer = list }
}

// hostile is an answer of n bytes, each of which takes six in JSON.
func hostile(n int) []byte { return bytes.Repeat([]byte{1}, n) }

// tried makes a delivery durable, one of whose attempts failed with each body.
func (k history) tried(at time.Time, bodies ...[]byte) string {
	k.t.Helper()
	d := k.deliver("c", at)
	for i, body := range bodies {
		d.State, d.Attempts, d.NextAttemptAt = gateway.DeliveryRetrying, i+1, d.NextAttemptAt.Add(time.Hour)
		k.must(k.store.Settle(&d, &gateway.Attempt{Number: i + 1, At: at, Status: 500, Error: "5xx", ResponseBody: body}))
	}
	return d.ID
}

// resumed makes a wait durable that a callback with this body ended.
func (k history) resumed(at time.Time, body gateway.Raw) string {
	k.t.Helper()
	id := gateway.NewID(gateway.PrefixWait, at)
	k.must(k.store.Commit(&gateway.Change{Wait: resumedWait(id, at, body)}))
	return id
}

func resumedWait(id string, at time.Time, body gateway.Raw) *gateway.Wait {
	return &gateway.Wait{
		ID: id, Tenant: "acme", Source: "payments", ConversationKey: "c", State: gateway.StateResumed, Branch: gateway.Success,
		Mode: gateway.ModePoll, CreatedAt: at, ExpiresAt: at, EndedAt: at,
		Callback: &gateway.TakenCallback{ID: gateway.NewID(gateway.PrefixCallback, at), ReceivedAt: at, ContentType: "application/json", Body: body},
	}
}

func longText(n int) gateway.Raw { return gateway.Raw(`"` + strings.Repeat("x", n) + `"`) }

// happened makes an event durable.
func (k history) happened(at time.Time, body gateway.Raw) string {
	k.t.Helper()
	e := gateway.Event{ID: gateway.NewID(gateway.PrefixEvent, at), Tenant: "acme", Type: "message", ConversationKey: "e", AcceptedAt: at, Body: body}
	k.must(k.store.Accept(&gateway.Publication{Events: []gateway.Event{e}}))
	return e.ID
}

// walk reads a list page by page. Each answer is within most, unless it has one item.
func (k *kit) walk(path string, most int) (ids []string) {
	k.t.Helper()
	for next := path; next != ""; {
		g := k.want(200, "GET", next, "")
		var page struct {
			Data []struct{ ID string }
			Next *string `json:"next_cursor"`
		}
		k.must(json.Unmarshal([]byte(g.text), &page))
		if len(g.text) > most && len(page.Data) > 1 {
			k.t.Fatalf("%s: an answer of %d bytes, with %d items", next, len(g.text), len(page.Data))
		}
		if len(page.Data) == 0 && page.Next != nil {
			k.t.Fatalf("%s makes no progress", next)
		}
		for _, one := range page.Data {
			ids = append(ids, one.ID)
		}
		if next = ""; page.Next != nil {
			next = path + "&cursor=" + *page.Next
		}
	}
	return ids
}

// Whatever sizes things have, and wherever pages end: all are listed, newest first, and
// each once.
func TestListsEndEarlyAndLoseNothing(t *testing.T) {
	const most, count = 16 << 10, 60
	random := rand.New(rand.NewPCG(7, 7))
	size := func() int { // mostly small, some as large as a page, a few larger
		return []int{random.IntN(200), random.IntN(4 << 10), most - 600 + random.IntN(1200)}[min(2, random.IntN(8)/3)]
	}
	k := withAcme(t, bounded(most))
	start := time.Now().UTC().Truncate(time.Millisecond).Add(-time.Hour)
	want := map[string][]string{}
	add := func(list, id string) { want[list] = append([]string{id}, want[list]...) }
	for i := range count {
		at := start.Add(time.Duration(i) * time.Second)
		add("deliveries", history{k}.tried(at, hostile(size()/6), []byte("busy"), hostile(size()/6)))
		add("waits", history{k}.resumed(at, longText(size())))
		add("events?type=message&", history{k}.happened(at, longText(size())))
	}
	for list, ids := range want {
		for _, query := range []string{"limit=7", "limit=1000", "limit=1000&include=bodies", "limit=9&include=bodies"} {
			path := v1Acme + "/" + list
			if !strings.Contains(list, "?") {
				path += "?"
			}
			if got := k.walk(path+query, most); !slices.Equal(got, ids) {
				t.Errorf("%s%s lists %d, want %d: \n%q\n%q", path, query, len(got), len(ids), got, ids)
			}
		}
	}
}

// What lies in memory is listed within the bound too.
func TestListsOfTheConfigurationEndEarly(t *testing.T) {
	const most, count = 8 << 10, 30
	k := withAcme(t, bounded(most))
	want := map[string][]string{}
	for i := range count {
		id := fmt.Sprintf("a-%02d", i)
		filler := strings.Repeat("f", 100*i)
		k.want(201, "PUT", v1Acme+"/webhooks/"+id, fmt.Sprintf(`{"url":"https://crm.example.com/","headers":{"X-Filler":%q}}`, filler))
		k.want(201, "PUT", v1Acme+"/endpoints/"+id, fmt.Sprintf(`{"url":"https://crm.example.com/%s"}`, filler))
		k.want(201, "PUT", v1Acme+"/sources/"+id, fmt.Sprintf(`{"verify":{"type":"none"},"conversation_key":{"path":"a%s"}}`, filler[:min(len(filler), 900)]))
		k.want(201, "PUT", "/v1/tenants/t-"+id, fmt.Sprintf(`{"name":%q}`, filler[:min(len(filler), 200)]))
		want["webhooks"] = append(want["webhooks"], id)
	}
	for path, least := range map[string]int{v1Acme + "/webhooks": count, v1Acme + "/endpoints": count, v1Acme + "/sources": count, "/v1/tenants": count} {
		got := k.walk(path+"?limit=1000", most)
		if len(got) < least || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != len(got) {
			t.Errorf("%s lists %q", path, got)
		}
	}
}

// The connections API has no pages: what does not fit comes behind a header field.
func TestConnectionsEndEarly(t *testing.T) {
	const most = 4 << 10
	k := withAcme(t, bounded(most))
	token := k.token("tenant", "acme")
	for i := range 20 {
		k.want(201, "PUT", fmt.Sprintf("%s/webhooks/%024x", v1Acme, i+1),
			fmt.Sprintf(`{"profile":"chatbot","url":"https://crm.example.com/%s"}`, strings.Repeat("u", 400)))
	}
	var seen []string
	for next := ""; ; {
		g := k.as(token, "GET", "/v2/integrations/webhook"+next, "")
		var list []struct{ ID string }
		k.must(json.Unmarshal([]byte(g.text), &list))
		if g.status != 200 || len(g.text) > most || len(list) == 0 {
			t.Fatalf("%d, %d bytes: %.200s", g.status, len(g.text), g.text)
		}
		for _, one := range list {
			seen = append(seen, one.ID)
		}
		cursor := g.header.Get("Hookgate-Next-Cursor")
		if cursor == "" {
			break
		}
		next = "?cursor=" + cursor
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 20 {
		t.Errorf("listed %q", seen)
	}
	if g := k.as(token, "GET", "/v2/integrations/webhook?cursor=eA", ""); g.code() != "invalid_cursor" {
		t.Errorf("a made-up cursor: %d %s", g.status, g.text)
	}
}

// Lists leave out what can be large, unless it is asked for; the thing itself has it.
func TestListsLeaveBodiesOut(t *testing.T) {
	k := withAcme(t)
	at := time.Now().UTC().Truncate(time.Millisecond)
	delivery, wait := history{k}.tried(at, []byte("the-answer")), history{k}.resumed(at, gateway.Raw(`{"a":"the-callback"}`))
	late := resumedWait(gateway.NewID(gateway.PrefixWait, at), at, gateway.Raw(`{"a":"the-callback"}`))
	late.Mode = gateway.ModeNotify
	notice := gateway.WaitNotice(late, at)
	k.must(k.store.Commit(&gateway.Change{Wait: late, Notice: notice}))
	alike := history{k}.happened(at, gateway.Raw(`{"id":"x","type":"wait.resumed","a":"the-callback"}`))
	for path, one := range map[string]struct{ member, body, id string }{
		"/deliveries":                {"response_body", "the-answer", delivery},
		"/waits":                     {"body", "the-callback", wait},
		"/events?type=wait.resumed&": {"body", "the-callback", notice.Event.ID},
	} {
		query := path
		if !strings.Contains(path, "?") {
			query += "?"
		}
		listed := k.want(200, "GET", v1Acme+query, "").text
		if !strings.Contains(listed, one.id) || strings.Contains(listed, one.body) || strings.Contains(listed, `"`+one.member+`":`) {
			t.Errorf("%s lists %s", path, listed)
		}
		whole := k.want(200, "GET", v1Acme+query+"include=bodies", "").text
		if !strings.Contains(whole, one.body) {
			t.Errorf("%s with bodies lists %s", path, whole)
		}
		base, _, _ := strings.Cut(path, "?")
		if g := k.want(200, "GET", v1Acme+base+"/"+one.id, ""); !strings.Contains(g.text, one.body) {
			t.Errorf("%s itself is %s", one.id, g.text)
		}
		for _, odd := range []string{"include=", "include=body", "include=bodies,more"} {
			if g := k.do("GET", v1Acme+query+odd, ""); g.status != 422 || !slices.Equal(g.paths(), []string{"include"}) {
				t.Errorf("%s: %d %s", odd, g.status, g.text)
			}
		}
	}
	if g := k.want(200, "GET", v1Acme+"/events", ""); !strings.Contains(g.text, alike) || !strings.Contains(g.text, "the-callback") {
		t.Errorf("the list leaves out a body of the platform's: %s", g.text)
	}
	if g := k.want(200, "GET", v1Acme+"/conversations/c", ""); strings.Contains(g.text, "the-") {
		t.Errorf("the timeline has bodies: %s", g.text)
	}
}

// A delivery shows the bodies of its last attempts, as far as they fit.
func TestDeliveryShowsTheLastBodies(t *testing.T) {
	const most = 8 << 10
	k := withAcme(t, bounded(most))
	id := history{k}.tried(time.Now().Add(-time.Hour), hostile(500), hostile(500), hostile(500), hostile(500), nil, []byte("last"))
	g := k.want(200, "GET", v1Acme+"/deliveries/"+id, "")
	var shown struct {
		Attempts []struct {
			Number int
			Body   *string `json:"response_body"`
		}
	}
	k.must(json.Unmarshal([]byte(g.text), &shown))
	var with []int
	for _, a := range shown.Attempts {
		if a.Body != nil {
			with = append(with, a.Number)
		}
	}
	if len(shown.Attempts) != 6 || !slices.Equal(with, []int{3, 4, 5, 6}) || *shown.Attempts[4].Body != "" || *shown.Attempts[5].Body != "last" {
		t.Errorf("bodies of attempts %v are shown: %d bytes", with, len(g.text))
	}
}

// One event is shown whole, however large, and a relayed one in its encoding.
func TestEventOfAnySizeIsWhole(t *testing.T) {
	k := withAcme(t, bounded(4<<10))
	body := longText(100 << 10)
	id := history{k}.happened(time.Now(), body)
	if g := k.want(200, "GET", v1Acme+"/events/"+id, ""); !strings.Contains(g.text, string(body)) {
		t.Errorf("the event has %d bytes", len(g.text))
	}
	raw := hostile(50 << 10)
	e := gateway.Event{
		ID: gateway.NewID(gateway.PrefixEvent, time.Now()), Tenant: "acme", Type: gateway.EventRelay, AcceptedAt: time.Now(), Body: raw,
		Relay: &gateway.Relayed{Route: "r", Method: "POST", Path: "/"},
	}
	k.must(k.store.Accept(&gateway.Publication{Events: []gateway.Event{e}}))
	if g := k.want(200, "GET", v1Acme+"/events/"+e.ID, ""); g.str("body") != base64.StdEncoding.EncodeToString(raw) {
		t.Errorf("the relayed body has %d characters", len(g.str("body")))
	}
}
