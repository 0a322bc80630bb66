package api_test

import (
	"strings"
	"testing"

	"hookgate/gateway/api"
)

// A source shows the URL to give to its sender, with the place of the key where that is
// in the path; what was read can be written back.
func TestSourcesShowTheirURL(t *testing.T) {
	const inPath = `{"verify": {"type": "none"}, "conversation_key": {"in": "path"}}`
	for base, want := range map[string][2]string{
		"https://hooks.example.com":      {"https://hooks.example.com/hooks/acme/payments", "https://hooks.example.com/hooks/acme/bank/{key}"},
		"https://example.com/gateway/":   {"https://example.com/gateway/hooks/acme/payments", "https://example.com/gateway/hooks/acme/bank/{key}"},
		"http://127.0.0.1:8080/a/b%20c/": {"http://127.0.0.1:8080/a/b%20c/hooks/acme/payments", "http://127.0.0.1:8080/a/b%20c/hooks/acme/bank/{key}"},
		"":                               {},
	} {
		k := withAcme(t, func(o *api.Options) { o.PublicURL = base })
		made := k.want(201, "PUT", v1Acme+"/sources/bank", inPath)
		for i, id := range []string{"payments", "bank"} {
			read := k.want(200, "GET", v1Acme+"/sources/"+id, "")
			if read.str("url") != want[i] || (want[i] == "") == strings.Contains(read.text, `"url"`) {
				t.Errorf("%q: %s shows url %q, want %q", base, id, read.str("url"), want[i])
			}
			again := k.want(200, "PUT", v1Acme+"/sources/"+id, strings.Replace(read.text, "/hooks/acme/", "/of/nobody/", 1))
			if again.str("url") != want[i] {
				t.Errorf("%q: written back, %s shows url %q", base, id, again.str("url"))
			}
		}
		if made.str("url") != want[1] {
			t.Errorf("%q: a PUT shows %q", base, made.str("url"))
		}
		if list := k.want(200, "GET", v1Acme+"/sources", "").text; want[1] != "" && !strings.Contains(list, `"url":"`+want[1]+`"`) {
			t.Errorf("%q: the list is %s", base, list)
		}
	}
}
