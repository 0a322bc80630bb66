package api_test

import (
	"encoding/json"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	connections = "/v2/integrations/webhook"
	story       = "5a8ad4d3a4d6d40007b05d5e"
)

// withConnections makes the tenant acme with its token, and a backend.
func withConnections(t *testing.T) (k *kit, b *backend, token string) {
	k, b = withAcme(t), newBackend(t)
	return k, b, k.token("tenant", "acme")
}

// whole is a connection with everything set.
func whole(b *backend) object {
	return object{
		"storyId": story, "name": "Bank", "url": b.url + "/hook?a=1", "token": "canary-token",
		"headers": object{"X-Own": "canary-own"}, "auth": object{"username": "bot", "password": "canary-password"},
	}
}

// with gives an object with other members; nil takes one away.
func with(o object, more object) object {
	o = maps.Clone(o)
	for name, value := range more {
		if value == nil {
			delete(o, name)
			continue
		}
		o[name] = value
	}
	return o
}

func (k *kit) connect(token string, body object) (id string) {
	k.t.Helper()
	g := k.as(token, "POST", connections, jsonOf(k.t, body))
	if g.status != 201 {
		k.t.Fatalf("connecting: %d %s", g.status, g.text)
	}
	return g.str("id")
}

const anyTime = `"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ"`

// Every shape of testdata/connections-api.md, to the letter.
func TestConnectionShapes(t *testing.T) {
	k, b, token := withConnections(t)
	fits := func(g got, status int, pattern string) {
		t.Helper()
		if g.status != status || !regexp.MustCompile("^"+pattern+"$").MatchString(g.text) || g.header.Get("Content-Type") != "application/json" {
			t.Errorf("%d, want %d\n%s\nis not\n%s", g.status, status, g.text, pattern)
		}
	}
	done := `\{"timestamp":` + anyTime + `,"status":\{"code":200,"type":"success"\}\}`
	fits(k.as(token, "GET", connections, ""), 200, `\[\]`)
	made := k.as(token, "POST", connections, jsonOf(t, whole(b)))
	fits(made, 201, `\{"id":"[0-9a-f]{24}","timestamp":`+anyTime+`,"status":\{"code":201,"type":"created"\}\}`)
	one, target := connections+"/"+made.str("id"), regexp.QuoteMeta(b.url+"/hook?a=1")
	head := `"id":"` + made.str("id") + `","story":\{"id":"` + story + `","name":""\},"name":"Bank","url":"` + target + `"`
	times := `"createdAt":` + anyTime + `,"updatedAt":` + anyTime
	fits(k.as(token, "GET", connections, ""), 200, `\[\{`+head+`,"error":false,`+times+`\}\]`)
	fits(k.as(token, "GET", one, ""), 200, `\{`+head+`,"token":"\*\*\*","headers":\{"X-Own":"canary-own"\},"auth":\{"username":"bot","password":"\*\*\*"\},"error":null,`+times+`\}`)
	bare := with(whole(b), object{"storyId": nil, "token": nil, "headers": nil, "auth": nil})
	fits(k.as(token, "PUT", one, jsonOf(t, bare)), 200, done)
	fits(k.as(token, "GET", one, ""), 200, `\{`+head+`,"token":null,"headers":null,"auth":null,"error":null,`+times+`\}`)
	fits(k.as(token, "DELETE", one, ""), 200, done)
	fits(k.as(token, "GET", connections, ""), 200, `\[\]`)
	if g := k.as(token, "GET", one, ""); g.status != 404 {
		t.Errorf("deleted, it is %d %s", g.status, g.text)
	}
	if logged := k.logged(); strings.Contains(logged, "canary") || !strings.Contains(logged, "a connection was made") {
		t.Errorf("logged: %s", logged)
	}
}

