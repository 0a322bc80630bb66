package console

import (
	"net/http"
	"net/url"
	"strings"
)

// page is one place of the console: what reads it, and what a form sent there does.
type page struct {
	path  string // below the base: {tenant}, {id} and {request} are parameters
	read  func(*view) error
	write func(*view) error // nil: it takes no form
	ours  bool              // no portal has it: it writes configuration, or shows it whole
}

// pages is the table of all of them.
func pages() []page {
	return []page{
		{path: "", read: overviewPage, write: takeStep},
		{path: "/search", read: searchPage},
		{path: "/jobs", read: jobsPage},
		{path: "/jobs/{id}", read: jobPage},
		{path: "/jobs/{id}/cancel", write: act(cancelJob)},
		{path: "/audit", read: auditPage},
		{path: "/config", read: configPage, write: tryConfig},
		{path: "/config/reload", write: act(reloadConfig)},
		{path: "/tokens", read: tokensPage, write: makeToken},
		{path: "/tokens/{id}/delete", write: act(deleteToken)},
		{path: "/routes", read: routesPage},
		{path: "/routes/{id}/requests", read: routeRequestsPage},
		{path: "/routes/{id}/requests/{request}", read: routeRequestPage},
		{path: "/requests", read: unmatchedPage},
		{path: "/nodes", read: nodesPage},
		{path: "/nodes/{id}/drain", write: act(drainNode)},
		{path: "/new/tenants", read: editPage, write: saveEdit, ours: true},
		{path: "/tenants/{tenant}/new/sources", read: editPage, write: saveEdit, ours: true},
		{path: "/tenants/{tenant}/new/endpoints", read: editPage, write: saveEdit, ours: true},
		{path: "/tenants/{tenant}/new/webhooks", read: editPage, write: saveEdit, ours: true},
		{path: "/tenants/{tenant}/edit", read: editPage, write: saveEdit, ours: true},
		{path: "/tenants/{tenant}/delete", write: act(deleteThing), ours: true},
		{path: "/tenants/{tenant}/sources/{id}/edit", read: editPage, write: saveEdit, ours: true},
		{path: "/tenants/{tenant}/sources/{id}/delete", write: act(deleteThing), ours: true},
		{path: "/tenants/{tenant}/sources/{id}/test", read: trialPage, write: tryOut},
		{path: "/tenants/{tenant}/endpoints/{id}/edit", read: editPage, write: saveEdit, ours: true},
		{path: "/tenants/{tenant}/endpoints/{id}/delete", write: act(deleteThing), ours: true},
		{path: "/tenants/{tenant}/endpoints/{id}/close-breaker", write: act(closeBreaker)},
		{path: "/tenants/{tenant}/endpoints/{id}/replay", read: replayForm, write: replay},
		{path: "/tenants/{tenant}/webhooks", read: webhooksPage},
		{path: "/tenants/{tenant}/webhooks/{id}", read: webhookPage},
		{path: "/tenants/{tenant}/webhooks/{id}/run", write: runWebhook},
		{path: "/tenants/{tenant}/webhooks/{id}/edit", read: editPage, write: saveEdit, ours: true},
		{path: "/tenants/{tenant}/webhooks/{id}/delete", write: act(deleteThing), ours: true},
		{path: "/tenants/{tenant}", read: tenantHomePage},
		{path: "/tenants/{tenant}/conversations", read: conversationAskedPage},
		{path: "/tenants/{tenant}/conversations/{id}", read: conversationPage},
		{path: "/tenants/{tenant}/deliveries", read: deliveriesPage},
		{path: "/tenants/{tenant}/dead-letters", read: deadLettersPage},
		{path: "/tenants/{tenant}/deliveries/replay", read: replayForm, write: replay},
		{path: "/tenants/{tenant}/deliveries/groups/known", read: knownForm, write: act(markKnown)},
		{path: "/tenants/{tenant}/deliveries/groups/known/{id}/unmark", write: act(unmarkKnown)},
		{path: "/tenants/{tenant}/deliveries/{id}", read: deliveryPage},
		{path: "/tenants/{tenant}/deliveries/{id}/retry", write: act(retryDelivery)},
		{path: "/tenants/{tenant}/deliveries/{id}/cancel", write: act(cancelDelivery)},
		{path: "/tenants/{tenant}/waits", read: waitsPage},
		{path: "/tenants/{tenant}/waits/{id}", read: waitPage},
		{path: "/tenants/{tenant}/waits/{id}/resolve", read: resolveFormPage, write: act(resolveWait)},
		{path: "/tenants/{tenant}/waits/{id}/extend", read: extendFormPage, write: act(extendWait)},
		{path: "/tenants/{tenant}/waits/{id}/cancel", write: act(cancelWait)},
		{path: "/tenants/{tenant}/callbacks", read: callbacksPage},
		{path: "/tenants/{tenant}/callbacks/{id}", read: callbackPage},
		{path: "/tenants/{tenant}/calls", read: callsPage},
		{path: "/tenants/{tenant}/calls/{id}", read: callPage},
		{path: "/tenants/{tenant}/sources", read: sourcesPage},
		{path: "/tenants/{tenant}/sources/{id}", read: sourcePage},
		{path: "/tenants/{tenant}/sources/{id}/requests", read: requestsPage},
		{path: "/tenants/{tenant}/requests/{id}", read: requestPage},
		{path: "/tenants/{tenant}/requests/{id}/explain", write: explainPage},
		{path: "/tenants/{tenant}/endpoints", read: endpointsPage},
		{path: "/tenants/{tenant}/endpoints/{id}", read: endpointPage},
		{path: "/tenants/{tenant}/endpoints/{id}/pause", write: act(pauseEndpoint)},
		{path: "/tenants/{tenant}/endpoints/{id}/resume", write: act(resumeEndpoint)},
		{path: "/tenants/{tenant}/endpoints/{id}/verify", write: act(verifyEndpoint)},
		{path: "/tenants/{tenant}/endpoints/{id}/test", read: sendPage, write: send},
		{path: "/tenants/{tenant}/endpoints/{id}/rotate-secret", write: rotate},
		{path: "/tenants/{tenant}/events", read: eventsPage},
		{path: "/tenants/{tenant}/events/{id}", read: eventPage},
	}
}

