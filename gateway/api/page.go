package api

import (
	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
	"hookgate/gateway/shares"
)

// Page is the making of one page of the console. What it asks is large, and lies in memory
// until it is shown: few are made at once. All that it does besides asking takes the
// processor, as lists do, and takes their turns.
type Page struct {
	api     *API
	owner   string
	memory  memory
	entered bool   // it is one of those that are made
	slice   func() // ends its slice; nil: it has none
}

// Bounds of the pages that are made at once: of all, and of one tree of tenants; and how many
// more of a tree may wait.
const (
	mostPages, mostPagesOf = 8, 2
	mostPagesWaiting       = 256
)

func newPages() *shares.Turns {
	return shares.NewTurns(mostPages, mostPagesWaiting, 0).Each(mostPagesOf)
}

// Begin begins a page for somebody who looks at a tenant, or at none; false where too many are
// being made. End has to follow.
func (a *API) Begin(who Who, tenant string) (p *Page, may bool) {
	c := &call{API: a, snapshot: a.directory.Current(), by: who.By, params: params{tenant: tenant}}
	p = &Page{api: a, owner: ownerOf(c), memory: memory{budget: a.accounts.budget}}
	if t := c.snapshot.Tenant(who.By.Tenant); t != nil {
		p.memory.by = c.snapshot.Holder(t)
	}
	if !p.enter() {
		return nil, false
	}
	p.slice = a.turns.work(p.owner)
	return p, true
}

func (p *Page) enter() bool {
	p.entered = p.api.pages.Take(p.owner)
	return p.entered
}

// Aside asks for a page. What is asked takes its own turns; what does something may take as long
// as somebody else does, and nobody's page waits for it. It is no page's where p is nil.
func (p *Page) Aside(does bool, ask func() Answered) Answered {
	if p == nil {
		return ask()
	}
	p.rest()
	if does {
		p.leave()
	}
	a := ask()
	if does {
		p.enter() // it goes on in any case: what it did is to be told
	}
	p.slice = p.api.turns.work(p.owner)
	return a
}

func (p *Page) rest() {
	if p.slice != nil {
		p.slice()
		p.slice = nil
	}
}

func (p *Page) leave() {
	if p.entered {
		p.entered = false
		p.api.pages.Give(p.owner)
	}
}

// End ends the making.
func (p *Page) End() {
	p.rest()
	p.leave()
}

// Send answers with the page, which counts as a large answer until it was written; false where
// there is no memory for it.
func (p *Page) Send(ctx *fasthttp.RequestCtx, body []byte) bool {
	n := counted(cap(body))
	if p == nil || n == 0 {
		ctx.Response.SetBodyRaw(body)
		return true
	}
	if p.memory.take(n) != nil {
		return false
	}
	edge.Send(ctx, body, p.memory.free)
	return true
}
