package console

import (
	"net/url"
	"slices"
	"strings"
)

// found is one thing that fits what was searched for.
type found struct {
	Kind   string  `json:"kind"`
	Tenant string  `json:"tenant"`
	ID     string  `json:"id"`
	Name   *string `json:"name"`

	URL string `json:"-"`
}

// placeOf are the pages of kinds of things.
var placeOf = map[string]string{
	"wait": "waits", "delivery": "deliveries", "event": "events", "callback": "callbacks", "call": "calls",
	"conversation": "conversations", "endpoint": "endpoints", "source": "sources", "webhook": "webhooks",
}

// searchPage goes straight to what fits; where several do, it lists them.
func searchPage(v *view) error {
	q := strings.TrimSpace(v.query.Get("q"))
	var all []found
	if q != "" {
		if err := v.get("/search", url.Values{"q": {q}}, &all); err != nil {
			all = guess(v, q)
		}
	}
	for i := range all {
		f := &all[i]
		f.URL = v.base + "/tenants/" + url.PathEscape(f.Tenant)
		if f.Kind == "job" {
			f.URL = v.base + "/jobs/" + url.PathEscape(f.ID)
		} else if place := placeOf[f.Kind]; place != "" {
			f.URL += "/" + place + "/" + url.PathEscape(f.ID)
		}
	}
	if len(all) == 1 {
		v.redirect(all[0].URL)
		return nil
	}
	v.show("search", "Search", struct {
		Q   string
		All []found
	}{q, all})
	return nil
}

// guess looks for a thing by its id, in the tenant at hand and then in the others.
func guess(v *view, q string) (all []found) {
	tenants := tenantsOf(v)
	if at := v.query.Get("tenant"); at != "" {
		tenants = append([]string{at}, slices.DeleteFunc(tenants, func(t string) bool { return t == at })...)
	}
	if v.session.Portal != nil {
		tenants = []string{v.session.Tenant}
	}
	prefix, _, _ := strings.Cut(q, "_")
	kind := map[string]string{"wait": "wait", "dlv": "delivery", "evt": "event", "cb": "callback", "call": "call"}[prefix]
	for _, t := range tenants[:min(len(tenants), 50)] {
		in := "/tenants/" + url.PathEscape(t)
		if kind != "" {
			if v.get(in+"/"+placeOf[kind]+"/"+url.PathEscape(q), nil, nil) == nil {
				return []found{{Kind: kind, Tenant: t, ID: q}}
			}
			continue
		}
		if t == q {
			all = append(all, found{Kind: "tenant", Tenant: t, ID: t})
		}
		for _, kind := range []string{"endpoint", "source"} {
			if v.get(in+"/"+placeOf[kind]+"/"+url.PathEscape(q), nil, nil) == nil {
				all = append(all, found{Kind: kind, Tenant: t, ID: q})
			}
		}
		var list struct {
			Data []line `json:"data"`
		}
		if v.get(in+"/conversations/"+url.PathEscape(q), url.Values{"limit": {"1"}}, &list) == nil && len(list.Data) > 0 {
			all = append(all, found{Kind: "conversation", Tenant: t, ID: q})
		}
		if len(all) >= 20 {
			break
		}
	}
	return all
}
