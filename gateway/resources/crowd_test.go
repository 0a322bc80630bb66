package resources_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/resources"
)

// crowd puts n records of a kind into the store, each a moment after the one before, as an
// earlier run would have left them.
func (k *kit) crowd(kind, prefix string, n int, began time.Time, more func(i int) map[string]any) (ids []string) {
	k.t.Helper()
	var records []gateway.Record
	for i := range n {
		at := began.Add(time.Duration(i) * time.Millisecond)
		made := token.Hash(fmt.Sprint(kind, at, i))
		v := map[string]any{
			"secret": hex.EncodeToString(made[:]), "digest": hex.EncodeToString(made[:]),
			"created_at": gateway.At(at), "expires_at": gateway.At(time.Now().Add(time.Hour)),
		}
		for name, value := range more(i) {
			v[name] = value
		}
		text, err := json.Marshal(v)
		if err != nil {
			k.t.Fatal(err)
		}
		ids = append(ids, gateway.NewID(prefix, at))
		records = append(records, gateway.Record{Kind: kind, ID: ids[i], Value: text})
	}
	if err := k.store.PutResources(records...); err != nil {
		k.t.Fatal(err)
	}
	return ids
}

// Who fills all sessions loses its own oldest, also with the tokens of many children; others
// sign in and stay so.
func TestSessionsOfOneTreeEndNoOthers(t *testing.T) {
	k := newKit(t)
	k.tenant("many", `{}`)
	k.tenant("rival", `{}`)
	_, text := k.token("rival")
	_, own := k.token("many")
	first, _, err := k.Logins.SignIn(text, auth.Asking{})
	if err != nil {
		t.Fatal(err)
	}
	digest := token.Hash(own)
	ids := k.crowd(gateway.KindLogin, gateway.PrefixLogin, 9_999, time.Now(), func(i int) map[string]any {
		v := map[string]any{"tenant": fmt.Sprint("child", i), "root": "many"}
		if i < 3 {
			v["digest"], v["tenant"] = hex.EncodeToString(digest[:]), "many"
		}
		return v
	})
	k.start(resources.File{})
	alive := func(id string) bool { _, alive := k.Logins.Alive(id); return alive }
	if !alive(first.ID) || !alive(ids[0]) || !alive(ids[1]) || !alive(ids[2]) {
		t.Fatal("a restart ends sessions")
	}
	// Both come to a full house: the second of its own tree, whose session it does not end.
	second, _, err := k.Logins.SignIn(text, auth.Asking{})
	if err != nil || !alive(first.ID) || !alive(second.ID) || alive(ids[0]) || !alive(ids[1]) {
		t.Errorf("the other's: first %t, second %t, oldest of many %t, next %t, %v", alive(first.ID), alive(second.ID), alive(ids[0]), alive(ids[1]), err)
	}
	third, _, err := k.Logins.SignIn(own, auth.Asking{})
	if err != nil || !alive(first.ID) || !alive(second.ID) || !alive(third.ID) || alive(ids[1]) || !alive(ids[2]) {
		t.Errorf("its own: first %t, second %t, third %t, oldest of many %t, next %t, %v", alive(first.ID), alive(second.ID), alive(third.ID), alive(ids[1]), alive(ids[2]), err)
	}
}

// link makes a link to the portal of a tenant, by the right of its token.
func (k *kit) link(tenant, text string) (string, error) {
	by := auth.Principal{Scope: auth.Admin}
	secret, _, err := k.Logins.NewPortalLink(by, token.Hash(text), tenant, resources.Portal{
		Pages: []string{"deliveries"}, ReturnURL: "https://app.example.com/" + tenant, Life: 3600,
	}, 10*time.Minute)
	return secret, err
}

// A tree has a bounded number of links that open something, its children's too; other trees
// find some whatever the first have. What was used, revoked or is over does not count.
func TestLinksOfOneTreeLeaveOthersSome(t *testing.T) {
	k := newKit(t)
	for id, body := range map[string]string{"many": `{}`, "child": `{}`, "rival": `{}`} {
		k.tenant(id, body)
	}
	k.tenant("child", `{"parent": "many"}`)
	_, own := k.token("many")
	_, text := k.token("rival")
	k.crowd(gateway.KindLink, gateway.PrefixLink, 998, time.Now(), func(i int) map[string]any {
		return map[string]any{"tenant": fmt.Sprint("gone", i), "root": "many"}
	})
	for _, dead := range []map[string]any{{"used": true}, {"expires_at": gateway.At(time.Now().Add(-time.Hour))}} {
		dead["root"], dead["tenant"] = "many", "many"
		k.crowd(gateway.KindLink, gateway.PrefixLink, 4_500, time.Now(), func(int) map[string]any { return dead })
	}
	k.start(resources.File{})
	secret, err := k.link("child", own)
	if err != nil {
		t.Fatal("those that are over count: ", explain(err))
	}
	if _, err := k.link("many", own); err != nil {
		t.Fatal(explain(err))
	}
	if _, err := k.link("child", own); code(err) != gateway.CodeRateLimited {
		t.Errorf("beyond the share of the tree: %v", err)
	}
	if _, err := k.link("rival", text); err != nil {
		t.Errorf("another tree: %s", explain(err))
	}
	if _, err := k.Logins.Use(secret, auth.Asking{}); err != nil {
		t.Fatal(err)
	}
	if l, known := k.Logins.Look(secret); !known || !l.Spent || l.Portal.ReturnURL != "https://app.example.com/child" || len(l.Portal.Pages) != 0 {
		t.Errorf("a used link is kept as %+v, %t", l, known)
	}
	if _, err := k.link("child", own); err != nil {
		t.Errorf("in the place of a used one: %s", explain(err))
	}
	if _, err := k.Logins.Revoke(admin, resources.Which{Tenant: "child"}); err != nil {
		t.Fatal(err)
	}
	if _, err := k.link("child", own); err != nil {
		t.Errorf("in the place of a revoked one: %s", explain(err))
	}
	k.start(resources.File{})
	if l, known := k.Logins.Look(secret); !known || !l.Spent || l.Portal.ReturnURL == "" {
		t.Errorf("after a restart a used link is %+v, %t", l, known)
	}
}

// Trees that together have nearly all of the links leave some for who comes next.
func TestManyTreesLeaveLinks(t *testing.T) {
	k := newKit(t)
	k.tenant("rival", `{}`)
	k.tenant("root0", `{}`)
	_, text := k.token("rival")
	k.crowd(gateway.KindLink, gateway.PrefixLink, 9_800, time.Now(), func(i int) map[string]any {
		return map[string]any{"tenant": fmt.Sprint("root", i%10)}
	})
	k.start(resources.File{})
	if _, err := k.link("root0", text); code(err) != gateway.CodeRateLimited {
		t.Errorf("one that has 980 as 200 are left: %v", err)
	}
	if _, err := k.link("rival", text); err != nil {
		t.Errorf("a newcomer: %s", explain(err))
	}
}
