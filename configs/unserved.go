package configs

import (
	"maps"
	"slices"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// NotInService names the parts of a configuration that are known and checked,
// but that this version does nothing with yet.
func NotInService(c *Config) (parts []string) {
	if c.Public.TLS.Cert != "" {
		parts = append(parts, "public.tls")
	}
	if len(c.Routes) > 0 {
		parts = append(parts, "routes")
	}
	return parts
}

func (c *Config) checkRoutes(f *faults) {
	for _, id := range slices.Sorted(maps.Keys(c.Routes)) {
		r, at := c.Routes[id], fields.Member("routes", id)
		f.text(at, nameFault(id))
		f.unless(strings.HasPrefix(r.Match.Path, "/"), at+".match.path", `must be a path, such as "/channels/whatsapp", or "/" for all`)
		f.word(at+".mode", r.Mode, "proxy", "relay")
		f.unless(len(r.Upstreams) > 0, at+".upstreams", "must have one or more")
		for i, upstream := range r.Upstreams {
			f.text(fields.Index(at+".upstreams", i)+".url", baseFault(upstream.URL))
		}
		f.unless(r.Mode != "relay" || gateway.IsName(r.Tenant), at+".tenant", "must be the id of the tenant whose deliveries the relay makes")
		f.unless(r.MaxBody == nil || *r.MaxBody >= 1, at+".max_body", "must be 1 byte or more")
	}
}
