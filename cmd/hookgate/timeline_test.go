package main

import (
	"net/url"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// c26: a conversation of 2,000 events, each with a delivery, shows all of it page by
// page, in order and each line once.
func TestLongTimelinesPageThroughAll(t *testing.T) {
	t.Parallel()
	const events, most = 2000, 250
	p := program.Start(t, program.Options{})
	api := p.Admin()
	api.Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	api.Must(t, []int{201}, "PUT", "/v1/tenants/acme/endpoints/crm", `{"url":"https://crm.example.com/"}`)
	api.Must(t, []int{200}, "POST", "/v1/tenants/acme/endpoints/crm/pause", nil)
	var published []string
	for range events / most {
		items := strings.Repeat(`{"event":{"type":"note"},"conversation":{"key":"c"}},`, most)
		a := api.Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[`+strings.TrimSuffix(items, ",")+`]}`)
		var made struct{ Events []struct{ ID string } }
		a.Decode(t, &made)
		for _, e := range made.Events {
			published = append(published, e.ID)
		}
	}
	for _, query := range []string{"", "limit=1000"} {
		got, pages := map[string][]string{}, 0 // by kind, the newest first
		for cursor := ""; ; pages++ {
			path := "/v1/tenants/acme/conversations/c?" + query + cursor
			var page struct {
				Data []struct{ Kind, ID string }
				Next *string `json:"next_cursor"`
			}
			api.Must(t, []int{200}, "GET", path, nil).Decode(t, &page)
			for i := range page.Data {
				line := page.Data[len(page.Data)-1-i]
				got[line.Kind] = append(got[line.Kind], line.ID)
			}
			if page.Next == nil {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(*page.Next)
		}
		if pages < 3 || len(got["event"]) != events || len(got["delivery"]) != events || len(got) != 2 {
			t.Fatalf("%q: %d pages, %d events, %d deliveries", query, pages+1, len(got["event"]), len(got["delivery"]))
		}
		for i, id := range got["event"] {
			if want := published[events-1-i]; id != want {
				t.Fatalf("%q: event %d is %s, want %s", query, events-i, id, want)
			}
		}
	}
}
