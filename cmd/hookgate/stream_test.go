package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// shown is one event of the stream.
type shown struct {
	id, name string
	data     map[string]any
}

// reading is a stream that is being read.
type reading struct {
	t      testing.TB
	answer *http.Response
	events chan shown // closed when the stream ends
	stop   context.CancelFunc
}

// read reads the stream as a token, from behind an event, "" for now.
func read(t *testing.T, p *program.Program, token, query, after string) *reading {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Admin().Base+"/v1/stream"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	if after != "" {
		r.Header.Set("Last-Event-ID", after)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	s := &reading{t, answer, make(chan shown, 1000), stop}
	t.Cleanup(s.end)
	if answer.StatusCode == 200 {
		go s.take()
	}
	return s
}

func (s *reading) end() { s.stop(); _ = s.answer.Body.Close() }

func (s *reading) take() {
	defer close(s.events)
	var e shown
	for lines := bufio.NewScanner(s.answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.name = value
		case "data":
			if json.Unmarshal([]byte(value), &e.data) != nil {
				return
			}
		case "":
			if e.name != "" {
				s.events <- e
			}
			e = shown{}
		}
	}
}

// next gives the next event of a kind.
func (s *reading) next(name string) shown {
	s.t.Helper()
	for {
		select {
		case e, open := <-s.events:
			if !open {
				s.t.Fatalf("the stream has ended; no %s came", name)
			}
			if e.name == name {
				return e
			}
		case <-time.After(20 * time.Second):
			s.t.Fatalf("no %s came", name)
		}
	}
}

// What happens is on the stream: to whoever reaches the tenant, and to nobody else.
func TestStreamShowsTheTree(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	api := p.Admin()
	for tenant, body := range map[string]string{"acme": `{}`, "rival": `{}`} {
		api.Must(t, []int{201}, "PUT", "/v1/tenants/"+tenant, body)
	}
	api.Must(t, []int{201}, "PUT", "/v1/tenants/shop", `{"parent":"acme"}`)
	token := func(tenant string) string {
		return api.Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"`+tenant+`"}`).Field("token")
	}
	all, acme, rival := read(t, p, api.Token, "", ""), read(t, p, token("acme"), "", ""), read(t, p, token("rival"), "", "")
	alone := read(t, p, api.Token, "?tenant=shop&kinds=callback,wait", "")
	if h := all.answer.Header; h.Get("Content-Type") != "text/event-stream" {
		t.Errorf("the head has %v", h)
	}
	api.Must(t, []int{201}, "PUT", "/v1/tenants/shop/sources/pay", `{"verify":{"type":"none"},"conversation_key":{"path":"key"}}`)
	api.Must(t, []int{201}, "PUT", "/v1/tenants/shop/endpoints/crm", `{"url":"https://crm.example.com/"}`)
	api.Must(t, []int{200}, "POST", "/v1/tenants/shop/endpoints/crm/pause", nil)
	wait := api.Must(t, []int{201}, "POST", "/v1/tenants/shop/waits", `{"source":"pay","conversation_key":"42","mode":"poll"}`).Field("id")
	p.Sender().Must(t, []int{400}, "POST", "/hooks/shop/pay", `{`)
	callback := p.Sender().Must(t, []int{200}, "POST", "/hooks/shop/pay", `{"key":"42"}`).Field("callback_id")
	event := api.Must(t, []int{202}, "POST", "/v1/tenants/shop/events", `{"events":[{"event":{"type":"note"}}]}`)
	api.Must(t, []int{201}, "PUT", "/v1/tenants/rival/sources/pay", `{"verify":{"type":"none"}}`)
	for name, s := range map[string]*reading{"admin": all, "parent": acme, "the tenant alone": alone} {
		opened := s.next("wait")
		if opened.data["id"] != wait || opened.data["state"] != "waiting" || opened.data["tenant"] != "shop" || opened.id == "" {
			t.Errorf("%s: the wait opens as %v", name, opened)
		}
		refused, taken := map[string]any{}, map[string]any{}
		for range 2 {
			if e := s.next("callback"); e.data["outcome"] == "resumed" {
				taken = e.data
			} else {
				refused = e.data
			}
		}
		if refused["outcome"] != "invalid_body" || taken["id"] != callback || taken["wait_id"] != wait || taken["conversation_key"] != "42" {
			t.Errorf("%s: the callbacks are %v and %v", name, refused, taken)
		}
		if name != "the tenant alone" {
			if e := s.next("event"); !strings.Contains(string(event.Body), e.data["id"].(string)) || e.data["type"] != "note" {
				t.Errorf("%s: the event is %v", name, e)
			}
		}
	}
	if e := <-rival.events; e.name != "config" || e.data["tenant"] != "rival" || e.data["object"] != "tenants/rival/sources/pay" || e.data["action"] != "create" {
		t.Errorf("rival is shown %v", e)
	}
	api.Must(t, []int{422}, "GET", "/v1/stream?kinds=wait,thing", nil)
	api.Must(t, []int{422}, "GET", "/v1/stream?kind=wait", nil)
	api.Must(t, []int{404}, "GET", "/v1/stream?tenant=nobody", nil)
	api.As(token("rival")).Must(t, []int{404}, "GET", "/v1/stream?tenant=shop", nil)
}

// A reader who comes back has what he missed; his stream ends with his token, and with the
// process, which does not wait for him.
func TestStreamGoesOnAndEnds(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	api := p.Admin()
	api.Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	publish := func() {
		api.Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note"},"conversation":{"key":"c"}}]}`)
	}
	s := read(t, p, api.Token, "?kinds=event", "")
	publish()
	first := s.next("event")
	s.end()
	publish()
	s = read(t, p, api.Token, "?kinds=event", first.id)
	if e := s.next("event"); e.data["id"] == first.data["id"] {
		t.Errorf("again there is %v", e)
	}
	if e := read(t, p, api.Token, "", "no-such").next("gap"); e.id == "" {
		t.Errorf("the gap is %v", e)
	}
	made := api.Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"platform"}`)
	own := read(t, p, made.Field("token"), "?kinds=event", "")
	api.Must(t, []int{204}, "DELETE", "/v1/tokens/"+made.Field("id"), nil)
	publish()
	for e := range own.events {
		t.Errorf("without a token there is %v", e)
	}
	if code := p.Terminate(t); code != 0 {
		t.Errorf("it ends with %d", code)
	}
	for range s.events {
	}
}
