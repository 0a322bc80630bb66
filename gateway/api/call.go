package api

import (
	"errors"

	"github.com/valyala/fasthttp"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/edge"
)

// call is one request on its way.
type call struct {
	*API
	ctx      *fasthttp.RequestCtx
	snapshot *directory.Snapshot
	by       auth.Principal
	tenant   *directory.Tenant // of a path with a tenant that must be there
	params   params
	account  *memory // that the answer will have
	turn     *turn   // nil: the call looks through nothing
	gate     gate    // that the call has passed; nil: none
	seat     seat
}

func (c *call) serve() (answer, error) {
	if err := c.authenticate(); err != nil {
		return answer{}, err
	}
	run, params, err := c.table.find(edge.Path(c.ctx), c.ctx.Method())
	if err != nil {
		return answer{}, err
	}
	c.params = params
	if !c.by.Allows(run.needs) {
		return answer{}, gateway.Errorf(gateway.CodeForbidden, "a token of scope %s may not do this", c.by.Scope)
	}
	if c.params.hasTenant && !run.makesTenant {
		if c.tenant = c.snapshot.Tenant(c.params.tenant); c.tenant == nil || !c.snapshot.Reaches(c.by, c.params.tenant) {
			return answer{}, errNoTenant
		}
	}
	if err := c.asksFor(run.query); err != nil {
		return answer{}, err
	}
	if run.looks {
		if c.turn, err = c.turns.enter(c.by.Tenant+"/"+c.params.tenant, !run.steers); err != nil {
			return answer{}, err
		}
	}
	return run.do(c)
}

// authenticate finds who calls. Nothing tells a missing token from a wrong one:
// both are hashed and looked up.
func (c *call) authenticate() error {
	fields := c.ctx.Request.Header.PeekAll(fasthttp.HeaderAuthorization)
	var text []byte
	if len(fields) == 1 { // of two, the one that was checked need not be the one that a proxy believed
		text, _ = token.Bearer(fields[0])
	}
	by, known := c.snapshot.Token(token.Hash(text))
	if !known || len(text) == 0 {
		c.authFailures.Inc()
		return errUnauthenticated
	}
	c.by = by
	return nil
}

// count takes the memory of a large answer that was made without counting it.
func (c *call) count(a *answer) error {
	n := counted(cap(a.body))
	if a.sent != nil || n == 0 {
		return nil
	}
	m := c.memory()
	if err := m.take(n); err != nil {
		return err
	}
	a.sent = m.free
	return nil
}

// public turns what a store says into what a caller is told, and logs what must
// not leave the process.
func (c *call) public(err error) error {
	var known *gateway.Error
	switch {
	case errors.As(err, &known) && known.Code != gateway.CodeInternal:
		return err
	case errors.Is(err, gateway.ErrNotFound):
		return errNoSuch
	}
	c.log.Error("an internal call failed", "method", string(c.ctx.Method()), "path", string(edge.Path(c.ctx)), "error", err)
	return err
}

// audit writes the line that every change of the configuration leaves.
func (c *call) audit(what string, args ...any) {
	args = append([]any{"scope", string(c.by.Scope), "token_id", c.by.TokenID}, args...)
	c.log.Info(what, args...)
}

var (
	errUnauthenticated = gateway.Errorf(gateway.CodeUnauthenticated, "send a valid token: Authorization: Bearer TOKEN")
	errNoTenant        = gateway.Errorf(gateway.CodeNotFound, "no such tenant")
	errNoSource        = gateway.Errorf(gateway.CodeNotFound, "no such source")
	errNoEndpoint      = gateway.Errorf(gateway.CodeNotFound, "no such endpoint")
	errNoWebhook       = gateway.Errorf(gateway.CodeNotFound, "no such webhook")
	errNoPath          = gateway.Errorf(gateway.CodeNotFound, "no such path")
	errNoSuch          = gateway.Errorf(gateway.CodeNotFound, "no such thing")
)
