package main

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"hookgate/gateway/gatewaytest"
)

// frontModes are the modes in which there is a route for each kind of credential.
var frontModes = []string{"proxy", "relay"}

// frontSecrets are what a client sends of its own to a route, beside its credential
// there, by where it stands.
var frontSecrets = []string{"cookie", "key", "query"}

// front writes the routes: in each mode one for each kind of credential, one with
// a handshake, and one whose upstream is not there. ref gives what stands for a secret.
func (n *nest) front(text *strings.Builder, ref func(name, prefix string) string) {
	text.WriteString("routes:\n")
	dead := "http://" + closedPort(n.t)
	for _, mode := range frontModes {
		route := func(name, upstream, verify string) {
			more := ""
			if mode == "relay" {
				more = `conversation_key: { in: header, path: X-Chat }, retry: { schedule: ["10ms", "10ms"] },`
			}
			fmt.Fprintf(text, "  %s-%s: { match: { path: /%s/%s }, mode: %s, tenant: acme, max_body: 1KiB, headers: { set: { X-Route: %q } }, %s upstreams: [{ url: %q }], verify: %s }\n",
				mode, name, mode, name, mode, ref(mode+" field "+name, ""), more, upstream, verify)
		}
		for _, k := range credentials {
			route(k.name, n.upstream.URL, fmt.Sprintf(k.verify, ref(mode+" "+k.name, k.prefix)))
		}
		route("hands", n.upstream.URL, fmt.Sprintf(`{ type: meta, secrets: [%q], verify_token: %q }`, ref(mode+" hands secret", ""), ref(mode+" hands token", "")))
		route("dead", dead, fmt.Sprintf(`{ type: basic, username: clinic, password: %q }`, ref(mode+" dead", "")))
	}
}

// canaryUpstream fails each first attempt of a relay.
func canaryUpstream(q gatewaytest.Received) gatewaytest.Reply {
	if q.Header.Get("Hookgate-Attempt") == "1" {
		return gatewaytest.Reply{Status: http.StatusInternalServerError, Body: "not today"}
	}
	return gatewaytest.Reply{}
}

// throughFront sends what each route takes, and what it refuses.
func (n *nest) throughFront() {
	n.t.Helper()
	for _, mode := range frontModes {
		for _, where := range append(frontSecrets, "authorization") {
			n.plant("a "+mode+" "+where, "")
		}
		for _, k := range credentials {
			n.throughRoute(mode, k)
		}
		shake := func(status int, token string) {
			n.t.Helper()
			n.want(status, "sender", n.Sender(), "GET", "/"+mode+"/hands?hub.mode=subscribe&hub.challenge=12345&hub.verify_token="+url.QueryEscape(token), nil)
		}
		shake(200, n.canaries[mode+" hands token"])
		shake(403, n.plant("a bad "+mode+" handshake", ""))
		status := map[string]int{"proxy": 502, "relay": 200}[mode] // what a relay cannot deliver is kept
		n.throughRouteAs(status, mode, credential{name: "dead", sign: credentialNamed("basic").sign}, n.canaries[mode+" dead"], `{"n":1}`)
	}
}

func (n *nest) throughRoute(mode string, k credential) {
	n.t.Helper()
	body, right := `{"n":"`+mode+k.name+`"}`, n.canaries[mode+" "+k.name]
	n.throughRouteAs(200, mode, k, right, body)
	n.throughRouteAs(413, mode, k, right, strings.Repeat("x", 1<<10+1))
	n.throughRouteAs(401, mode, k, n.plant("a bad "+mode+" "+k.name, k.prefix), body)
	if _, err := n.upstream.Await(n.t.Context(), func(q gatewaytest.Received) bool {
		return strings.HasPrefix(q.Path, "/"+mode+"/"+k.name+"?") && canaryUpstream(q).OK()
	}); err != nil {
		n.t.Fatal(err)
	}
}

// throughRouteAs sends one request with a credential of the route, and secrets of the
// client's own for the upstream.
func (n *nest) throughRouteAs(status int, mode string, k credential, secret, body string) {
	n.t.Helper()
	query, fields := k.sign(secret, body)
	if query == "" {
		query = "?"
	}
	if !slices.ContainsFunc(fields, func(field string) bool { return strings.HasPrefix(field, "Authorization:") }) {
		fields = append(fields, "Authorization: Bearer "+n.canaries["a "+mode+" authorization"])
	}
	fields = append(fields, "X-Chat: called", "Cookie: session="+n.canaries["a "+mode+" cookie"], "X-Api-Key: "+n.canaries["a "+mode+" key"])
	n.want(status, "sender", n.Sender(), "POST", "/"+mode+"/"+k.name+query+"&api_key="+url.QueryEscape(n.canaries["a "+mode+" query"]), body, fields...)
}

func credentialNamed(name string) credential {
	return credentials[slices.IndexFunc(credentials, func(k credential) bool { return k.name == name })]
}

// lookAtUpstream makes sure that every secret went where it belongs: what is lost on
// the way is nowhere to be found either.
func (n *nest) lookAtUpstream() {
	n.t.Helper()
	got := map[string]gatewaytest.Received{} // by path; of a relay, its last attempt
	for _, q := range n.upstream.Got() {
		path, _, _ := strings.Cut(q.Path, "?")
		got[path] = q
	}
	for _, mode := range frontModes {
		for _, k := range credentials {
			q, ok := got["/"+mode+"/"+k.name]
			u, err := url.ParseRequestURI(q.Path)
			if !ok || err != nil {
				n.t.Errorf("nothing came through the %s route %s: %v", mode, k.name, err)
				continue
			}
			for what, c := range map[string]struct{ got, want string }{
				"cookie":                   {q.Header.Get("Cookie"), "session=" + n.canaries["a "+mode+" cookie"]},
				"key":                      {q.Header.Get("X-Api-Key"), n.canaries["a "+mode+" key"]},
				"query":                    {u.Query().Get("api_key"), n.canaries["a "+mode+" query"]},
				"tenant's header":          {q.Header.Get("X-Tenant"), n.canaries["acme's header"]},
				"field that the route set": {q.Header.Get("X-Route"), n.canaries[mode+" field "+k.name]},
			} {
				if c.got != c.want {
					n.t.Errorf("the upstream of the %s route %s got the %s %q, want %q", mode, k.name, what, c.got, c.want)
				}
			}
			if a := q.Header.Get("Authorization"); k.name != "bearer" && k.name != "basic" && a != "Bearer "+n.canaries["a "+mode+" authorization"] {
				n.t.Errorf("the upstream of the %s route %s got the Authorization %q", mode, k.name, a)
			}
		}
	}
}
