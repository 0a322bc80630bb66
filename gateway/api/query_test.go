package api_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"hookgate/gateway/api"
)

// c25: a list whose filter is misspelt must not list everything. A parameter that an
// operation does not know is told, with the nearest that it does know.
func TestUnknownParametersAreTold(t *testing.T) {
	k := withAcme(t)
	wait := v1Waits + "/" + k.want(201, "POST", v1Waits, `{"source": "payments", "conversation_key": "c", "mode": "poll"}`).str("id")
	for path, want := range map[string]string{
		v1Acme + "/deliveries?stat=dead":              "stat: is not a known parameter, did you mean state?",
		v1Acme + "/deliveries?State=dead":             "State: is not a known parameter, did you mean state?",
		v1Acme + "/deliveries?conversation-key=c":     "conversation-key: is not a known parameter, did you mean conversation_key?",
		v1Acme + "/deliveries?stat":                   "stat: is not a known parameter, did you mean state?",
		v1Acme + "/deliveries?state=dead&state=dead":  "state: is there twice",
		v1Waits + "?sorce=payments":                   "sorce: is not a known parameter, did you mean source?",
		events + "?typ=message":                       "typ: is not a known parameter, did you mean type?",
		v1Acme + "/conversations/c?cursr=x":           "cursr: is not a known parameter, did you mean cursor?",
		v1Acme + "/sources?limt=1":                    "limt: is not a known parameter, did you mean limit?",
		v1Acme + "/sources?include=bodies":            "include: is not a known parameter: there are limit, cursor",
		"/v1/tenants?zzz=1":                           "zzz: is not a known parameter: there are limit, cursor",
		v1Acme + "/deliveries?state=retying":          "state: must be pending, retrying, succeeded, dead or cancelled, did you mean retrying?",
		v1Waits + "?state=odd":                        "state: must be waiting, resumed, timed_out or cancelled",
		"/v1/tokens?limits=1":                         "limits: is not a known parameter, did you mean limit?",
		wait + "?hld=5":                               "hld: is not a known parameter, did you mean hold?",
		v1Acme + "?include=bodies":                    "include: is not a known parameter: this operation takes none",
		v1Acme + "/deliveries?%00%22=1&since=2026-01": "\x00\": is not a known parameter: there are limit, cursor, include, state, endpoint, event_type, conversation_key, since, until",
	} {
		g := k.want(422, "GET", path, "")
		if got := g.faults(); g.code() != "invalid_field" || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if g := k.do("POST", v1Waits+"?mode=poll", `{"source": "payments", "conversation_key": "d"}`); g.status != 422 || len(k.pages(v1Waits)) != 1 {
		t.Errorf("a wait that is opened with a parameter: %d %s", g.status, g.text)
	}
	if g := k.as(k.token("tenant", "acme"), "GET", connections+"?limit=5", ""); g.status != 422 {
		t.Errorf("a list of connections has no limit: %d %s", g.status, g.text)
	}
	if g := k.as("no token", "GET", v1Waits+"?stat=x", ""); g.status != 401 {
		t.Errorf("a stranger is told of parameters: %d %s", g.status, g.text)
	}
}

// Very many unknown parameters make a bounded answer, and no work to speak of.
func TestUnknownParametersAreFew(t *testing.T) {
	k := withAcme(t)
	query := make(url.Values)
	for i := range 900 {
		query.Set("p"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("y", i/26), "")
	}
	text := query.Encode()
	if g := k.want(422, "GET", v1Waits+"?"+text[:min(len(text), 7<<10)], ""); len(g.faults()) > 100 {
		t.Errorf("%d faults are told", len(g.faults()))
	}
}

// Bad values name their parameter and its form, in words and not in Go's; all are told
// at once.
func TestBadValuesNameTheirForm(t *testing.T) {
	const (
		whole = "must be a whole number from 1 to 1000"
		time  = `must be a moment as RFC 3339 writes it: date, T, time of day, and Z or an offset, as in 2026-01-31T12:00:00Z; or a date, or Unix seconds`
	)
	k := withAcme(t)
	for path, want := range map[string][]string{
		v1Acme + "/deliveries?since=yesterday&until=31.01.2026&limit=many&state=died": {
			"limit: " + whole, "since: " + time, "until: " + time, "state: must be pending, retrying, succeeded, dead or cancelled"},
		v1Acme + "/deliveries?event_type=message/text&endpoint=No": {
			"endpoint: must be the id of an endpoint, _platform, or _route_ and the id of a route",
			"event_type: must be an event type, as message: deliveries do not know the kinds of messages"},
		v1Waits + "?state=open&source=No&include=all": {
			"include: must be bodies: there is nothing else to include",
			"state: must be waiting, resumed, timed_out or cancelled", "source: must be the id of a source"},
		events + "?type=message/&since=noon": {
			"type: must be a type, or a message with its kind, as message/text", "since: " + time},
		v1Acme + "/conversations/c?limit=0": {"limit: " + whole},
		"/v1/tenants?limit=1001":            {"limit: " + whole},
	} {
		g := k.want(422, "GET", path, "")
		if got := g.faults(); !slices.Equal(got, want) {
			t.Errorf("%s:\n%q, want\n%q", path, got, want)
		}
	}
	// An offset that was not encoded: its plus came as a space.
	k.want(200, "GET", v1Acme+"/deliveries?since=2026-01-31T12:00:00+02:00&until=2026-01-31T12:00:00.5Z&state=&endpoint=_route_wa", "")
	if g := k.want(422, "GET", v1Acme+"/deliveries?cursor=x", ""); g.code() != "invalid_cursor" {
		t.Errorf("a cursor that is none: %s", g.text)
	}
}

// The description has the parameters that the operations take, and no others.
func TestDescriptionHasEveryParameter(t *testing.T) {
	taken := api.Parameters()
	for path, item := range description(t).Paths.Map() {
		for method, operation := range item.Operations() {
			var described []string
			for _, p := range append(slices.Clone(operation.Parameters), item.Parameters...) {
				if p.Value.In == openapi3.ParameterInQuery {
					described = append(described, p.Value.Name)
				}
			}
			slices.Sort(described)
			if want := taken[method+" "+path]; !slices.Equal(described, want) {
				t.Errorf("%s %s is described with %q, and takes %q", method, path, described, want)
			}
		}
	}
}
