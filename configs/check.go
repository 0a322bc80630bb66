package configs

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"hookgate/auth"
	"hookgate/auth/token"
	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// faults collects what is wrong, each under the name the operator wrote.
type faults []gateway.Fault

func (f *faults) add(path, format string, args ...any) {
	*f = append(*f, gateway.Fault{Path: path, Message: fmt.Sprintf(format, args...)})
}

// unless adds a fault where a condition does not hold.
func (f *faults) unless(ok bool, path, format string, args ...any) {
	if !ok {
		f.add(path, format, args...)
	}
}

// text adds a fault where there is one to tell.
func (f *faults) text(path, message string) { f.unless(message == "", path, "%s", message) }

// word adds a fault where a value is none of the words. "" is one of them where
// it is listed, first, as the default.
func (f *faults) word(path, value string, words ...string) {
	f.unless(slices.Contains(words, value), path, "must be one of %s%s", strings.TrimPrefix(strings.Join(words, ", "), ", "), fields.Meant(value, words))
}

// check finds what single keys say wrong. What the parts of a tenant, and routes,
// say is found by those who compile them: see Options.Check.
func (c *Config) check() []gateway.Fault {
	f := faults(c.checkProcess())
	c.checkTokens(&f)
	for _, id := range slices.Sorted(maps.Keys(c.Tenants)) {
		t := c.Tenants[id]
		place := fields.Member("tenants", id)
		f.text(place, nameFault(id))
		f = append(f, t.names(place)...)
	}
	for _, id := range slices.Sorted(maps.Keys(c.Routes)) {
		f.text(fields.Member("routes", id), nameFault(id))
	}
	return f
}

// names checks the names of what a tenant has.
func (t *Tenant) names(place string) []gateway.Fault {
	var f faults
	for _, source := range slices.Sorted(maps.Keys(t.Sources)) {
		f.text(fields.Member(place+".sources", source), nameFault(source))
	}
	for _, endpoint := range slices.Sorted(maps.Keys(t.Endpoints)) {
		f.text(fields.Member(place+".endpoints", endpoint), nameFault(endpoint))
	}
	for _, webhook := range slices.Sorted(maps.Keys(t.Webhooks)) {
		f.text(fields.Member(place+".webhooks", webhook), nameFault(webhook))
	}
	return f
}

// checkProcess checks the sections that are about the process itself.
func (c *Config) checkProcess() []gateway.Fault {
	var f faults
	f.text("public.addr", addressFault(c.Public.Addr))
	if c.Public.URL != "" {
		f.text("public.url", baseFault(c.Public.URL))
	}
	f.unless((c.Public.TLS.Cert == "") == (c.Public.TLS.Key == ""), "public.tls", "must name both files, cert and key, or none")
	f.unless(c.Public.MaxBody >= 1 && c.Public.MaxBody <= MaxMaxBody, "public.max_body", "must be 1 byte to %d MiB", MaxMaxBody>>20)
	f.text("internal.addr", addressFault(c.Internal.Addr))
	own := &c.Internal.TLS
	f.unless((own.Cert == "") == (own.Key == ""), "internal.tls", "must name both files, cert and key, or none")
	f.unless(own.ClientCA == "" || own.Cert != "", "internal.tls.client_ca", "is for a listener with cert and key")
	for _, timeout := range []struct {
		place string
		value gateway.Duration
	}{
		{"public.idle_timeout", c.Public.IdleTimeout}, {"public.read_timeout", c.Public.ReadTimeout}, {"internal.idle_timeout", c.Internal.IdleTimeout},
	} {
		f.unless(time.Duration(timeout.value) >= MinConnTimeout && time.Duration(timeout.value) <= MaxConnTimeout, timeout.place,
			"must be %s to %s", gateway.Duration(MinConnTimeout), gateway.Duration(MaxConnTimeout))
	}
	c.Console.check(&f)
	c.Store.check(&f)
	c.checkCluster(&f)
	for i, port := range c.Egress.Ports {
		f.unless(port >= 1 && port <= 65535, fields.Index("egress.ports", i), "must be a port, 1 to 65535")
	}
	f.word("egress.proxy.resolve", c.Egress.Proxy.Resolve, "", "proxy")
	f.word("log.level", c.Log.Level, "debug", "info", "warn", "error")
	f.word("log.format", c.Log.Format, "json", "text")
	c.Bounds.check(&f)
	c.Requests.check(&f)
	f.unless(c.Backup.Rate == 0 || c.Backup.Rate >= 1<<20, "backup.rate", "must be 0, for as fast as it goes, or at least 1MiB a second")
	const day = 24 * time.Hour
	f.unless(time.Duration(c.Audit.Retention) >= day && time.Duration(c.Audit.Retention) <= 3660*day, "audit.retention", "must be 1d to 3660d")
	f.unless(c.Audit.Daily >= 64<<10 && c.Audit.Daily <= 1<<30, "audit.daily", "must be 64KiB to 1GiB")
	c.Otel.check(&f)
	f.unless(time.Duration(c.Drain.Timeout) <= MaxDrain, "drain.timeout", "must be at most %s", gateway.Duration(MaxDrain))
	f.unless(time.Duration(c.Drain.Delay) <= MaxDrain, "drain.delay", "must be at most %s", gateway.Duration(MaxDrain))
	return f
}

