package node

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"hookgate/auth"
	"hookgate/configs"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
	"hookgate/gateway/resources"
	"hookgate/gateway/transport"
)

// Check gives every fault that compiling the file's resources finds, placed from
// the file's root. It starts nothing.
func Check(c *configs.Config) []gateway.Fault {
	_, faults := compileAll(c, fileOf(c))
	return faults
}

// compileAll compiles a file, and gives its tenants where nothing is wrong with them.
func compileAll(c *configs.Config, f resources.File) ([]*directory.Tenant, []gateway.Fault) {
	tenants, faults := directory.CompileFile(f.Tenants, f.Compile)
	_, more := directory.CompileRoutes(f.Routes, f.Compile)
	_, wrong := wayOf(c)
	return tenants, append(append(faults, more...), wrong...)
}

// fileOf is what a configuration says of resources.
func fileOf(c *configs.Config) resources.File {
	egress := egressOf(c)
	f := resources.File{
		Tenants: make(map[string]directory.FileTenant, len(c.Tenants)),
		Routes:  c.Routes, Settings: c.Settings(),
		Compile: directory.Options{
			Rules:   fmt.Sprint(egress),
			MaxBody: c.Public.MaxBody, CheckURL: egress.CheckURL, CheckHeader: transport.CheckHeader,
			Mapping: mappingOf(c),
		},
	}
	for id, t := range c.Tenants {
		f.Tenants[id] = directory.FileTenant{Tenant: t.Tenant, Sources: t.Sources, Endpoints: t.Endpoints, Webhooks: t.Webhooks, Digest: t.Digest()}
	}
	for _, t := range c.Tokens {
		scope, _ := auth.ParseScope(t.Scope) // configs has checked it
		f.Tokens = append(f.Tokens, resources.FileToken{Scope: scope, Tenant: t.Tenant, Name: t.Name, Secret: t.Secret})
	}
	return f
}

// mappingOf is what rules and variables may be and take.
func mappingOf(c *configs.Config) mapping.Bounds {
	return mapping.Bounds{Pattern: c.Bounds.Pattern, Variables: int(c.Bounds.VariablesMax), Work: time.Duration(c.Bounds.Mapping)}
}

// fileOf is that of a node, which can fetch what providers sign with.
func (p *parts) fileOf(c *configs.Config) resources.File {
	f := fileOf(c)
	f.Compile.Certificates, f.Compile.KeySets = p.certificates, p.keySets
	f.Compile.Mapping.Peaks = p.peaks
	return f
}

// trustedOf gives the proxies in front that are believed.
func trustedOf(c *configs.Config) []netip.Prefix { return prefixes(c.Public.TrustedProxies) }

func prefixes(all []configs.Network) (networks []netip.Prefix) {
	for _, network := range all {
		networks = append(networks, network.Prefix())
	}
	return networks
}

// report shows faults of the file's resources where they stand in the file.
func report(c *configs.Config, err error) error {
	var invalid *gateway.Error
	if errors.As(err, &invalid) && len(invalid.Faults) > 0 {
		return c.Report(invalid.Faults)
	}
	return err
}