// Every size of testdata/connections-api.md, on each side of it.
func TestConnectionSizes(t *testing.T) {
	k, b, token := withConnections(t)
	text := func(n int) string { return strings.Repeat("ä", n) } // sizes are of characters
	target := func(n int) string {
		if n <= len(b.url) {
			return b.url[:n]
		}
		return b.url + "/" + strings.Repeat("x", n-len(b.url)-1)
	}
	headers := func(n int) object {
		all := object{}
		for i := range n {
			all["X-"+string(rune('A'+i))] = "v"
		}
		return all
	}
	auth := func(username, password any) object {
		return object{"auth": with(object{}, object{"username": username, "password": password})}
	}
	for _, c := range []struct {
		more  object
		fault string // "" for none
	}{
		{object{"storyId": story[1:]}, "storyId"},
		{object{"storyId": story + "0"}, "storyId"},
		{object{"storyId": nil}, "storyId"},
		{object{"storyId": text(24)}, ""},
		{object{"storyId": 5}, "storyId"},
		{object{"storyId": text(23) + "\n"}, "storyId"},
		{object{"name": ""}, "name"},
		{object{"name": nil}, "name"},
		{object{"name": text(1)}, ""},
		{object{"name": text(128)}, ""},
		{object{"name": text(129)}, "name"},
		{object{"url": ""}, "url"},
		{object{"url": nil}, "url"},
		{object{"url": "x"}, "url"},
		{object{"url": target(1024)}, ""},
		{object{"url": target(1025)}, "url"},
		{object{"url": "ftp://bank.example.com/"}, "url"},
		{object{"token": ""}, "token"},
		{object{"token": text(1)}, ""},
		{object{"token": text(1024)}, ""},
		{object{"token": text(1025)}, "token"},
		{object{"token": nil}, ""},
		{object{"token": "***"}, "token"}, // there is none to keep
		{object{"headers": headers(0)}, "headers"},
		{object{"headers": headers(1)}, ""},
		{object{"headers": headers(10)}, ""},
		{object{"headers": headers(11)}, "headers"},
		{object{"headers": nil}, ""},
		{object{"headers": object{"X-A": 5}}, "headers.X-A"},
		{object{"headers": object{"X-A": "***"}}, "headers.X-A"},
		{object{"headers": object{"Host": "x"}}, "headers.Host"},
		{object{"headers": object{"X-A": "a\r\nb"}}, "headers.X-A"},
		{object{"auth": nil}, ""},
		{object{"auth": object{}}, "auth.username auth.password"},
		{auth("u", nil), "auth.password"},
		{auth(nil, "p"), "auth.username"},
		{auth("", "p"), "auth.username"},
		{auth("u", ""), "auth.password"},
		{auth("u", "p"), ""},
		{auth(text(1024), text(1024)), ""},
		{auth(text(1025), "p"), "auth.username"},
		{auth("u", text(1025)), "auth.password"},
		{auth("u", "***"), "auth.password"},
		{object{"unknown": 1}, "unknown"},
		{object{"profile": "builder"}, "profile"},
	} {
		body := jsonOf(t, with(whole(b), c.more))
		made := k.as(token, "POST", connections, body)
		if made.status == 201 {
			b.next(t) // the challenge
		}
		b.nothing(t)
		told := strings.Join(made.paths(), " ")
		if c.fault == "" && made.status != 201 || c.fault != "" && (made.status != 422 || made.code() != "invalid_field" || told != c.fault) {
			t.Errorf("creating with %.80s: %d, fault at %q, want %q: %s", jsonOf(t, c.more), made.status, told, c.fault, made.text)
		}
	}
	id := k.connect(token, whole(b))
	b.next(t)
	for _, c := range []struct {
		more  object
		fault string
	}{
		{object{"storyId": story}, "storyId"}, // it is for good
		{object{"name": nil}, "name"},
		{object{"url": nil}, "url"},
		{object{"headers": headers(0)}, "headers"},
		{object{"auth": object{"username": "u"}}, "auth.password"},
	} {
		g := k.as(token, "PUT", connections+"/"+id, jsonOf(t, with(with(whole(b), object{"storyId": nil}), c.more)))
		if told := strings.Join(g.paths(), " "); g.status != 422 || told != c.fault {
			t.Errorf("replacing with %s: %d, fault at %q, want %q", jsonOf(t, c.more), g.status, told, c.fault)
		}
	}
	b.nothing(t)
}

