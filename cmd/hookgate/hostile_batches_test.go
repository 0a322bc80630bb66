package main

import (
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// Requests of 35 KB whose thousand callbacks each map 15 KB of what is around them: eight
// of these at once took 1.2 GB.
func TestHostileBatches(t *testing.T) {
	const sources = 8
	const rules = `"each":"items[*]","conversation_key":{"path":"item.k"},"early":{"ttl":"1s","max":1000},"variables":[{"name":"v","path":"around"}]`
	attack(t, func(a *arena) {
		for i := range sources {
			a.mallory.Must(t, []int{201}, "PUT", fmt.Sprint(ofMallory+"/sources/many", i), `{`+hugeSource+`,`+rules+`}`)
		}
	}, func(a *arena) {
		around := strings.Repeat("x", 15<<10)
		var got tally
		a.flow(sources, func(n int) {
			items := make([]string, 1000)
			for i := range items {
				items[i] = fmt.Sprintf(`{"k":"%d-%d"}`, n, i)
			}
			body := `{"items":[` + strings.Join(items, ",") + `],"around":"` + around + `"}`
			got.add(a.try(a.sender, "POST", fmt.Sprint("/hooks/mallory/many", n%sources), body, sourceToken).Status)
		}, func() error {
			if n := got.of(202); n < 1 {
				return fmt.Errorf("%d were taken", n)
			}
			return nil
		})
	})
}

// A request to a route that splits, of whose messages together so much would be made that it
// can never pass, is too large: 503 has its sender send the same again and again. One of as
// many messages with little around them is taken.
func TestHostileSplit(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: `
public: { max_body: 16MiB }
tenants: { acme: {} }
routes:
  wa: { tenant: acme, mode: relay, match: { path: /wa }, verify: { type: none }, each: "list[*]", split: true, conversation_key: { path: item.k }, upstreams: [{ url: "http://127.0.0.1:9" }] }
`})
	body := func(around int) string {
		items := make([]string, 1000)
		for i := range items {
			items[i] = fmt.Sprintf(`{"k":"%d"}`, i)
		}
		return `{"around":"` + strings.Repeat("x", around) + `","list":[` + strings.Join(items, ",") + `]}`
	}
	if a := p.Sender().Must(t, []int{413}, "POST", "/wa", body(500<<10)); !strings.Contains(string(a.Body), "24 MiB") {
		t.Errorf("it does not say why: %s", a)
	}
	p.Sender().Must(t, []int{200}, "POST", "/wa", body(1<<10))
	// Of two messages, too, and of as large ones as ever pass.
	two := func(around int) string {
		return `{"around":"` + strings.Repeat("x", around) + `","list":[{"k":"1"},{"k":"2"}]}`
	}
	p.Sender().Must(t, []int{413}, "POST", "/wa", two(14<<20))
	p.Sender().Must(t, []int{200}, "POST", "/wa", two(12<<20-1<<10))
}
