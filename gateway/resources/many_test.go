package resources_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"hookgate/gateway"
)

// Very many small things in one write are refused for their number, before each is
// compared with each: all writers stood behind half a million empty secrets, for
// longer than anybody waited.
func TestManySmallThingsAreRefusedAsOne(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	const many = 5000
	words := func(word string) string { return strings.TrimSuffix(strings.Repeat(word+",", many), ",") }
	members := map[string]string{}
	for i := range many {
		members[fmt.Sprint("x", i)] = "a\nb"
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	for place, put := range map[string]func() error{
		"verify.secrets": func() error {
			return k.put("source", `{"verify":{"type":"token","in":"header","name":"X","secrets":[`+words(`""`)+`]}}`)
		},
		"verify.fingerprints": func() error { return k.put("source", `{"verify":{"type":"mtls","fingerprints":[`+words(`"a"`)+`]}}`) },
		"verify.names": func() error {
			return k.put("source", `{"verify":{"type":"mtls","ca":"","fingerprints":["`+strings.Repeat("a", 64)+`"],"names":[`+words(`"a"`)+`]}}`)
		},
		"methods": func() error { return k.put("source", `{"verify":{"type":"none"},"methods":[`+words(`"x"`)+`]}`) },
		"headers": func() error { return k.put("endpoint", `{"url":"https://a.test/","headers":`+string(text)+`}`) },
		"retry.never": func() error {
			return k.put("endpoint", `{"url":"https://a.test/","retry":{"never":[`+words(`"500"`)+`]}}`)
		},
		"query": func() error { return k.put("webhook", `{"url":"https://a.test/","query":`+string(text)+`}`) },
	} {
		refused, is := errors.AsType[*gateway.Error](put())
		if !is || len(refused.Faults) != 1 || refused.Faults[0].Path != place {
			t.Errorf("%s: %.300v, want one fault, of their number", place, refused)
		}
	}
	// What is no list of its own kind at all is told of the first few.
	refused, is := errors.AsType[*gateway.Error](k.put("source", `{"verify":{"type":"token","secrets":[`+words("1")+`]}}`))
	if !is || len(refused.Faults) > 2*gateway.MaxFaults {
		t.Errorf("numbers for secrets: %.300v, want at most %d faults", refused, 2*gateway.MaxFaults)
	}
	// Nor are all masks that stand for nothing.
	refused, is = errors.AsType[*gateway.Error](k.put("source", `{"verify":{"type":"token","in":"header","name":"X","secrets":[`+words(`"***"`)+`]}}`))
	if !is || len(refused.Faults) > 2*gateway.MaxFaults {
		t.Errorf("masks for secrets: %.300v, want at most %d faults", refused, 2*gateway.MaxFaults)
	}
}

// put writes a part of acme, with its own token.
func (k *kit) put(kind, body string) (err error) {
	switch by, tree := of("acme"), tree(k.t, body); kind {
	case "source":
		_, _, err = k.Sources.Put(by, "acme", "many", tree)
	case "endpoint":
		_, _, _, err = k.Endpoints.Put(by, "acme", "many", tree)
	case "webhook":
		_, _, err = k.Webhooks.Put(by, "acme", "many", tree)
	}
	return err
}