// The url proves itself before anything is stored, on create and where the url or
// the token is another; not else.
func TestConnectionIsProvedFirst(t *testing.T) {
	k, b, token := withConnections(t)
	b.proving(false)
	refused := k.as(token, "POST", connections, jsonOf(t, whole(b)))
	if refused.status != 422 || refused.code() != "verification_failed" {
		t.Errorf("unproved: %d %s", refused.status, refused.text)
	}
	asked := b.next(t)
	query, err := url.ParseQuery(asked.url[strings.Index(asked.url, "?")+1:])
	k.must(err)
	if asked.method != "GET" || !strings.HasPrefix(asked.url, "/hook?") || query.Get("token") != "canary-token" || len(query.Get("challenge")) < 16 || query.Get("a") != "1" {
		t.Errorf("the url was asked %s %s", asked.method, asked.url)
	}
	if g := k.as(token, "GET", connections, ""); g.text != "[]" {
		t.Errorf("refused, it is stored: %s", g.text)
	}
	b.proving(true)
	id := k.connect(token, whole(b))
	b.next(t)
	b.proving(false)
	same := with(whole(b), object{"storyId": nil})
	for _, c := range []struct {
		more   object
		proves bool
	}{
		{object{"name": "Other"}, false},
		{object{"token": "***"}, false},
		{object{"auth": object{"username": "x", "password": "***"}}, false},
		{object{"url": b.url + "/other"}, true},
		{object{"token": "another"}, true},
		{object{"token": nil}, true},
	} {
		before := k.as(token, "GET", connections+"/"+id, "").text
		g := k.as(token, "PUT", connections+"/"+id, jsonOf(t, with(same, c.more)))
		if c.proves {
			b.next(t)
			if g.status != 422 || g.code() != "verification_failed" || k.as(token, "GET", connections+"/"+id, "").text != before {
				t.Errorf("%v: %d %s", c.more, g.status, g.text)
			}
			b.proving(true)
			if g := k.as(token, "PUT", connections+"/"+id, jsonOf(t, with(same, c.more))); g.status != 200 {
				t.Errorf("%v, proved: %d %s", c.more, g.status, g.text)
			}
			b.next(t)
			k.as(token, "PUT", connections+"/"+id, jsonOf(t, same)) // back, for the next one
			b.next(t)
			b.proving(false)
			continue
		}
		if g.status != 200 {
			t.Errorf("%v: %d %s", c.more, g.status, g.text)
		}
		b.nothing(t)
	}
}

// One that is deleted while its url is asked stays deleted.
func TestConnectionDeletedWhileProved(t *testing.T) {
	k, b, token := withConnections(t)
	id := k.connect(token, whole(b))
	b.proves(func(challenge string) string {
		if g, err := k.try(token, "DELETE", connections+"/"+id, ""); err != nil || g.status != 200 {
			t.Errorf("deleting it meanwhile: %d %s, %v", g.status, g.text, err)
		}
		return challenge
	})
	if g := k.as(token, "PUT", connections+"/"+id, jsonOf(t, object{"name": "N", "url": b.url + "/other"})); g.status != 404 {
		t.Errorf("then it is written: %d %s", g.status, g.text)
	}
	if g := k.as(token, "GET", connections, ""); g.text != "[]" {
		t.Errorf("then there are %s", g.text)
	}
}

