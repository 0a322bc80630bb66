package api_test

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestWaitResolvedByHand(t *testing.T) {
	k := withAcme(t)
	held := k.held("POST", v1Waits, `{"source": "payments", "conversation_key": "c"}`)
	path := v1Waits + "/" + k.openID("c")
	k.eventually("somebody holds it", func() bool { return k.want(200, "GET", path, "").body["holders"] == 1.0 })
	if g := k.want(200, "GET", v1Waits, ""); !strings.Contains(g.text, `"holders":1}`) {
		t.Errorf("the list does not say who holds it: %s", g.text)
	}
	for body, want := range map[string]string{
		``:                    "",
		`{}`:                  "branch",
		`{"branch": "MAYBE"}`: "branch",
		`{"branch": "SUCCESS", "match": "` + strings.Repeat("m", 65) + `"}`:                "match",
		`{"branch": "SUCCESS", "match": "a\u0007"}`:                                        "match",
		`{"branch": "SUCCESS", "variables": [1]}`:                                          "variables",
		`{"branch": "SUCCESS", "variables": {"a b": 1}}`:                                   `variables["a b"]`,
		`{"branch": "SUCCESS", "variables": {` + strings.Repeat(`"v": 1,`, 1) + `"v": 2}}`: "variables.v",
		`{"branch": "SUCCESS", "reason": "x"}`:                                             "reason",
	} {
		if g := k.do("POST", path+"/resolve", body); g.status != 422 && g.status != 400 || want != "" && !slices.Equal(g.paths(), []string{want}) {
			t.Errorf("%s: %d %s", body, g.status, g.text)
		}
	}
	many := `{"branch": "SUCCESS", "variables": {"v0": 0`
	for i := range 50 {
		many += `,"w` + strings.Repeat("x", i+1) + `": 1`
	}
	if g := k.do("POST", path+"/resolve", many+"}}"); g.status != 422 || !slices.Equal(g.paths(), []string{"variables"}) {
		t.Errorf("51 variables: %d %s", g.status, g.text)
	}
	g := k.want(200, "POST", path+"/resolve", `{"branch": "FAILURE", "match": "declined", "variables": {"why": [1.50, "x"]}}`)
	if g.str("state") != "resumed" || g.str("reason") != "manual" || g.str("match") != "declined" || g.body["callback"] != nil ||
		!strings.Contains(g.text, `"variables":{"why": [1.50, "x"]}`) {
		t.Errorf("resolved: %s", g.text)
	}
	if err := fits(description(t), "Wait", g.body); err != nil {
		t.Error(err)
	}
	if h := <-held; h.status != 200 || h.text != g.text {
		t.Errorf("who holds it gets %d %s", h.status, h.text)
	}
	if g := k.want(409, "POST", path+"/resolve", `{"branch": "SUCCESS"}`); g.code() != "wait_ended" {
		t.Errorf("once more: %s", g.text)
	}
	k.want(404, "POST", v1Waits+"/wait_x/resolve", `{"branch": "SUCCESS"}`)
	if line := k.want(200, "GET", v1Acme+"/conversations/c", ""); !strings.Contains(line.text, `"kind":"deed","id":"deed_`) {
		t.Errorf("the timeline is %s", line.text)
	}
}

func TestWaitExtendedByHand(t *testing.T) {
	k := withAcme(t)
	opened := k.want(201, "POST", v1Waits, `{"source": "payments", "conversation_key": "c", "mode": "poll", "timeout_seconds": 10}`)
	path := v1Waits + "/" + opened.str("id")
	for _, body := range []string{`{}`, `{"timeout_seconds": 0}`, `{"timeout_seconds": 301}`, `{"timeout_seconds": 1.5}`, `{"timeout_seconds": "5"}`} {
		if g := k.do("POST", path+"/extend", body); g.status != 422 || !slices.Equal(g.paths(), []string{"timeout_seconds"}) {
			t.Errorf("%s: %d %s", body, g.status, g.text)
		}
	}
	before, err := time.Parse(time.RFC3339, opened.str("expires_at"))
	k.must(err)
	g := k.want(200, "POST", path+"/extend", `{"timeout_seconds": 300}`)
	after, err := time.Parse(time.RFC3339, g.str("expires_at"))
	k.must(err)
	if g.str("state") != "waiting" || after.Sub(before) < 290*time.Second {
		t.Errorf("extended from %s: %s", before, g.text)
	}
	if g := k.want(200, "GET", path, ""); g.str("expires_at") != after.Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("it reads %s", g.text)
	}
	k.want(200, "DELETE", path, "")
	if g := k.want(409, "POST", path+"/extend", `{"timeout_seconds": 5}`); g.code() != "wait_ended" {
		t.Errorf("after its end: %s", g.text)
	}
}

func TestWaitsAreListedByTime(t *testing.T) {
	k := withAcme(t)
	var ids, made []string
	for _, key := range []string{"a", "b", "c"} {
		g := k.want(201, "POST", v1Waits, `{"source": "payments", "conversation_key": "`+key+`", "mode": "poll"}`)
		ids, made = append(ids, g.str("id")), append(made, g.str("created_at"))
		time.Sleep(2 * time.Millisecond) // they are told apart by the millisecond
	}
	if seen := k.pages(v1Waits + "?limit=1&since=" + made[1]); !slices.Equal(seen, []string{ids[2], ids[1]}) {
		t.Errorf("since the second are %q of %q", seen, ids)
	}
	if seen := k.pages(v1Waits + "?until=" + made[1] + "&source=payments&state=waiting"); !slices.Equal(seen, ids[:1]) {
		t.Errorf("before the second are %q of %q", seen, ids)
	}
	if g := k.do("GET", v1Waits+"?since=yesterday", ""); g.status != 422 || !slices.Equal(g.paths(), []string{"since"}) {
		t.Errorf("%d %s", g.status, g.text)
	}
}
