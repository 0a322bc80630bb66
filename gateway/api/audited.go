package api

import (
	"errors"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/edge"
)

// Audit is what the API needs of the audit: resources.Audit.
type Audit interface {
	// Commit does something by hand, in one commit with its line; Do what is not done in
	// the store, whose line comes after it.
	Commit(d audit.Deed, do func(told gateway.AuditLine) error) error
	Do(d audit.Deed, do func() error) error
	Refused(audit.Refusal)
	audit.Reader
}

// says fills in how a change is asked for, which the audit has; traffic and reads are not
// asked.
func says(c *call, run *action) {
	switch run.needs {
	case auth.ManageTenants, auth.ManageResources, auth.Tokens, auth.Reload, auth.V2:
	default:
		return
	}
	if !c.ctx.IsGet() {
		c.by.Asking = asking(c)
	}
}

func asking(c *call) *auth.Asking {
	if c.by.Asking != nil && edge.FromNode(c.ctx) != nil { // the node that has the client has said so
		return c.by.Asking
	}
	h := &c.ctx.Request.Header
	how := &auth.Asking{Client: edge.ClientIP(c.ctx).String(), RequestID: string(edge.RequestID(c.ctx))}
	if match := h.Peek(fasthttp.HeaderIfMatch); len(match) > 0 {
		how.IfMatch = string(match)
	}
	how.IfNoneMatch = string(h.Peek(fasthttp.HeaderIfNoneMatch))
	if agent := string(h.UserAgent()); strings.HasPrefix(agent, "hookgate-cli") || strings.HasPrefix(agent, "hookgate/") {
		how.Kind = audit.KindCLI
	}
	if c.who != nil && c.by.Asking != nil {
		how.Kind, how.RequestID = audit.KindConsole, c.by.Asking.RequestID
	}
	return how
}

// deed does something by hand to a thing of the path's tenant, or without one to the
// process: do has it and its line durable in one commit. Where the audit refuses it nothing
// is done.
//
// asked is what else was said of it: changes from nothing.
func (c *call) deed(action audit.Action, object string, do func(told gateway.AuditLine) error, asked ...audit.Change) error {
	d := deedOf(c, action, object)
	d.Changes = asked
	return c.trail.Commit(d, do)
}

func deedOf(c *call, action audit.Action, object string) audit.Deed {
	if c.by.Asking == nil {
		c.by.Asking = asking(c)
	}
	d := audit.Deed{By: c.by, Action: action, Object: object, Tenant: c.params.tenant}
	if c.params.hasTenant {
		d.Object = "tenants/" + c.params.tenant + "/" + object
	}
	return d
}

// refused tells the audit of who asked for what it may not.
func refused(c *call, err error) {
	var known *gateway.Error
	if !errors.As(err, &known) || known.Code != gateway.CodeUnauthenticated && known.Code != gateway.CodeForbidden {
		return
	}
	path := strings.TrimPrefix(string(edge.Path(c.ctx)), "/v1/")
	c.trail.Refused(audit.Refusal{
		By: c.by, Client: edge.ClientIP(c.ctx).String(), Reason: known.Code, Object: strings.ToValidUTF8(path, ""),
	})
}

// tag has the answer say which version of a thing it shows.
func tag(c *call, etag string) { c.ctx.Response.Header.Set(fasthttp.HeaderETag, etag) }

// audited is who changed what.
type audited struct{ lines audit.Reader }

// list lists lines of the audit, newest first.
func (h *audited) list(c *call) (answer, error) {
	q := c.query()
	p := q.page(isIDOf(gateway.PrefixAudit))
	ask := audit.Question{
		Tenant: q.one("tenant", gateway.IsName, "must be the id of a tenant"), Actor: q.text("actor"), Object: q.text("object"),
		Action: audit.Action(q.oneOf("action", audit.ActionWords(), "must be one of "+strings.Join(audit.ActionWords(), ", "))),
		Since:  q.moment("since"), Until: q.moment("until"), Before: p.after, Rows: rowsAtATime,
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	if c.by.Scope == auth.Tenant {
		own := c.snapshot.Tenant(c.by.Tenant)
		if own == nil {
			return answer{}, errNoTenant
		}
		// What a tenant of the same id did that was deleted before is not this one's.
		ask.Seen, ask.Since = own.ID, later(ask.Since, own.Meta.CreatedAt.Time)
	}
	l, err := c.list(p, plain)
	if err != nil {
		return answer{}, err
	}
	for more := true; more; {
		ask.Before, err = audit.Read(h.lines, ask, func(line gateway.AuditLine, fits bool) bool {
			c.turn.row()
			if fits {
				more = l.add(line.ID, func(t *text, _ extent) {
					t.append(len(line.Value), func(dst []byte) []byte { return append(dst, line.Value...) })
				})
			}
			return more
		})
		if err != nil {
			return answer{}, err
		}
		more = more && ask.Before != ""
	}
	return l.answer()
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
