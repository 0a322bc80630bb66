package node

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/resources"
	"hookgate/gateway/server"
)

// Finding is one thing that Doctor has to say (SPEC-operations O10).
type Finding struct {
	Check    string `json:"check"`
	Severity string `json:"severity"` // ok, warning, error
	Detail   string `json:"detail"`
	Fix      string `json:"fix"` // what to do; "": nothing
}

// Severities. An error is what serve would refuse, and a date that is over.
const (
	SeverityOK      = "ok"
	SeverityWarning = "warning"
	SeverityError   = "error"
)

// doctor looks at a configuration, and at the machine that is to serve it.
type doctor struct {
	config *configs.Config
	now    time.Time
	all    []Finding
}

// Doctor looks for what would keep a configuration from being served, and for what is
// worth a word. load is how it is read. What the API holds is not looked at. It asks nobody
// over the network but the database, and leaves nothing behind.
func Doctor(load func() (*configs.Config, error)) []Finding {
	d := &doctor{now: time.Now()}
	c, err := load()
	if err != nil {
		d.mistaken(err)
		return d.all
	}
	d.config = c
	store, key := d.disk, d.key
	if c.Store.Driver == configs.DriverPostgres {
		store, key = d.database, func() { d.ok("key", "the master key is given, and no other than that of the schema") }
	}
	for _, check := range []func(){
		d.configuration, d.certificates, store, d.descriptors, d.ports, key, d.secrets, d.verify, d.endpoints, d.egress, d.platforms, d.internal,
	} {
		check()
	}
	return d.all
}

func (d *doctor) add(check, severity, fix, format string, args ...any) {
	d.all = append(d.all, Finding{check, severity, fmt.Sprintf(format, args...), fix})
}

// ok says that a check found nothing, where it found nothing since.
func (d *doctor) ok(check, format string, args ...any) {
	if !slices.ContainsFunc(d.all, func(f Finding) bool { return f.Check == check }) {
		d.add(check, SeverityOK, "", format, args...)
	}
}

// notLooked is what a check that found nothing says of tenants' parts.
const notLooked = "what the API holds is not looked at"

func (d *doctor) mistaken(err error) {
	var mistakes configs.Mistakes
	if !errors.As(err, &mistakes) {
		d.add("configuration", SeverityError, "make the file readable, or name another with --config", "%s", err)
	}
	for _, m := range mistakes.Apart() {
		place := ""
		if m.File != "" {
			place = fmt.Sprintf("%s:%d:%d: ", m.File, m.Line, m.Column)
		}
		d.add("configuration", SeverityError, "mend the file: hookgate check shows each place", "%s%s", place, m.Message)
	}
}

func (d *doctor) configuration() {
	dated := func(f gateway.Fault) bool {
		return fields.Within(f.Path, "public.tls") || fields.Within(f.Path, "internal.tls")
	}
	if faults := slices.DeleteFunc(CheckAll(d.config), dated); len(faults) > 0 {
		d.mistaken(d.config.Report(faults))
	}
	for _, f := range slices.DeleteFunc(Warnings(d.config), dated) {
		d.add("configuration", SeverityWarning, "look the key up in the reference: hookgate config show, configs/reference.yaml", "%s", f)
	}
	d.ok("configuration", "it can be served: %s, %s; "+notLooked, counted(len(d.config.Tenants), "tenant"), counted(len(d.config.Routes), "route"))
}

// counted says how many there are of what has a plural in s.
func counted(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + one + "s"
}