func (c *Console) check(f *faults) {
	const most = 100
	if c.Addr != "" {
		f.text("console.addr", addressFault(c.Addr))
	}
	if c.URL != "" {
		f.text("console.url", baseFault(c.URL))
	}
	f.unless(len(c.Redact) <= most, "console.redact", "must have at most %d places", most)
	for i, place := range c.Redact {
		f.unless(place != "" && len(place) <= 256 && !strings.ContainsAny(place, " \t\r\n"), fields.Index("console.redact", i), "must be a place in a body, such as card.number or items[*].iban")
	}
}

func (o *Otel) check(f *faults) {
	if o.Endpoint != "" {
		f.text("otel.endpoint", baseFault(o.Endpoint))
	}
	for _, h := range o.Headers {
		value := h.Value.Reveal()
		f.unless(isToken(h.Name), fields.Member("otel.headers", h.Name), "must be the name of a header field")
		f.unless(!strings.ContainsFunc(value, func(c rune) bool { return c != '\t' && (c < ' ' || c > '~') }),
			fields.Member("otel.headers", h.Name), "must be printable ASCII")
	}
	f.unless(o.Sample >= 0 && o.Sample <= 1, "otel.sample", "must be 0 to 1")
	f.unless(o.ServiceName != "" && len(o.ServiceName) <= 255, "otel.service_name", "must be 1 to 255 characters")
}

// isToken says whether a text may name a header field (RFC 9110 5.6.2).
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return c <= ' ' || c > '~' || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
}

func (r *Requests) check(f *faults) {
	f.unless(r.PerSource >= 2 && r.PerSource <= MaxPerSource, "requests.per_source", "must be 2 to %d", MaxPerSource)
	f.unless(r.Memory >= MinRequests && r.Memory <= MaxRequests, "requests.memory", "must be %d MiB to %d GiB", MinRequests>>20, MaxRequests>>30)
}

