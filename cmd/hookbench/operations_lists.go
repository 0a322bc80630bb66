//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"
)

// goalPage is how long a page of any list may take with 1,000,000 deliveries stored
// (issue 13), and goalDear how many times the plain list's a question may (issue 10).
const (
	goalPage = 5 * time.Millisecond
	goalDear = 3.0
)

// What is stored has so many types, the last half of them for an endpoint that is paused, and
// so many conversations.
const (
	listTypes, listConversations = 10, 1000
	listAtOnce                   = 500 // events in a request
	listCallbacks                = 500 // a source keeps 200 of their requests
	pageRounds                   = 50
)

// runLists stores deliveries, half of them made and half waiting, and asks for pages of lists
// over HTTP, one after the other.
func (o *operations) runLists(ctx context.Context, g *gateway, r *report) error {
	if err := o.store(ctx, g); err != nil {
		return err
	}
	s, err := newSender("token", 0, 512)
	if err != nil {
		return err
	}
	if err := g.putSource(s.source(true, listCallbacks)); err != nil {
		return err
	}
	s.batch("list-", listCallbacks)
	l := &load{addr: g.public, conns: 16, n: listCallbacks, check: wantAnswer(fasthttp.StatusAccepted, `"outcome":"parked"`), fill: s.filler(g.public)}
	if _, err := l.run(ctx); err != nil {
		return err
	}
	r.printf("stored              %d deliveries and their events, %d callbacks; %d questions each, pages of up to 100\n", o.lists, listCallbacks, pageRounds)
	return o.askPages(g, r)
}

// store publishes the events: each is for one endpoint.
func (o *operations) store(ctx context.Context, g *gateway) error {
	sink, err := startChild("sink")
	if err != nil {
		return err
	}
	defer sink.stop()
	if err := sink.expect("bench", 0); err != nil { // it only has to answer
		return err
	}
	for name, spec := range map[string]string{
		"crm": `"url":"` + into(sink, "bench") + `","concurrency":16,"event_types":` + typesOf(0, listTypes/2),
		"off": `"url":"` + into(sink, "off") + `","event_types":` + typesOf(listTypes/2, listTypes),
	} {
		if _, err := g.call("PUT", tenantPath+"/endpoints/"+name, "{"+spec+`,"sign":{"type":"standard","secrets":["whsec_`+sinkSecret+`"]}}`, fasthttp.StatusCreated); err != nil {
			return err
		}
	}
	if _, err := g.call("POST", tenantPath+"/endpoints/off/pause", "", fasthttp.StatusOK); err != nil {
		return err
	}
	head := internalHead("POST", g.internal, tenantPath+"/events")
	l := &load{
		addr: g.internal, conns: 4, n: o.lists / listAtOnce, check: wantAnswer(fasthttp.StatusAccepted, `"accepted":`+strconv.Itoa(listAtOnce)),
		fill: func(i int, m *message) {
			m.head, m.body = head, append(m.body[:0], `{"events":[`...)
			for n := i * listAtOnce; n < (i+1)*listAtOnce; n++ {
				if n > i*listAtOnce {
					m.body = append(m.body, ',')
				}
				m.body = fmt.Appendf(m.body, `{"event":{"type":"type%d"},"conversation":{"key":"chat-%d"}}`, n%listTypes, n/listTypes%listConversations)
			}
			m.body = append(m.body, `]}`...)
		},
	}
	if _, err := l.run(ctx); err != nil {
		return err
	}
	made := `hookgate_deliveries_total{endpoint="crm",state="succeeded",tenant="bench"}`
	return g.await(ctx, made, o.lists/listAtOnce*listAtOnce/2, 10*time.Minute)
}

func typesOf(from, to int) string {
	var types []string
	for i := from; i < to; i++ {
		types = append(types, "type"+strconv.Itoa(i))
	}
	text, _ := json.Marshal(types) // it never fails for texts
	return string(text)
}

// askPages asks for each page again and again; the first question of a list is the plain one.
func (o *operations) askPages(g *gateway, r *report) error {
	const hour = "since=HOUR-AGO"
	ago := strings.NewReplacer("HOUR-AGO", time.Now().Add(-time.Hour).UTC().Format(time.RFC3339))
	rows := []string{"list\tbytes\tp50\tp99\tof the plain"}
	missed, dear := 0, 0
	for _, list := range []struct {
		path      string
		questions []string
	}{
		{tenantPath + "/deliveries", []string{
			"", "limit=3", hour, "state=succeeded", "state=pending", "state=dead", "endpoint=crm", "endpoint=off", "event_type=type1", "event_type=none",
			"conversation_key=chat-7", "conversation_key=nobody", "conversation_key=chat-7&state=pending", "endpoint=crm&event_type=type9",
		}},
		{tenantPath + "/events", []string{"", hour, "type=type1", "type=none", "conversation_key=chat-7", "conversation_key=nobody"}},
		{tenantPath + "/callbacks", []string{"", "outcome=parked", "outcome=late", "source=bench"}},
		{tenantPath + "/waits", []string{"", "state=waiting"}},
		{sourcePath + "/requests", []string{"", "outcome=parked", "outcome=unauthenticated"}},
		{tenantPath + "/conversations/chat-7", []string{""}},
		{"/v1/deliveries", []string{"", "state=dead"}},
		{"/v1/audit", []string{""}},
	} {
		var plain time.Duration
		for _, question := range list.questions {
			took, size, err := askPage(g, ago.Replace(list.path+"?"+question))
			if err != nil {
				return err
			}
			half := took.quantile(0.5)
			if question == "" {
				plain = half
			}
			times := half.Seconds() / plain.Seconds()
			if half > goalPage {
				missed++
			}
			if times > goalDear {
				dear++
			}
			name := strings.TrimPrefix(list.path, tenantPath) + "?" + question
			rows = append(rows, fmt.Sprintf("%s\t%d\t%s\t%s\t%.2f", name, size, short(half), short(took.quantile(0.99)), times))
			r.less(name, "us", micros(half))
		}
	}
	r.table(rows)
	r.printf("pages               %d of %d over %s: %s; %d over %.0f times the plain list: %s\n",
		missed, len(rows)-1, goalPage, verdict(missed == 0), dear, goalDear, verdict(dear == 0))
	return nil
}

func askPage(g *gateway, path string) (took *histogram, size int, err error) {
	took = &histogram{}
	for range pageRounds {
		start := time.Now()
		answer, err := g.call("GET", path, "", fasthttp.StatusOK)
		if err != nil {
			return nil, 0, err
		}
		took.add(time.Since(start))
		size = len(answer)
	}
	return took, size, nil
}