// certificates holds the clock against the dates of what the listeners show, and of what
// is shown to others.
func (d *doctor) certificates() {
	const check, fix = "certificates", "renew the certificate, or set the clock right"
	if d.now.Year() < 2026 {
		d.add(check, SeverityError, "set the clock: nothing that is signed can be judged by it", "the clock says %s", d.now.UTC().Format(time.RFC3339))
	}
	host := ""
	if u, err := url.Parse(d.config.Public.URL); err == nil && u.Scheme == "https" {
		host = u.Hostname()
	}
	for _, one := range []struct{ place, cert, key, host string }{
		{"public.tls", d.config.Public.TLS.Cert, d.config.Public.TLS.Key, host},
		{"internal.tls", d.config.Internal.TLS.Cert, d.config.Internal.TLS.Key, ""},
	} {
		if one.cert == "" {
			continue
		}
		for _, f := range server.CheckCertificate(one.cert, one.key, one.host, d.now) {
			severity := SeverityError
			if f.Warning && !f.Over {
				severity = SeverityWarning
			}
			d.add(check, severity, fix, "%s: %s %s", one.place, one.cert, f.Message)
		}
	}
	if ca := d.config.Internal.TLS.ClientCA; ca != "" {
		if message := server.CheckAuthorities(ca); message != "" {
			d.add(check, SeverityError, "name a file of certificates in PEM", "internal.tls.client_ca: %s %s", ca, message)
		}
	}
	tenants, routes := compiledFile(d.config)
	for _, t := range tenants {
		for _, e := range t.Endpoints() {
			d.ended(fields.Member("tenants."+t.ID+".endpoints", e.ID), e.TLS)
		}
		for _, w := range t.Webhooks() {
			d.ended(fields.Member("tenants."+t.ID+".webhooks", w.ID), w.TLS)
		}
	}
	for _, r := range routes {
		for _, u := range slices.Sorted(maps.Keys(r.TLS)) {
			d.ended(fields.Member("routes", r.ID), r.TLS[u])
		}
	}
	d.ok(check, "the dates of those of the file hold, by the clock of this machine, %s; "+notLooked, d.now.UTC().Format(time.RFC3339))
}

// expires is what knows the dates of certificates.
type expires interface {
	Expired(now time.Time) (member string, at time.Time)
}

func (d *doctor) ended(place string, of expires) {
	if member, at := of.Expired(d.now); member != "" {
		d.add("certificates", SeverityError, "renew the certificate", "%s.tls.%s has expired on %s", place, member, at.UTC().Format("2006-01-02"))
	}
}

// secretMembers are the members that prove who somebody is: other secrets, as header
// fields, may be short.
var secretMembers = []string{"secrets", "secret", "password", "token", "verify_token", "verification_token"}

// leastSecret is how many characters a secret should have.
const leastSecret = 16

func (d *doctor) secrets() {
	const check = "secrets"
	first := map[gateway.Secret]string{}
	look := func(path string, s gateway.Secret) {
		_, member := fields.Parent(path)
		if strings.HasPrefix(member, "[") { // of a list
			list, _ := fields.Parent(path)
			_, member = fields.Parent(list)
		}
		if s == "" || !slices.Contains(secretMembers, member) {
			return
		}
		if n := len(s.Reveal()); n < leastSecret {
			d.add(check, SeverityWarning, "use 16 random characters or more, as `openssl rand -hex 16` makes them", "%s has %d characters", path, n)
		}
		if other, twice := first[s]; twice {
			d.add(check, SeverityWarning, "give each a secret of its own: who has one has the other", "%s is the same as %s", path, other)
			return
		}
		first[s] = path
	}
	for _, id := range slices.Sorted(maps.Keys(d.config.Tenants)) {
		t := d.config.Tenants[id]
		within := func(path string, s gateway.Secret) { look(fields.Member("tenants", id)+"."+path, s) }
		resources.EachSecret(&t, within)
	}
	for _, id := range slices.Sorted(maps.Keys(d.config.Routes)) {
		r := d.config.Routes[id]
		resources.EachSecret(&r, func(path string, s gateway.Secret) { look(fields.Member("routes", id)+"."+path, s) })
	}
	for i, t := range d.config.Tokens {
		look(fields.Index("tokens", i)+".secret", t.Secret)
	}
	d.ok(check, "%d of the file, none of them short or there twice; "+notLooked, len(first))
}

