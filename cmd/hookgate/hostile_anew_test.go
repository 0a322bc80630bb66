package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// following reads the stream with a token, from behind an id or from now on.
type following struct{ *bufio.Reader }

func follow(t *testing.T, p *program.Program, token, query, last string) following {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), hostilePatience)
	t.Cleanup(stop)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Internal+"/v1/stream"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if last != "" {
		request.Header.Set("Last-Event-ID", last)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("the stream answers %v, %v", answer, err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return following{bufio.NewReader(answer.Body)}
}

// until gives what comes up to the first line that has a text.
func (f following) until(t *testing.T, text string) (all string) {
	t.Helper()
	for {
		line, err := f.ReadString('\n')
		if all += line; strings.Contains(line, text) {
			return all
		}
		if err != nil {
			t.Fatalf("%v before %s came: %s", err, text, all)
		}
	}
}

// A tenant that is deleted, and made anew by somebody else: of the old one the stream shows
// nothing to the new one's, neither what happened in it nor who configured it, whatever id they
// go on behind; to an operator it does. A link to the old one's portal says that it is spent.
func TestHostileAnew(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	for _, id := range []string{"acme", "mallory"} {
		p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/"+id, `{}`)
	}
	owner, _ := tokenFor(t, p, "acme")
	attacker, token := tokenFor(t, p, "mallory")
	before := follow(t, p, token, "", "none-1")
	_, rest, _ := strings.Cut(before.until(t, "event: gap"), "id: ")
	epoch, _, _ := strings.Cut(rest, "-")

	const shop = "/v1/tenants/shop"
	fill := func(by *program.Client, parent, mark string) {
		by.Must(t, []int{201}, "PUT", shop, `{"parent":"`+parent+`"}`)
		by.Must(t, []int{201}, "PUT", shop+"/sources/"+mark, `{"verify":{"type":"none"}}`)
		p.Sender().Must(t, []int{202}, "POST", "/hooks/shop/"+mark, keyed("chat-of-"+mark, `"x":1`))
		by.Must(t, []int{202}, "POST", shop+"/events", `{"events":[{"event":{"type":"status"},"conversation":{"key":"chat-of-`+mark+`"}}]}`)
	}
	fill(owner, "acme", "canary")
	link := owner.Must(t, []int{201}, "POST", shop+"/portal-links", `{}`).Field("url")
	b := newBrowser(t, p.Internal)
	b.want(200, strings.TrimPrefix(link, p.Internal))
	owner.Must(t, []int{204}, "DELETE", shop, nil)
	fill(attacker, "mallory", "fresh")

	for _, query := range []string{"?tenant=shop", ""} {
		if got := follow(t, p, token, query, epoch+"-0").until(t, `"conversation_key":"chat-of-fresh"`); strings.Contains(got, "canary") {
			t.Errorf("%q shows what was another's: %s", query, got)
		}
	}
	if got := follow(t, p, program.AdminToken, "?tenant=shop", epoch+"-0").until(t, `"conversation_key":"chat-of-fresh"`); !strings.Contains(got, "canary") {
		t.Errorf("an operator is not shown what happened: %s", got)
	}
	b.want(410, strings.TrimPrefix(link, p.Internal))
	if got := b.post(strings.TrimPrefix(link, p.Internal), url.Values{}); got.status != 410 {
		t.Errorf("it opens a portal: %d", got.status)
	}
}

// A tenant leaves a tree while somebody of it holds its waits and its pulls: what happens then
// is the new owner's, and is told to nobody of before.
func TestHostileMoved(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	for id, parent := range map[string]string{"acme": "", "mallory": "", "shop": "mallory"} {
		p.Admin().Must(t, []int{200, 201}, "PUT", "/v1/tenants/"+cmp.Or(parent, id), `{}`)
		p.Admin().Must(t, []int{200, 201}, "PUT", "/v1/tenants/"+id, `{"parent":"`+parent+`"}`)
	}
	const shop = "/v1/tenants/shop"
	attacker, _ := tokenFor(t, p, "mallory")
	owner, _ := tokenFor(t, p, "acme")
	attacker.Must(t, []int{201}, "PUT", shop+"/sources/pay", `{"verify":{"type":"none"}}`)
	attacker.Must(t, []int{201}, "PUT", shop+"/endpoints/desk", `{"mode":"pull","event_types":["*"]}`)
	wait := attacker.Must(t, []int{201}, "POST", shop+"/waits", `{"source":"pay","conversation_key":"k","mode":"poll"}`).Field("id")

	var held sync.WaitGroup
	hold := func(method, path, body string) {
		held.Go(func() {
			ctx, stop := context.WithTimeout(t.Context(), hostilePatience)
			defer stop()
			var sent any
			if body != "" {
				sent = body
			}
			if got, err := attacker.Do(ctx, method, path, sent); err != nil || got.Status != 404 || strings.Contains(string(got.Body), "canary") {
				t.Errorf("%s %s, held as the tenant left: %s, %v", method, path, got, err)
			}
		})
	}
	hold("GET", shop+"/waits/"+wait+"?hold=60", "")
	hold("POST", shop+"/endpoints/desk/pull", `{"hold":60}`)
	program.Eventually(t, hostilePatience, func() error {
		if got := p.Admin().Must(t, []int{200}, "GET", "/metrics", nil).String(); !strings.Contains(got, `hookgate_budget_used{budget="holds"} 2`) {
			return fmt.Errorf("not both are held")
		}
		return nil
	})
	p.Admin().Must(t, []int{200}, "PUT", shop, `{"parent":"acme"}`)
	owner.Must(t, []int{202}, "POST", shop+"/events", `{"events":[{"event":{"type":"status"},"mark":"canary"}]}`)
	p.Sender().Must(t, []int{200}, "POST", "/hooks/shop/pay", keyed("k", `"x":"canary"`))
	held.Wait()
	if got := owner.Must(t, []int{200}, "POST", shop+"/endpoints/desk/pull", `{"hold":60}`).String(); !strings.Contains(got, "canary") {
		t.Errorf("the new owner is lent %s", got)
	}
}

// Whoever may write a source, and not read its secrets, reads them by no path: neither of a test,
// which is signed with them, nor of what senders bring, live or kept, with the source as it is or
// edited, in variables, keys, conditions or waits of their own.
func TestHostileCredentialPaths(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", ofMallory, `{}`)
	attacker, _ := tokenFor(t, p, "mallory")
	const secret, basic = "canary-of-16-characters", "dTpjYW5hcnktb2YtMTYtY2hhcmFjdGVycw"
	const source = ofMallory + "/sources/pay"
	for i, c := range []struct{ verify, masked, path, query, field string }{
		{`{"type":"token","in":"header","name":"X-Own","secrets":["%s"]}`, "***", "header:x-own", "", "X-Own: " + secret},
		{`{"type":"token","in":"query","name":"own","secrets":["%s"]}`, "***", "query:own", "?own=" + secret, "X: y"},
		{`{"type":"bearer","secrets":["%s"]}`, "***", "header:Authorization", "", "Authorization: Bearer " + secret},
		{`{"type":"basic","username":"u","password":"%s"}`, "***", "header:Authorization", "", "Authorization: Basic " + basic + "=="},
		{`{"type":"telegram","secrets":["%s"]}`, "***", "header:X-Telegram-Bot-Api-Secret-Token", "", "X-Telegram-Bot-Api-Secret-Token: " + secret},
		{`{"type":"gitlab","secrets":["%s"]}`, "***", "header:X-Gitlab-Token", "", "X-Gitlab-Token: " + secret},
	} {
		p.Admin().Must(t, []int{200, 201}, "PUT", source, `{"verify":`+fmt.Sprintf(c.verify, secret)+`}`)
		key := fmt.Sprint("k", i)
		p.Sender().Must(t, []int{200, 202}, "POST", "/hooks/mallory/pay"+c.query, keyed(key, `"n":1`), c.field)
		in, name, _ := strings.Cut(c.path, ":")
		paths := `"variables":[{"name":"a","path":"` + c.path + `"}],"match":[{"name":"m","branch":"SUCCESS","when":[{"path":"` + c.path + `","exists":true}]}]`
		mapped := `{"verify":` + fmt.Sprintf(c.verify, c.masked) + `,` + paths + `}`
		byKey := `{"verify":` + fmt.Sprintf(c.verify, c.masked) + `,"conversation_key":{"in":"` + in + `","path":"` + name + `"}}`
		open := `{"verify":{"type":"none"},` + paths + `}`
		var kept struct{ Data []struct{ ID string } }
		attacker.Must(t, []int{200}, "GET", source+"/requests", nil).Decode(t, &kept)
		was := ofMallory + "/requests/" + kept.Data[0].ID
		for _, try := range []struct{ method, path, body string }{
			{"POST", was + "/explain", `{"source":` + open + `}`},
			{"POST", was + "/explain", `{"source":` + byKey + `}`},
			{"PUT", source, mapped},
			{"POST", source + "/test", `{}`}, {"POST", source + "/test", `{"dry_run":true}`},
			{"POST", was + "/explain", `{}`},
			{"POST", ofMallory + "/waits", `{"source":"pay","conversation_key":"w` + key + `","mode":"poll",` + paths + `}`},
			{"POST", source + "/test", `{"body":"{\"conversation_key\":\"w` + key + `\"}"}`},
			{"PUT", source, byKey},
			{"POST", source + "/test", `{}`}, {"POST", source + "/test", `{"dry_run":true}`},
			{"PUT", source, open},
			{"POST", was + "/explain", `{}`},
			{"GET", was, ""}, {"GET", source + "/requests", ""}, {"GET", ofMallory + "/waits?include=bodies", ""}, {"GET", ofMallory + "/callbacks?include=bodies", ""},
			{"GET", ofMallory + "/conversations/w" + key, ""}, {"GET", "/v1/audit", ""},
		} {
			var body any
			if try.body != "" {
				body = try.body
			}
			got := attacker.Must(t, []int{200, 201}, try.method, try.path, body).String()
			if strings.Contains(got, secret) || strings.Contains(got, basic) {
				t.Errorf("%s: %s %s %s\n%s", c.path, try.method, try.path, try.body, got)
			}
		}
		p.Admin().Must(t, []int{204}, "DELETE", source, nil)
	}
	// What no secret of the source stands in is read as ever.
	p.Admin().Must(t, []int{201}, "PUT", source, `{"verify":{"type":"token","in":"header","name":"X-Own","secrets":["`+secret+`"]},"variables":[{"name":"a","path":"header:Authorization"}]}`)
	if got := attacker.Must(t, []int{200}, "POST", source+"/explain", `{"headers":[["X-Own","`+secret+`"],["Authorization","of the shop"]],"body":"{\"conversation_key\":\"k\"}"}`).String(); !strings.Contains(got, `"a":"of the shop"`) {
		t.Errorf("another field is hidden, too: %s", got)
	}
}

// The listeners of the console and of other nodes are the gateway's own as the others are: a
// call reaches none of them, though egress.allow lists their network.
func TestHostileOwnListeners(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: "egress: { allow: [127.0.0.0/8] }\nconsole: { addr: '127.0.0.1:0' }\n"})
	p.Admin().Must(t, []int{201}, "PUT", ofMallory, `{}`)
	attacker, _ := tokenFor(t, p, "mallory")
	own := []string{strings.TrimPrefix(p.Public, "http://"), strings.TrimPrefix(p.Internal, "http://")}
	for _, line := range p.Log.Lines() {
		if line.Message() == "listening" {
			own = append(own, line.String("console_listener"))
		}
	}
	attacker.Must(t, []int{201}, "PUT", ofMallory+"/webhooks/own", `{"method":"GET","url":"http://{{ at }}/console/login"}`)
	for _, at := range own {
		if got := attacker.Must(t, []int{200}, "POST", ofMallory+"/webhooks/own/call", `{"variables":{"at":"`+at+`"}}`); got.Field("reason") != "blocked_target" {
			t.Errorf("a call to %s: %s", at, got)
		}
	}
}

