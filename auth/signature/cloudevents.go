package signature

import (
	"net/http"
	"slices"
	"strings"
)

// cloudEventsScheme is who delivers CloudEvents over HTTP, and asks first whether it may
// (CloudEvents, "HTTP 1.1 Web Hooks for Event Delivery", section 4: Azure Event Grid, Web
// PubSub). Nothing is signed: what proves a delivery is a token in a header or the query,
// as with type token. Without one only the question is answered.
var cloudEventsScheme = scheme{
	name:  "cloudevents-handshake",
	reads: []string{"allowed_origins", "in", "name", "secrets"},
	build: func(c *Config, f *faults) *Verifier {
		v := &Verifier{proof: nobody{}}
		if len(c.Secrets) > 0 || c.In != "" || c.Name != "" {
			v = token.build(c, f)
		}
		v.deliveryID = "header:ce-id"
		v.handshake = webHook(c.AllowedOrigins, "allowed_origins", f)
		return v
	},
}

// nobody refuses everyone.
type nobody struct{}

func (nobody) verify(*Request) error { return refuse(Credential, "secrets") }

const (
	webHookOrigin = "WebHook-Request-Origin"
	webHookRate   = "WebHook-Request-Rate"
	anyOrigin     = "*"
	mostOrigins   = 100
)

// webHook answers OPTIONS of an origin that may send, and nobody else: that is the
// question's whole check. A callback URL that it may bring is never asked.
func webHook(origins []string, field string, f *faults) handshake {
	if len(origins) == 0 {
		f.add(field, "is missing: set who may send, as eventgrid.azure.net")
	}
	if len(origins) > mostOrigins {
		f.add(field, "has %d: set at most %d", len(origins), mostOrigins)
	}
	for _, origin := range origins {
		if origin != anyOrigin && !isPlain(origin, "-._:/[]") {
			f.add(field, "has %q: must be the name that the sender gives, as eventgrid.azure.net", origin)
		}
	}
	return handshake{
		proves: true,
		asked: func(r *Request) bool {
			_, n := r.Header.Get(webHookOrigin)
			return r.Method == http.MethodOptions && n > 0
		},
		answer: func(r *Request) (Answer, bool) {
			origin, err := r.header(webHookOrigin)
			if err != nil || !allows(origins, string(origin)) {
				return Answer{Status: http.StatusForbidden}, true
			}
			fields := [][2]string{{"WebHook-Allowed-Origin", string(origin)}}
			if _, n := r.Header.Get(webHookRate); n > 0 {
				fields = append(fields, [2]string{"WebHook-Allowed-Rate", anyOrigin})
			}
			return Answer{Status: http.StatusOK, Header: fields}, true
		},
	}
}

func allows(origins []string, origin string) bool {
	return len(origin) <= mostChallenge && isPlain(origin, "-._:/[]") && slices.ContainsFunc(origins, func(o string) bool {
		return o == anyOrigin || strings.EqualFold(o, origin)
	})
}
