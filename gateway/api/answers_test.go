package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/api"
	"hookgate/gateway/directory"
	"hookgate/gateway/shares"
)

// budgeted gives the answers so much memory.
func budgeted(most int64) (*shares.Budget, func(*api.Options)) {
	b := shares.New(most)
	return b, func(o *api.Options) { o.Answers = b }
}

// drained waits until answers have no memory any more.
func drained(t *testing.T, b *shares.Budget) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); b.Stat().Used != 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("answers hold %+v", b.Stat())
		}
	}
}

// ask sends a GET as the admin, and reads nothing.
func (k *kit) ask(path string) net.Conn {
	k.t.Helper()
	c := send(k, "GET", path, "")
	k.must(c.(*net.TCPConn).SetReadBuffer(socketBuffer)) //nolint:forcetypeassert // it was dialled so
	return c
}

// send sends a request as the admin, and reads nothing.
func send(k *kit, method, path, body string) net.Conn {
	k.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(k.url, "http://"))
	k.must(err)
	k.t.Cleanup(func() { _ = c.Close() })
	_, err = fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s", method, path, adminToken, len(body), body)
	k.must(err)
	return c
}

// An answer has its memory until its client has taken it, or has left; who comes when
// there is none is told to come again.
func TestAnswersAreWithinTheirBudget(t *testing.T) {
	const large = 12 << 20 // much more than sockets buffer
	budget, with := budgeted(16 << 20)
	k := withAcme(t, with)
	at := time.Now().UTC().Truncate(time.Millisecond)
	wait, event, short := history{k}.resumed(at, longText(large)), history{k}.happened(at, longText(large)), history{k}.resumed(at, longText(1))
	for _, path := range []string{"/waits/" + wait, "/waits/" + wait + "?hold=5", "/events/" + event} {
		slow := k.ask(v1Acme + path)
		for end := time.Now().Add(20 * time.Second); budget.Stat().Used < large; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatalf("%s: answers hold %+v", path, budget.Stat())
			}
		}
		for _, refused := range []string{"/waits/" + wait, "/waits/" + wait + "?hold=5", "/waits?include=bodies", "/events/" + event, "/deliveries?include=bodies"} {
			if g := k.do("GET", v1Acme+refused, ""); g.status != 503 || g.code() != "unavailable" || g.header.Get("Retry-After") == "" {
				t.Errorf("%s beside %s: %d %.200s", refused, path, g.status, g.text)
			}
		}
		k.want(200, "GET", v1Acme+"/waits/"+short, "") // what is small goes on
		k.must(slow.Close())
		drained(t, budget)
		taken := k.ask(v1Acme + path)
		a, err := http.ReadResponse(bufio.NewReader(taken), nil)
		k.must(err)
		if n, err := io.Copy(io.Discard, a.Body); err != nil || n < large {
			t.Errorf("%s: %d bytes, %v", path, n, err)
		}
		drained(t, budget)
	}
	if s := budget.Stat(); s.Refused == 0 {
		t.Errorf("nobody was refused: %+v", s)
	}
}

// Of a tenant's answers nobody else's are refused.
func TestAnswersAreShared(t *testing.T) {
	budget, with := budgeted(16 << 20)
	k := withAcme(t, with)
	at := time.Now().UTC().Truncate(time.Millisecond)
	wait := history{k}.resumed(at, longText(1<<20))
	bystander := shares.Tenant("filed")
	if !budget.Take(bystander, 1) {
		t.Fatal("an empty budget has nothing")
	}
	defer budget.Give(bystander, 1)
	if !budget.Take(k.here.Current().Holder(k.here.Current().Tenant("acme")), 4<<20) {
		t.Fatal("a quarter is not to be had")
	}
	if g := k.as(k.token("tenant", "acme"), "GET", v1Acme+"/waits/"+wait, ""); g.status != 503 {
		t.Errorf("a tenant has more than a quarter: %d", g.status)
	}
	k.want(503, "GET", v1Acme+"/waits/"+wait, "") // the operator looks on the tenant's account
	k.want(200, "GET", "/v1/tenants/filed/sources", "")
	k.want(200, "GET", "/v1/tenants", "")
}

// However many hold a wait, its end is in memory once.
func TestHoldersShareTheEnd(t *testing.T) {
	budget := shares.New(8 << 20)
	endOf := api.EndOf(api.Options{Answers: budget, Directory: directory.New()})
	w := resumedWait(gateway.NewID(gateway.PrefixWait, time.Now()), time.Now(), longText(1<<20))
	var all []func()
	first, sent, err := endOf(w)
	all = append(all, sent)
	for range 10_000 {
		body, sent, again := endOf(w)
		if err != nil || again != nil || &body[0] != &first[0] {
			t.Fatalf("another text, %v %v", err, again)
		}
		all = append(all, sent)
	}
	if used := budget.Stat().Used; used < 1<<20 || used > 2<<20 || string(first) != string(w.AppendJSON(nil)) {
		t.Errorf("they hold %d bytes", used)
	}
	for _, sent := range all {
		if budget.Stat().Used == 0 {
			t.Fatal("it was freed while some were being sent it")
		}
		sent()
	}
	drained(t, budget)
}

// A holder for whose answer there is no memory loses nothing: the wait is there to be
// read.
func TestHolderIsToldToComeAgain(t *testing.T) {
	budget, with := budgeted(4 << 20)
	k := withAcme(t, with)
	held := make(chan got)
	go func() {
		g, err := k.try(adminToken, "POST", v1Waits, `{"source": "payments", "conversation_key": "c"}`)
		if err != nil {
			t.Error(err)
		}
		held <- g
	}()
	<-k.opened
	if !budget.Take(shares.Holder{}, 3<<20) {
		t.Fatal("an empty budget has nothing")
	}
	k.callback("c", `{"amount":1,"filler":"`+strings.Repeat("f", 2<<20)+`"}`)
	g := <-held
	if g.status != 503 || g.header.Get("Retry-After") == "" {
		t.Fatalf("answered %d %.200s", g.status, g.text)
	}
	budget.Give(shares.Holder{}, 3<<20)
	listed := k.want(200, "GET", v1Waits, "")
	if strings.Contains(listed.text, "ffff") {
		t.Errorf("the list has the callback's body")
	}
	id, _, _ := strings.Cut(strings.TrimPrefix(listed.text, `{"data":[{"id":"`), `"`)
	if g := k.want(200, "GET", v1Waits+"/"+id+"?hold=5", ""); g.str("state") != "resumed" || len(g.text) < 2<<20 {
		t.Errorf("the wait is %.200s", g.text)
	}
	drained(t, budget)
}