func (d *doctor) verify() {
	const check, fix = "verify", "set verify to what the sender can do, or list its addresses in allow_ips"
	for _, id := range slices.Sorted(maps.Keys(d.config.Tenants)) {
		for name, s := range d.config.Tenants[id].Sources {
			if s.Verify.Type == "none" {
				d.add(check, SeverityWarning, fix, "tenants.%s.sources.%s takes callbacks from anybody", id, name)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.config.Routes)) {
		if r := d.config.Routes[id]; r.Mode == gateway.ModeRelay && (r.Verify == nil || r.Verify.Type == "none") {
			d.add(check, SeverityWarning, fix, "routes.%s takes and stores requests of anybody", id)
		}
	}
	d.ok(check, "every source and relay of the file knows who calls; "+notLooked)
}

func (d *doctor) endpoints() {
	const check, fix = "endpoints", "use https: what is sent, and its signature, can be read and replayed on the way"
	plain := func(place, u string) {
		if strings.HasPrefix(strings.ToLower(u), "http://") {
			d.add(check, SeverityWarning, fix, "%s is sent to without TLS", place)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(d.config.Tenants)) {
		t := d.config.Tenants[id]
		for _, name := range slices.Sorted(maps.Keys(t.Endpoints)) {
			plain("tenants."+id+".endpoints."+name, t.Endpoints[name].URL)
		}
		for _, name := range slices.Sorted(maps.Keys(t.Webhooks)) {
			plain("tenants."+id+".webhooks."+name, t.Webhooks[name].URL)
		}
	}
	d.ok(check, "all that endpoints and webhooks of the file are sent goes over TLS; "+notLooked)
}

// Addresses that a hole in the egress rules should not reach.
var sensitive = []struct {
	of, what string
}{
	{"169.254.169.254", "the metadata service of clouds, which gives out credentials"}, {"127.0.0.1", "this machine itself"}, {"::1", "this machine itself"},
}

func (d *doctor) egress() {
	const check, fix = "egress", "list the addresses or small networks that are meant"
	for i, network := range d.config.Egress.Allow {
		prefix := network.Prefix()
		place := fields.Index("egress.allow", i)
		for _, s := range sensitive {
			if prefix.Contains(netip.MustParseAddr(s.of)) {
				d.add(check, SeverityWarning, fix, "%s, %s, lets tenants reach %s", place, prefix, s.what)
			}
		}
		if wide := prefix.Addr().Is4() && prefix.Bits() < 16 || prefix.Addr().Is6() && prefix.Bits() < 48; wide {
			d.add(check, SeverityWarning, fix, "%s, %s, is wide", place, prefix)
		}
	}
	if p := d.config.Egress.Proxy; p.URL != "" && p.Resolve == "proxy" {
		d.add(check, SeverityWarning, "let the proxy refuse private addresses itself", "egress.proxy looks names up: where they lead is not judged here")
	}
	d.ok(check, "%d networks beyond public addresses are reached", len(d.config.Egress.Allow))
}

func (d *doctor) platforms() {
	const check = "platform"
	for _, id := range slices.Sorted(maps.Keys(d.config.Tenants)) {
		if p := d.config.Tenants[id].Platform; p == nil || p.URL == "" {
			d.add(check, SeverityWarning, "set platform.url, if its waits or calls use mode notify or async", "tenants.%s has no platform url: nobody can be told of outcomes", id)
		}
	}
	d.ok(check, "every tenant of the file has a platform url; "+notLooked)
}

func (d *doctor) internal() {
	const check = "internal"
	host := cmp.Or(hostOf(d.config.Internal.Addr), "every address")
	if host != "localhost" && !isLoopback(host) && d.config.Internal.TLS.Cert == "" {
		d.add(check, SeverityWarning, "bind it to a loopback or private address, or set internal.tls", "internal.addr is open on %s without TLS: tokens can be read on the way", host)
	}
	d.ok(check, "it is reached from this machine alone, or over TLS")
}
