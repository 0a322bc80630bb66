package main

import (
	"errors"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// slowly is a rate that gives back nothing while a test runs.
const slowly = `{"per_second":0.001,"burst":5}`

// Who keeps its own limit of events used up has publishes refused that bring its events
// together with others', and their publisher tries again and again: that takes nothing of
// what the others may publish. The answer says whose event it was.
func TestHostileRatesOfAPublish(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	for tenant, key := range map[string]string{"victim": "V", "mallory": "M"} {
		p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/"+tenant, `{"account_keys":["`+key+`"],"limits":{"events_per_second":`+slowly+`}}`)
	}
	mallory, _ := tokenFor(t, p, "mallory")
	mallory.Must(t, []int{202}, "POST", "/v1/tenants/mallory/events", messages(5))
	of := func(keys string) string {
		var all []string
		for _, key := range keys {
			all = append(all, `{"event":{"type":"note"},"account":{"key":"`+string(key)+`"}}`)
		}
		return `{"events":[` + strings.Join(all, ",") + `]}`
	}
	for range 10 {
		a := p.Admin().Must(t, []int{429}, "POST", "/v1/events", of("VM"))
		if !strings.Contains(string(a.Body), `"path":"events[1]"`) {
			t.Fatalf("it does not say which event: %s", a)
		}
	}
	p.Admin().Must(t, []int{202}, "POST", "/v1/events", of("VVVVV"))
	p.Admin().Must(t, []int{429}, "POST", "/v1/events", of("V"))
}

// A tenant that has as much on the disk as it may have is named in a publish that has its
// events, too.
func TestHostileStorageOfAPublish(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/victim", `{"account_keys":["V"]}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/mallory", `{"account_keys":["M"],"limits":{"storage":"1MiB"}}`)
	mallory, _ := tokenFor(t, p, "mallory")
	large := `{"events":[{"event":{"type":"note"},"x":"` + strings.Repeat("x", 512<<10) + `"}]}`
	program.Eventually(t, hostilePatience, func() error {
		if a := mallory.Must(t, []int{202, 429}, "POST", "/v1/tenants/mallory/events", large); a.Status != 429 {
			return errors.New("there is room yet")
		}
		return nil
	})
	const victims, mallorys = `{"event":{"type":"note"},"account":{"key":"V"}}`, `{"event":{"type":"note"},"account":{"key":"M"}}`
	if a := p.Admin().Must(t, []int{429}, "POST", "/v1/events", `{"events":[`+victims+`,`+mallorys+`]}`); !strings.Contains(string(a.Body), `"path":"events[1]"`) {
		t.Errorf("it does not say which event: %s", a)
	}
	p.Admin().Must(t, []int{202}, "POST", "/v1/events", `{"events":[`+victims+`]}`)
}

// Children of one tenant, whose limit holds for all of them, may be published for at once
// as each may by itself: what is more than a burst passes when all of it is free.
func TestHostileRatesOfSiblings(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/agency", `{"limits":{"events_per_second":{"per_second":0.001,"burst":2}}}`)
	all := ""
	for _, child := range []string{"one", "two", "three"} {
		p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/"+child, `{"parent":"agency","account_keys":["`+child+`"]}`)
		all += `,{"event":{"type":"note"},"account":{"key":"` + child + `"}}`
	}
	p.Admin().Must(t, []int{202}, "POST", "/v1/events", `{"events":[`+all[1:]+`]}`)
	p.Admin().Must(t, []int{429}, "POST", "/v1/tenants/one/events", messages(1))
}

// What floods a source that anybody may call is held back by the source's own limit, and
// takes nothing of what its tenant and the one above may be sent.
func TestHostileRatesOfASource(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/agency", `{"limits":{"callbacks_per_second":`+slowly+`}}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{"parent":"agency","limits":{"callbacks_per_second":`+slowly+`}}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/sources/open", `{"verify":{"type":"none"},"rate_limit":{"per_second":0.001,"burst":1}}`)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/sources/payments", `{"verify":{"type":"none"}}`)
	p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/open", `{"conversation_key":"a"}`)
	for range 20 {
		p.Sender().Must(t, []int{429}, "POST", "/hooks/acme/open", `{"conversation_key":"b"}`)
	}
	for _, key := range []string{"1", "2", "3", "4"} {
		p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", `{"conversation_key":"`+key+`"}`)
	}
	p.Sender().Must(t, []int{429}, "POST", "/hooks/acme/payments", `{"conversation_key":"5"}`)
}
