package changes

import (
	"strconv"
	"time"

	"hookgate/gateway"
)

// Kind is what a change is about.
type Kind string

// The kinds of changes.
const (
	Breaker     Kind = "breaker"
	Endpoint    Kind = "endpoint"
	Reload      Kind = "reload"
	Certificate Kind = "certificate"
	Disk        Kind = "disk"
)

// Kinds lists them.
var Kinds = []string{string(Breaker), string(Endpoint), string(Reload), string(Certificate), string(Disk)}

// Change is one thing that changed.
type Change struct {
	At     time.Time
	Kind   Kind
	State  string // opened, closed; disabled, enabled; done, refused; ends_soon, ended, good; low, full, good
	Tenant string // "": nobody's, and shown to the operator alone
	Object string // tenants/acme/endpoints/crm, routes/wa, configuration, public.tls, store
	Detail string // in words; "": there is no more to say
	Until  time.Time
}

// line makes a change what is stored of it; skipped is how many were left out before it.
func (c *Change) line(id string, above []string, skipped int) gateway.AuditLine {
	dst := gateway.AppendString([]byte(`{"id":`), id)
	dst = gateway.At(c.At).AppendJSON(append(dst, `,"at":`...))
	dst = gateway.AppendMember(dst, "kind", string(c.Kind))
	dst = gateway.AppendMember(dst, "state", c.State)
	dst = gateway.AppendOptional(dst, "tenant", c.Tenant)
	dst = gateway.AppendMember(dst, "object", c.Object)
	dst = gateway.AppendOptional(dst, "detail", c.Detail)
	dst = gateway.Time{Time: c.Until}.AppendJSON(append(dst, `,"until":`...))
	dst = strconv.AppendInt(append(dst, `,"skipped":`...), int64(skipped), 10)
	line := gateway.AuditLine{ID: id, Value: append(dst, '}')}
	if c.Tenant != "" {
		line.Tenants = append([]string{c.Tenant}, above...)
	}
	return line
}