func (b *Bounds) check(f *faults) {
	for _, size := range []struct {
		name        string
		value       gateway.Size
		least, most gateway.Size
	}{
		// Below these a single thing that SPEC allows would never have room.
		{"bodies", b.Bodies, 64 << 20, 1 << 40},
		{"answers", b.Answers, 16 << 20, 1 << 40},
		{"list_answer", b.ListAnswer, 64 << 10, 8 << 20},
		{"contexts", b.Contexts, 1 << 20, 1 << 40},
		{"parked", b.Parked, 1 << 20, 1 << 40},
		{"call_requests", b.CallRequests, 16 << 20, 1 << 40},
		{"call_answers", b.CallAnswers, 16 << 20, 1 << 40},
		{"attempts", b.Attempts, 16 << 20, 1 << 40},
		{"sessions", b.Sessions, 1 << 20, 1 << 40},
		{"configuration", b.Configuration, 4 << 20, 1 << 40},
		{"variables_max", b.VariablesMax, 1 << 10, 16 << 20},
	} {
		least, _ := size.least.MarshalJSON() // a number of bytes is always written
		most, _ := size.most.MarshalJSON()
		f.unless(size.value >= size.least && size.value <= size.most, "bounds."+size.name, "must be %s to %s",
			strings.Trim(string(least), `"`), strings.Trim(string(most), `"`))
	}
	// While others want some a list gets a quarter: what it reads, and what it writes.
	f.unless(b.Answers >= 8*b.ListAnswer, "bounds.answers", "must be at least 8 times bounds.list_answer")
	for _, count := range []struct {
		name               string
		value, least, most int
	}{
		{"waits", b.Waits, 100, 100_000_000},
		{"calls", b.Calls, 16, 1_000_000},
		{"waited_calls", b.WaitedCalls, 16, 1_000_000},
		{"holds", b.Holds, 16, 1_000_000},
		{"streams", b.Streams, 16, 100_000},
		{"fetches", b.Fetches, 16, 100_000},
		{"windows", b.Windows, 10_000, 100_000_000},
		{"connections", b.Connections, 64, 100_000},
		{"publish", b.Publish, 1000, 100_000},
		{"publishing", b.Publishing, 100_000, 10_000_000},
		{"pattern", b.Pattern, 100, 1000},
	} {
		f.unless(count.value >= count.least && count.value <= count.most, "bounds."+count.name, "must be %d to %d", count.least, count.most)
	}
	f.unless(b.Mapping >= gateway.Duration(time.Millisecond) && b.Mapping <= gateway.Duration(time.Second), "bounds.mapping", "must be 1ms to 1s")
}

func (c *Config) checkTokens(f *faults) {
	first := map[gateway.Secret]int{}
	for i, t := range c.Tokens {
		place := fields.Index("tokens", i)
		f.word(place+".scope", t.Scope, string(auth.Admin), string(auth.Platform), string(auth.Tenant))
		switch {
		case t.Scope == string(auth.Tenant) && !gateway.IsName(t.Tenant):
			f.add(place+".tenant", "must be the id of the token's tenant")
		case t.Scope != string(auth.Tenant) && t.Tenant != "":
			f.add(place+".tenant", "is for the scope tenant only")
		}
		f.unless(len(t.Name) <= maxName, place+".name", "must be at most %d bytes", maxName)
		if fault := tokenFault(t.Secret); fault != "" {
			f.add(place+".secret", "%s", fault)
			continue
		}
		if at, twice := first[t.Secret]; twice {
			f.add(place+".secret", "is the same as that of %s: each token has its own", fields.Index("tokens", at))
			continue
		}
		first[t.Secret] = i
	}
}

const maxName = 256 // bytes

// checkSecrets checks what only the environment gives; its faults have the
// variable's name for a path.
func (c *Config) checkSecrets() []gateway.Fault {
	var f faults
	if c.AdminToken != "" {
		f.text("HOOKGATE_ADMIN_TOKEN", tokenFault(c.AdminToken))
	}
	switch {
	case c.MasterKey == "" && c.Store.Driver == DriverPostgres:
		f.add("HOOKGATE_MASTER_KEY", "must be set with store.driver postgres: every node has the same, and none keeps it on its disk")
	case c.MasterKey != "":
		key, err := base64.StdEncoding.DecodeString(c.MasterKey.Reveal())
		f.unless(err == nil && len(key) == keyBytes, "HOOKGATE_MASTER_KEY", "must be %d bytes in base64, as `openssl rand -base64 %d` makes them", keyBytes, keyBytes)
	}
	return f
}

// tokenFault says what is wrong with a token that a person chose.
func tokenFault(s gateway.Secret) string {
	if err := token.CheckChosen(s.Reveal()); err != nil {
		return err.Error()
	}
	return ""
}

// nameFault says what is wrong with an id that a person picked.
func nameFault(id string) string {
	if gateway.IsName(id) {
		return ""
	}
	return "must have a name of 1 to 63 characters a-z, 0-9, - and _, the first a letter or digit"
}
