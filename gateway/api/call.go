package api

import (
	"errors"
	"time"

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
	who      *Who // asks by a session of the console; nil: by a token in its request
	snapshot *directory.Snapshot
	by       auth.Principal
	digest   token.Digest      // of the token by which it asks
	tenant   *directory.Tenant // of a path with a tenant that must be there
	params   params
	account  *memory // that the answer will have
	turn     *turn   // nil: the call looks through nothing
	gate     func()  // lets the next pass what the call has passed; nil: nothing
	seat     seat
	rests    map[gateway.LaneKey]time.Time // of endpoints that were looked at: see deliveries.next
	kept     func()                        // gives back what a call's answer has, once it was told; nil: nothing
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
	says(c, run)
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
	return deciding{c}.decide(run)
}

// do does what a call asks for, in this process.
func (c deciding) do(run *action) (answer, error) {
	if run.looks {
		turn, err := c.turns.enter(c.by.Tenant+"/"+c.params.tenant, ownerOf(c.call), true)
		if c.turn = turn; err != nil {
			return answer{}, err
		}
	}
	a, err := run.do(c.call)
	if run.gathers {
		c.gathered()
	}
	return a, err
}

// ownerOf is who has the turns of a call: the tree of the caller's tenant. Who looks after
// all tenants has one for each.
func ownerOf(c *call) string {
	if t := c.snapshot.Tenant(c.by.Tenant); t != nil {
		return t.Tree()
	}
	return c.by.Tenant + "/" + c.params.tenant
}

// authenticate finds who calls. Nothing tells a missing token from a wrong one:
// both are hashed and looked up.
func (c *call) authenticate() error {
	if c.who != nil {
		if !(deciding{c}).stands() {
			return errUnauthenticated
		}
		c.by, c.digest = c.who.By, c.who.Digest
		c.used(c.by.TokenID, c.now())
		return nil
	}
	fields := c.ctx.Request.Header.PeekAll(fasthttp.HeaderAuthorization)
	var text []byte
	if len(fields) == 1 { // of two, the one that was checked need not be the one that a proxy believed
		text, _ = token.Bearer(fields[0])
	}
	c.digest = token.Hash(text)
	by, known := c.snapshot.Token(c.digest)
	if !known && len(text) > 0 && c.elsewhere != nil && c.elsewhere.CatchUp() == nil { // another node has just made it
		c.snapshot = c.directory.Current()
		by, known = c.snapshot.Token(c.digest)
	}
	now := c.now()
	if !known || len(text) == 0 {
		c.authFailures.Inc()
		return errUnauthenticated
	}
	if by.Expired(now) {
		c.authFailures.Inc()
		return errUnauthenticated
	}
	c.used(by.TokenID, now)
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
		if known.Err != nil && known.Code == gateway.CodeUnavailable {
			c.log.Debug("a caller is told to come again", "method", string(c.ctx.Method()), "path", string(edge.Path(c.ctx)),
				"request_id", string(edge.RequestID(c.ctx)), "error", known)
		}
		return err
	case errors.Is(err, gateway.ErrNotFound):
		return errNoSuch
	}
	c.log.Error("an internal call failed", "method", string(c.ctx.Method()), "path", string(edge.Path(c.ctx)),
		"request_id", string(edge.RequestID(c.ctx)), "error", err)
	return err
}

// audit writes the line that every change of the configuration leaves in the log.
func (c *call) audit(what string, args ...any) {
	args = append([]any{"scope", string(c.by.Scope), "token_id", c.by.TokenID}, args...)
	c.log.Info(what, append(args, "request_id", string(edge.RequestID(c.ctx)))...)
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