// What a GET gave can be written back; the masks keep what they stand for.
func TestConnectionPutBack(t *testing.T) {
	k, b, token := withConnections(t)
	id := k.connect(token, whole(b))
	b.next(t)
	one := connections + "/" + id
	was := k.here.Current().Tenant("acme").Webhook(id).Spec
	read := k.as(token, "GET", one, "")
	if g := k.as(token, "PUT", one, read.text); g.status != 200 {
		t.Errorf("written back: %d %s", g.status, g.text)
	}
	b.nothing(t)
	is := k.here.Current().Tenant("acme").Webhook(id).Spec
	if is.Token != was.Token || is.Auth != was.Auth || is.StoryID != story || !slices.Equal(is.Headers, was.Headers) {
		t.Errorf("it was %+v, is %+v", was, is)
	}
	g := k.as(token, "PUT", one, jsonOf(t, object{"name": "N", "url": b.url, "token": nil}))
	b.next(t)
	if bare := k.as(token, "GET", one, ""); g.status != 200 || k.as(token, "PUT", one, bare.text).status != 200 {
		t.Errorf("one without anything does not go back: %s", bare.text)
	}
}

// A connection is a webhook of profile chatbot: one thing, seen under both APIs.
func TestConnectionIsAWebhook(t *testing.T) {
	k, b, token := withConnections(t)
	id := k.connect(token, whole(b))
	b.next(t)
	seen := k.want(200, "GET", webhooks+"/"+id, "")
	if seen.str("profile") != "chatbot" || seen.str("name") != "Bank" || seen.str("story_id") != story || seen.str("token") != "***" {
		t.Errorf("under /v1 it is %s", seen.text)
	}
	b.answers(200, `{"responses": [{"type": "text", "message": "hi"}]}`)
	g := k.want(200, "POST", webhooks+"/"+id+"/call", `{"context": {"chatId": "c"}}`)
	got := b.next(t)
	if g.str("outcome") != "success" || got.method != "POST" || got.url != "/hook?a=1&token=canary-token" || got.header.Get("X-Own") != "canary-own" || !strings.HasPrefix(got.header.Get("Authorization"), "Basic ") {
		t.Errorf("called: %s; the backend was asked %+v", g.text, got)
	}
	errorOf := func() (listed, single any) {
		var list []object
		k.must(json.Unmarshal([]byte(k.as(token, "GET", connections, "").text), &list))
		return list[0]["error"], k.as(token, "GET", connections+"/"+id, "").body["error"]
	}
	if listed, single := errorOf(); listed != false || single != nil {
		t.Errorf("after a good call the errors are %v and %v", listed, single)
	}
	b.answers(404, `{}`)
	k.want(200, "POST", webhooks+"/"+id+"/call", `{}`)
	const failed = "Request failed with status code 404"
	k.settled(failed)
	if listed, single := errorOf(); listed != failed || single != failed {
		t.Errorf("after a failed call the errors are %v and %v", listed, single)
	}
	b.answers(200, `{}`)
	k.want(200, "POST", webhooks+"/"+id+"/call", `{}`)
	k.settled("")
	if listed, single := errorOf(); listed != false || single != nil {
		t.Errorf("after another good call the errors are %v and %v", listed, single)
	}
	// What the connections API has no words for survives a write of it.
	k.want(200, "PUT", webhooks+"/"+id, strings.Replace(k.want(200, "GET", webhooks+"/"+id, "").text, `"timeout":"5s"`, `"timeout":"7s"`, 1))
	if g := k.as(token, "PUT", connections+"/"+id, jsonOf(t, with(whole(b), object{"storyId": nil, "name": "New"}))); g.status != 200 {
		t.Errorf("written: %d %s", g.status, g.text)
	}
	if seen := k.want(200, "GET", webhooks+"/"+id, ""); seen.str("timeout") != "7s" || seen.str("name") != "New" || seen.str("story_id") != story {
		t.Errorf("then it is %s", seen.text)
	}
	k.want(200, "PUT", webhooks+"/"+id, jsonOf(t, object{"profile": "chatbot", "url": b.url, "auth": object{"type": "bearer", "token": "canary-bearer"}}))
	if g := k.as(token, "PUT", connections+"/"+id, jsonOf(t, object{"name": "New", "url": b.url})); g.status != 200 {
		t.Errorf("written: %d %s", g.status, g.text)
	}
	if a := k.here.Current().Tenant("acme").Webhook(id).Spec.Auth; a.Type != "bearer" || a.Token != "canary-bearer" {
		t.Errorf("then its auth is %v", a.Type)
	}
	if g := k.as(token, "DELETE", connections+"/"+id, ""); g.status != 200 {
		t.Errorf("deleted: %d %s", g.status, g.text)
	}
	k.want(404, "GET", webhooks+"/"+id, "")
}