// page finds the page of the path, and shows it or does what its form asks for.
func (v *view) page(p *page) {
	method := string(v.ctx.Method())
	switch {
	case p == nil:
		v.notFound()
	case v.elsewhere():
		v.failed(errNotShown) // also where the page would ask the API for nothing
	case (method == http.MethodGet || method == http.MethodHead) && p.read != nil:
		if err := p.read(v); err != nil {
			v.failed(err)
		}
	case method == http.MethodGet || method == http.MethodHead:
		v.redirect(v.base + v.path[:strings.LastIndexByte(v.path, '/')]) // an act's own address shows what it acts on
	case method == http.MethodPost && p.write != nil:
		if err := p.write(v); err != nil {
			v.failed(err)
		}
	default:
		v.problem(http.StatusMethodNotAllowed, "This page takes no form", "Nothing was done.")
	}
}

// elsewhere says whether the page is of another tenant than the portal.
func (v *view) elsewhere() bool {
	return v.session.Portal != nil && v.tenant != "" && v.tenant != v.session.Tenant
}

func (v *view) find() *page {
	here := strings.Split(v.path, "/")
	for i := range v.c.pages {
		p := &v.c.pages[i]
		if v.fits(strings.Split(p.path, "/"), here) && !(p.ours && v.session.Portal != nil) {
			return p
		}
	}
	v.tenant, v.id, v.request = "", "", ""
	return nil
}

func (v *view) fits(segments, here []string) bool {
	if len(segments) != len(here) {
		return false
	}
	v.tenant, v.id, v.request = "", "", ""
	for i, want := range segments {
		value, err := url.PathUnescape(here[i])
		switch {
		case err != nil || value == "" && i > 0:
			return false
		case want == "{tenant}":
			v.tenant = value
		case want == "{id}":
			v.id = value
		case want == "{request}":
			v.request = value
		case want != here[i]:
			return false
		}
	}
	return true
}

// nav are the places that the session may go to.
func navOf(v *view) (all []navItem) {
	add := func(name, path string, of ...string) {
		if !v.may(http.MethodGet, of[0]) {
			return
		}
		to := v.base + path
		here := v.base+v.path == to || path != "" && strings.HasPrefix(v.base+v.path, to+"/")
		all = append(all, navItem{Name: name, URL: to, Here: here})
	}
	if v.session.Portal == nil {
		add("Overview", "", "/overview")
	}
	tenant := v.tenant
	if tenant == "" {
		tenant = v.session.Tenant
	}
	if tenant != "" {
		in := "/tenants/" + url.PathEscape(tenant)
		for _, p := range []struct{ name, path, asks, portal string }{
			{"Conversations", "/conversations", "/conversations/x", "conversations"},
			{"Waits", "/waits", "/waits", "waits"},
			{"Callbacks", "/sources", "/sources", "requests"},
			{"Deliveries", "/deliveries", "/deliveries", "deliveries"},
			{"Dead letters", "/dead-letters", "/deliveries", "dead-letters"},
			{"Endpoints", "/endpoints", "/endpoints", "endpoints"},
			{"Events", "/events", "/events", "events"},
			{"Webhooks", "/webhooks", "/webhooks", "webhooks"},
		} {
			if shows(v, p.portal) {
				add(p.name, in+p.path, in+p.asks)
			}
		}
	}
	if v.session.Portal == nil {
		for i, p := range []struct{ name, path string }{{"Jobs", "/jobs"}, {"Routes", "/routes"}, {"Nodes", "/nodes"}, {"Unmatched", "/requests"}, {"Audit", "/audit"}, {"Tokens", "/tokens"}, {"Configuration", "/config"}} {
			before := len(all)
			if add(p.name, p.path, p.path); i == 0 && len(all) > before {
				all[before].Apart = true
			}
		}
	}
	return all
}

// shows says whether a portal has a page; the console has all.
func shows(v *view, page string) bool {
	p := v.session.Portal
	if p == nil {
		return true
	}
	for _, one := range p.Pages {
		if one == page {
			return true
		}
	}
	return false
}
