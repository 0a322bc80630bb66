package configs

import (
	"fmt"
	"strings"
	"testing"
)

// What differs is told by its keys, each thing by its name, and no secret with it.
func TestDifference(t *testing.T) {
	l := newLoads(t)
	loaded := func(text string) *Config {
		l.file("hookgate.yaml", text)
		c, _ := l.load()
		return c
	}
	before := loaded("drain: 15s\ntokens: [ { scope: admin, secret: \"0123456789abcdef\" } ]\ntenants: { a: {}, b: {}, c: { name: C } }\nroutes: { r: { mode: proxy, match: { path: / }, upstreams: [ { url: \"http://a.example.com\" } ] } }\n")
	after := loaded("drain: { timeout: 15s, delay: 1s }\ntokens: [ { scope: admin, secret: \"0123456789abcdeX\" } ]\ntenants: { a: {}, c: { name: D }, d: {} }\nroutes: {}\nlog: { level: debug }\n")
	all, left := after.Difference(before, 100)
	var told []string
	for _, d := range all {
		told = append(told, fmt.Sprint(d.Key, " ", d.Change, " ", d.Before, " ", d.After))
	}
	want := `log.level updated "info" "debug"
drain.delay updated "0s" "1s"
tokens updated 1 1
tenants.b deleted  
tenants.c updated  
tenants.d created  
routes.r deleted  `
	if got := strings.Join(told, "\n"); got != want || left != 0 {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}
	if all, left := after.Difference(before, 3); len(all) != 3 || left != 4 {
		t.Errorf("%d are told, %d left out", len(all), left)
	}
	if all, left := after.Difference(after, 3); len(all) != 0 || left != 0 {
		t.Errorf("of itself it differs by %v", all)
	}
	for _, o := range before.Origins() {
		if o.Key == "drain.timeout" && !strings.HasSuffix(o.From, ":1") || o.Key == "drain.delay" && o.From != "default" {
			t.Errorf("%s comes from %s", o.Key, o.From)
		}
	}
	for _, o := range after.Origins() {
		if o.Key == "drain.delay" && !strings.HasSuffix(o.From, ":1") {
			t.Errorf("%s comes from %s", o.Key, o.From)
		}
	}
}