func TestConnectionsAreTheTenantsOwn(t *testing.T) {
	k, b, token := withConnections(t)
	k.want(201, "PUT", "/v1/tenants/below", `{"parent": "acme"}`)
	k.want(201, "PUT", "/v1/tenants/stranger", `{}`)
	id := k.connect(token, whole(b))
	below, stranger, platform := k.token("tenant", "below"), k.token("tenant", "stranger"), k.token("platform", "")
	belows := k.connect(below, whole(b))
	k.want(201, "PUT", webhooks+"/bot", `{"profile": "chatbot", "url": "https://x.example.com/"}`)
	k.want(201, "PUT", webhooks+"/"+story, `{"url": "https://x.example.com/"}`) // a builder with an id of that kind
	asked := jsonOf(t, with(whole(b), object{"storyId": nil}))
	for range 2 {
		b.next(t)
	}
	for _, path := range []string{id + "0", id[1:], strings.ToUpper(id[:23]) + "A", "bot", story, "x", belows, strings.Repeat("0", 24)} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if g := k.as(token, method, connections+"/"+path, asked); g.status != 404 || g.code() != "not_found" {
				t.Errorf("%s %s: %d %s", method, path, g.status, g.text)
			}
		}
	}
	for name, other := range map[string]string{"below": below, "stranger": stranger} {
		if g := k.as(other, "GET", connections+"/"+id, ""); g.status != 404 {
			t.Errorf("%s reads it: %d %s", name, g.status, g.text)
		}
		if g := k.as(other, "GET", connections, ""); strings.Contains(g.text, id) {
			t.Errorf("%s lists %s", name, g.text)
		}
	}
	for _, caller := range []string{adminToken, platform} {
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if g := k.as(caller, method, connections+"/"+id, asked); g.status != 403 || g.code() != "forbidden" {
				t.Errorf("%s of one: %d %s", method, g.status, g.text)
			}
		}
		for _, method := range []string{"GET", "POST"} {
			if g := k.as(caller, method, connections, asked); g.status != 403 {
				t.Errorf("%s: %d %s", method, g.status, g.text)
			}
		}
	}
	if g := k.as("", "GET", connections, ""); g.status != 401 {
		t.Errorf("without a token: %d", g.status)
	}
	if g := k.as(token, "PATCH", connections+"/"+id, ""); g.status != 405 || g.header.Get("Allow") != "GET, PUT, DELETE" {
		t.Errorf("PATCH: %d, Allow %q", g.status, g.header.Get("Allow"))
	}
	b.nothing(t)
}

func TestConnectionsAreListedOldestFirst(t *testing.T) {
	k, b, token := withConnections(t)
	var want, seen []string
	for range 5 {
		want = append(want, k.connect(token, whole(b)))
	}
	var list []struct{ ID, CreatedAt string }
	k.must(json.Unmarshal([]byte(k.as(token, "GET", connections, "").text), &list))
	for i, one := range list {
		seen = append(seen, one.ID)
		if i > 0 && one.CreatedAt < list[i-1].CreatedAt {
			t.Errorf("%s comes after %s", one.CreatedAt, list[i-1].CreatedAt)
		}
	}
	slices.Sort(want)
	slices.Sort(seen)
	if !slices.Equal(seen, slices.Compact(want)) || len(seen) != 5 {
		t.Errorf("made %q, listed %q", want, seen)
	}
}