// Large things that are configured are edited whole in the console: what is cut in a page that
// shows them would be lost.
func TestConsoleEditsLargeThings(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{})
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme", `{}`)
	long := strings.Repeat("x", 60_000)
	p.Admin().Must(t, []int{201}, "PUT", "/v1/tenants/acme/webhooks/w", `{"method":"POST","url":"https://api.example.com/","body":{"a":"`+long+`","b":"`+long+`","c":"`+long+`"}}`)
	b := signedIn(t, p, program.AdminToken)
	for _, page := range []string{"/console/tenants/acme/webhooks/w/edit", "/console/tenants/acme/webhooks/w/edit?as=json"} {
		if got := b.want(200, page); strings.Count(got.text, long) < 3 || strings.Contains(got.text, "cut here") {
			t.Errorf("%s has it not whole", page)
		}
	}
}

// What is large when it is shown, asked for by many at once: things that are configured, pages of
// the console, and pages that nobody reads.
func TestHostileShows(t *testing.T) {
	var b *browser
	attack(t, func(a *arena) {
		large := strings.Repeat("&", 31_000)
		var headers []string
		for i := range 30 {
			headers = append(headers, fmt.Sprintf(`"x%d":%q`, i, strings.Repeat("&", 7000)))
		}
		a.mallory.Must(t, []int{201}, "PUT", ofMallory+"/webhooks/large", `{"method":"POST","url":"https://api.example.com/","headers":{`+strings.Join(headers, ",")+`},"body":{"a":"`+large+`","b":"`+large+`","c":"`+large+`"}}`)
		b = signedIn(t, a.Program, a.mallory.Token)
		at, _ := url.Parse(a.Internal + "/console")
		cookie := b.http.Jar.Cookies(at)[0]
		for range 100 {
			dialRaw(t, a.Internal).send("GET /console/tenants/mallory/webhooks/large/edit HTTP/1.1\r\nHost: a.test\r\nCookie: " + cookie.String() + "\r\n\r\n")
		}
	}, func(a *arena) {
		a.flood(48, func(n int) {
			if n%2 == 0 {
				a.try(a.mallory, "GET", ofMallory+"/webhooks/large", nil)
				return
			}
			request, err := http.NewRequestWithContext(a.ctx, http.MethodGet, a.Internal+"/console/tenants/mallory/webhooks/large/edit", nil)
			if err != nil {
				a.t.Error(err)
				return
			}
			if answer, err := b.http.Do(request); err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
		})
	})
}
