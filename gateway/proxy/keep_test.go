package proxy

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"hookgate/gateway/requests"
)

// newest keeps requests, and says when it has one more: an answer may be with its client
// before that.
type newest struct {
	*requests.Keeper
	kept chan struct{}
}

func (n newest) Keep(r *requests.Record) { n.Keeper.Keep(r); n.kept <- struct{}{} }

func (n newest) KeepUnmatched(r *requests.Record) { n.Keeper.KeepUnmatched(r); n.kept <- struct{}{} }

// Requests to a route are kept, with how far each came and why one was refused.
func TestRequestsAreKept(t *testing.T) {
	up := upstreamServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	kept := newest{requests.New(requests.Options{}), make(chan struct{}, 10)}
	s := newSite(t, routed(githubVerify+`,"match":{"path":"/in"}`, up.URL), siteOptions{kept: kept})
	last := func() *requests.Kept {
		t.Helper()
		<-kept.kept
		all := kept.List(requests.Query{Of: requests.Route, Place: s.table.Load().byPath["/in"][0].ID, Most: 1, Body: 10})
		if len(all) == 0 {
			t.Fatal("nothing is kept")
		}
		return &all[0]
	}
	s.ask(t, "POST", "/in/x?a=1", strings.NewReader("{}"), "X-Hub-Signature-256", sign("{}"), "Authorization", "Basic canary")
	one := last()
	if one.Upstream != up.URL || one.UpstreamStatus != 418 || one.Status != 418 || one.Path != "/in/x?a=1" || string(one.Body) != "{}" || one.Reason(requests.Hints{}) != "" {
		t.Errorf("kept is %+v", one)
	}
	for phase, took := range one.Phases {
		if took < 0 {
			t.Errorf("phase %d was not reached", phase)
		}
	}
	if strings.Contains(fmt.Sprint(one.Header()), "canary") {
		t.Errorf("a credential is shown: %v", one.Header())
	}
	s.ask(t, "POST", "/in", strings.NewReader("{}"), "X-Hub-Signature-256", sign("other"))
	one = last()
	if why := "not signed by the secret that is configured, over 2 bytes of body"; one.Status != 401 || one.Reason(requests.Hints{}) != why || one.Upstream != "" || one.Phases[requests.PhaseConnect] >= 0 {
		t.Errorf("of one that is not verified is kept %q %+v", one.Reason(requests.Hints{}), one)
	}
	up.Close()
	s.ask(t, "POST", "/in", strings.NewReader("{}"), "X-Hub-Signature-256", sign("{}"))
	if one = last(); one.Status != 502 || one.Reason(requests.Hints{}) != "the upstream cannot be reached" || one.UpstreamStatus != 0 || one.Upstream != up.URL {
		t.Errorf("of one that found no upstream is kept %q %+v", one.Reason(requests.Hints{}), one)
	}
	s.ask(t, "GET", "/elsewhere", nil)
	<-kept.kept
	if all := kept.Unmatched("", 1); len(all) != 1 || all[0].Path != "/elsewhere" {
		t.Errorf("of one that no route takes is kept %+v", all)
	}
}
