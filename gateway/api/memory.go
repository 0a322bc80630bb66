package api

import (
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/shares"
)

// small is the memory that an answer may take without being counted, in bytes: what
// calls, events and most waits answer is below it, and as much as a connection has in
// buffers anyway.
const small = 16 << 10

// memory is what one answer has of the budget of answers (SPEC 16), from before it is
// made until it was written or its client is gone.
type memory struct {
	budget *shares.Budget
	by     shares.Holder
	n      int64
	forced bool // the answer must be given: to what has been done
}

var errNoAnswers = gateway.Unavailable("too many large answers are being made or sent", time.Second)

// take takes n bytes, before they are allocated.
func (m *memory) take(n int) error {
	if m.forced {
		m.force(n)
		return nil
	}
	if !m.budget.Take(m.by, int64(n)) {
		return errNoAnswers
	}
	m.n += int64(n)
	return nil
}

// force takes n bytes that are there already.
func (m *memory) force(n int) {
	if n > 0 {
		m.budget.Force(m.by, int64(n))
		m.n += int64(n)
	}
}

// has says whether there is room for a small answer now.
func (m *memory) has() bool {
	if !m.budget.Take(m.by, small) {
		return false
	}
	m.budget.Give(m.by, small)
	return true
}

func (m *memory) give(n int) {
	m.budget.Give(m.by, int64(n))
	m.n -= int64(n)
}

// free gives all of it back.
func (m *memory) free() { m.give(int(m.n)) }

// accounts opens the accounts of answers in their budget.
type accounts struct {
	budget    *shares.Budget // nil: no bound
	directory *directory.Directory
}

// of opens the account of an answer that is given behind its call.
func (a accounts) of(tenant string) *memory {
	m := &memory{budget: a.budget}
	here := a.directory.Current()
	if t := here.Tenant(tenant); t != nil {
		m.by = here.Holder(t)
	}
	return m
}

// force counts so much memory of an answer that is given in any case; m, which may be
// nil, has a part of it. It gives how it is freed.
func (a accounts) force(m *memory, tenant string, n int) (free func()) {
	if m == nil && n == 0 {
		return nil
	}
	if m == nil {
		m = a.of(tenant)
	}
	m.force(n - int(m.n))
	return m.free
}

// memory opens the account of this call's answer: that of the token's tenant, else of
// the path's, which an operator looks at, else nobody's in particular. What has been
// done is told in any case: a refusal would have it done again.
func (c *call) memory() *memory {
	tenant := c.tenant
	if c.by.Tenant != "" {
		tenant = c.snapshot.Tenant(c.by.Tenant)
	}
	m := &memory{budget: c.accounts.budget, forced: !c.ctx.IsGet()}
	if tenant != nil {
		m.by = c.snapshot.Holder(tenant)
	}
	c.account = m
	return m
}
