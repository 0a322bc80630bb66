package auth

import "time"

// Principal is who asks: what its token says, and no secret.
type Principal struct {
	Scope   Scope
	Tenant  string // the token's own tenant; empty unless Scope is Tenant
	TokenID string // "tok_…"; empty for a token given by environment or file
	Name    string // of the token
	Expires int64  // when the token ends, in milliseconds of Unix time; 0: never
	Asking  *Asking
}

// Asking is how a principal asks, of one request that changes something; nil: nobody
// wants to know.
type Asking struct {
	Kind        string // how it came, for the audit: "cli", "console"; "": by its token
	Client      string // the address that it asks from
	RequestID   string
	IfMatch     string // the field If-Match: only what still is as it says is changed
	IfNoneMatch string // the field If-None-Match: only what is not as it says is; "*": what is not there
	Dry         bool   // tell what would be, and change nothing
}

// Expired says whether the token has ended at a moment.
func (p Principal) Expired(at time.Time) bool { return p.Expires != 0 && at.UnixMilli() >= p.Expires }

// Match is what the change asked for depends on; "": on nothing.
func (p Principal) Match() string {
	if p.Asking == nil {
		return ""
	}
	return p.Asking.IfMatch
}

// NoneMatch is what the thing must not be for the change that is asked for; "": it may be any.
func (p Principal) NoneMatch() string {
	if p.Asking == nil {
		return ""
	}
	return p.Asking.IfNoneMatch
}

// Dry says that the change asked for is to be judged, and not made.
func (p Principal) Dry() bool { return p.Asking != nil && p.Asking.Dry }

// Action is a class of what can be asked, as far as scopes tell it apart.
type Action uint8

// The closed list of actions. Their rules are SPEC 3 and 14, "Tokens".
const (
	Read            Action = iota // configuration, waits, events, deliveries, timelines; tokens excepted
	ReadHeaders                   // see outbound headers unmasked (SPEC 14, "headers")
	ManageTenants                 // make, replace and delete tenants
	ManageResources               // make, replace, delete and steer sources, endpoints, webhooks, deliveries
	UseWaits                      // open, hold and cancel waits
	Publish                       // events of one named tenant
	PublishAny                    // events that find their tenant by account key
	Call                          // run a webhook
	Tokens                        // make, list and revoke tokens
	Reload                        // load the configuration file again
	Keep                          // take backups; let a restored gateway send
	ReadAudit                     // who changed what
	ReadPlatform                  // see whole what goes to the platform: bodies of its lanes
	ManagePlatform                // steer its lanes; see the header fields that only the platform gets
	ReadStrangers                 // see requests that found no tenant
	V2                            // the connections API, which knows its tenant by the token alone
	actions
)

type scopes uint8

const (
	admin scopes = 1 << iota
	platform
	tenant
)

// allowed is the whole rule, one row for each action.
var allowed = [actions]scopes{
	Read:            admin | platform | tenant,
	ReadHeaders:     admin | tenant,
	ManageTenants:   admin | tenant,
	ManageResources: admin | tenant,
	UseWaits:        admin | platform | tenant,
	Publish:         admin | platform | tenant,
	PublishAny:      admin | platform,
	Call:            admin | platform | tenant,
	Tokens:          admin,
	Reload:          admin,
	Keep:            admin,
	ReadAudit:       admin | tenant,
	ReadPlatform:    admin | platform,
	ManagePlatform:  admin,
	ReadStrangers:   admin,
	V2:              tenant,
}

// Allows tells whether the principal's scope may do a at all. For a tenant's
// token the tenant asked about must also lie in its tree: the caller checks that.
func (p Principal) Allows(a Action) bool {
	return a < actions && allowed[a]&p.scope() != 0
}

// MayBound tells whether the principal may set what binds a tenant that it may
// manage: nobody widens their own bounds (SPEC 14, 16 "Rights").
func (p Principal) MayBound(of string) bool {
	return p.Allows(ManageTenants) && (p.Scope != Tenant || p.Tenant != of)
}

// EveryTenant tells whether the principal reaches every tenant, so that the
// caller need not look at the tree.
func (p Principal) EveryTenant() bool { return p.Scope == Admin || p.Scope == Platform }

func (p Principal) scope() scopes {
	switch p.Scope {
	case Admin:
		return admin
	case Platform:
		return platform
	case Tenant:
		if p.Tenant != "" { // a tenant token without a tenant reaches nothing
			return tenant
		}
	}
	return 0
}
