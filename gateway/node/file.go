package node

import (
	"errors"
	"net/netip"
	"strings"
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
	f := fileOf(c)
	_, faults := directory.CompileFile(f.Tenants, f.Compile)
	_, more := directory.CompileRoutes(f.Routes, f.Compile)
	return append(faults, more...)
}

// fileOf is what a configuration says of resources.
func fileOf(c *configs.Config) resources.File {
	egress := egressOf(c)
	f := resources.File{
		Tenants: make(map[string]directory.FileTenant, len(c.Tenants)),
		Routes:  c.Routes,
		Compile: directory.Options{
			MaxBody: c.Public.MaxBody, CheckURL: egress.CheckURL, CheckHeader: transport.CheckHeader,
			Mapping: mapping.Bounds{
				Pattern: c.Bounds.Pattern, Variables: int(c.Bounds.VariablesMax), Work: time.Duration(c.Bounds.Mapping),
			},
		},
	}
	for id, t := range c.Tenants {
		f.Tenants[id] = directory.FileTenant{Tenant: t.Tenant, Sources: t.Sources, Endpoints: t.Endpoints, Webhooks: t.Webhooks}
	}
	for _, t := range c.Tokens {
		scope, _ := auth.ParseScope(t.Scope) // configs has checked it
		f.Tokens = append(f.Tokens, resources.FileToken{Scope: scope, Tenant: t.Tenant, Secret: t.Secret})
	}
	return f
}

// fileOf is that of a node, which can fetch what providers sign with.
func (n *Node) fileOf(c *configs.Config) resources.File {
	f := fileOf(c)
	f.Compile.Certificates = n.certificates
	f.Compile.Mapping = fileOf(n.config).Compile.Mapping // bounds are read at start
	f.Compile.Mapping.Peaks = n.peaks
	return f
}

func egressOf(c *configs.Config) (e transport.Egress) {
	for _, network := range c.Egress.Allow {
		e.Allow = append(e.Allow, network.Prefix())
	}
	for _, port := range c.Egress.Ports {
		e.Ports = append(e.Ports, uint16(port)) // configs has checked it
	}
	return e
}

// trustedOf gives the proxies in front that are believed.
func trustedOf(c *configs.Config) (networks []netip.Prefix) {
	for _, network := range c.Public.TrustedProxies {
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

// Reload loads the file again, all or nothing: a bad file changes nothing. What
// cannot change while running keeps its value, and is named in a warning.
func (n *Node) Reload() (err error) {
	n.reloading.Lock()
	defer n.reloading.Unlock()
	counts := n.metrics.Reloads()
	defer func() {
		if err != nil {
			counts.Error.Inc()
			n.Log.Error("the configuration was not loaded again, the old one stays", "error", err)
			return
		}
		counts.OK.Inc()
		n.Log.Info("the configuration was loaded again")
	}()
	next, err := n.Load()
	if err != nil {
		return err
	}
	if err := n.resources.SetFile(n.fileOf(next)); err != nil {
		return report(next, err)
	}
	n.transport.SetEgress(egressOf(next))
	n.proxy.Trust(trustedOf(next))
	n.proveEndpoints()
	if err := n.dropOrphans(); err != nil {
		n.Log.Error("the configuration was loaded, but", "error", err) // the next load, or start, does it
	}
	for _, fixed := range []struct {
		name    string
		changed bool
	}{
		{"public.addr", next.Public.Addr != n.config.Public.Addr},
		{"public.url", next.Public.URL != n.config.Public.URL},
		{"public.tls", next.Public.TLS != n.config.Public.TLS},
		{"public.max_body", next.Public.MaxBody != n.config.Public.MaxBody},
		{"internal.addr", next.Internal.Addr != n.config.Internal.Addr},
		{"store.dir", next.Store.Dir != n.config.Store.Dir},
		{"log", next.Log != n.config.Log},
		{"bounds", next.Bounds != n.config.Bounds},
		{"drain", next.Drain != n.config.Drain},
	} {
		if fixed.changed {
			n.Log.Warn("this setting takes a restart", "setting", fixed.name)
		}
	}
	n.warn(next)
	return nil
}

// reloadAsked is Reload for who asks over the API: the answer names the mistakes,
// each by its place in the file, without the line that the log shows of it.
func (n *Node) reloadAsked() error {
	err := n.Reload()
	var mistakes configs.Mistakes
	if !errors.As(err, &mistakes) {
		return err
	}
	shown := &gateway.Error{Code: gateway.CodeInvalidField, Message: "the configuration file is faulty", Err: err}
	for _, mistake := range mistakes {
		place, _, _ := strings.Cut(mistake, "\n")
		shown.Faults = append(shown.Faults, gateway.Fault{Message: place})
	}
	return shown
}

// warn names what an operator should know of a configuration that is taken.
func (n *Node) warn(c *configs.Config) {
	for _, r := range n.directory.Current().Routes() {
		if !r.Enabled {
			n.Log.Warn("this route is out of service: its tenant is not there, or disabled", "route", r.ID, "tenant", r.Spec.Tenant)
		}
		if r.Spec.Verify != nil && r.Spec.Verify.Type == "mtls" && c.Public.TLS.Cert == "" {
			n.Log.Warn("this route takes requests from nobody: its verify is mtls, which needs public.tls", "route", r.ID)
		}
	}
	for t := range n.directory.Current().Tenants() {
		for _, src := range t.Sources() {
			if src.Enabled && src.Spec.Verify.Type == "mtls" && c.Public.TLS.Cert == "" {
				n.Log.Warn("this source takes callbacks from nobody: its verify is mtls, which needs public.tls",
					"tenant", t.ID, "source", src.ID)
			}
		}
	}
}
