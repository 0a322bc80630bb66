package directory

import (
	"crypto/sha256"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"hookgate/gateway"
	"hookgate/gateway/fields"
)

// FileTenant is a tenant as the configuration file has it.
type FileTenant struct {
	gateway.Tenant
	Sources   map[string]gateway.Source
	Endpoints map[string]gateway.Endpoint
	Webhooks  map[string]gateway.Webhook
	// Digest is equal, and not zero, where all of the above is.
	Digest [sha256.Size]byte
}

// CompileFile compiles every tenant of the file, and holds them to the rules
// between tenants. A file stands on its own: the parent of its tenants is in it
// too. Faults are placed from the root of the file: tenants.acme.parent.
func CompileFile(file map[string]FileTenant, o Options) ([]*Tenant, []gateway.Fault) {
	return CompileChanged(file, o, func(string) bool { return false })
}

// CompileChanged is CompileFile for a file of which some tenants are as they were when it
// was compiled before: it leaves those out, and has the faults of the others.
func CompileChanged(file map[string]FileTenant, o Options, as func(id string) bool) ([]*Tenant, []gateway.Fault) {
	var f faults
	ids := slices.Sorted(maps.Keys(file))
	tenants, found := compileEach(file, ids, o, as)
	holders := map[string]string{}
	for i, id := range ids {
		place := fields.Member("tenants", id)
		f.under(place, found[i])
		f.under(place, checkTree(id, file[id].Parent, func(of string) (string, bool) {
			t, found := file[of]
			return t.Parent, found
		}))
		for i, key := range file[id].AccountKeys {
			if holder, is := holders[key]; is && holder != id {
				f = append(f, AccountKeyFault(id, i, holder))
			}
			holders[key] = id
		}
	}
	if len(f) > 0 {
		return nil, f
	}
	return slices.DeleteFunc(tenants, func(t *Tenant) bool { return t == nil }), nil
}

// compileEach compiles each tenant by itself, on all processors; those that are as they
// were are nil.
func compileEach(file map[string]FileTenant, ids []string, o Options, as func(id string) bool) ([]*Tenant, [][]gateway.Fault) {
	tenants, found := make([]*Tenant, len(ids)), make([][]gateway.Fault, len(ids))
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(len(ids), runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(ids)); i = next.Add(1) - 1 {
				if id := ids[i]; !as(id) {
					tenants[i], found[i] = compileFileTenant(id, file[id], o)
				}
			}
		})
	}
	all.Wait()
	return tenants, found
}

func compileFileTenant(id string, file FileTenant, o Options) (*Tenant, []gateway.Fault) {
	t, all := CompileTenant(gateway.Meta{ID: id, ManagedBy: gateway.ManagedByFile}, file.Tenant, o)
	all = and(all, TenantSecrets(file.Tenant))
	var sources []*Source
	for _, source := range slices.Sorted(maps.Keys(file.Sources)) {
		s, more := CompileSource(gateway.Meta{ID: source, ManagedBy: gateway.ManagedByFile}, file.Sources[source], o)
		all = append(all, gateway.Under(fields.Member("sources", source), and(more, SourceSecrets(file.Sources[source])))...)
		sources = append(sources, s)
	}
	var endpoints []*Endpoint
	for _, endpoint := range slices.Sorted(maps.Keys(file.Endpoints)) {
		e, more := CompileEndpoint(gateway.Meta{ID: endpoint, ManagedBy: gateway.ManagedByFile}, file.Endpoints[endpoint], nil, o)
		all = append(all, gateway.Under(fields.Member("endpoints", endpoint), and(more, EndpointSecrets(file.Endpoints[endpoint])))...)
		endpoints = append(endpoints, e)
	}
	var webhooks []*Webhook
	for _, webhook := range slices.Sorted(maps.Keys(file.Webhooks)) {
		w, more := CompileWebhook(gateway.Meta{ID: webhook, ManagedBy: gateway.ManagedByFile}, file.Webhooks[webhook], o)
		all = append(all, gateway.Under(fields.Member("webhooks", webhook), and(more, WebhookSecrets(file.Webhooks[webhook])))...)
		webhooks = append(webhooks, w)
	}
	if len(all) > 0 {
		return nil, all
	}
	return t.holding(sources, endpoints, webhooks), nil
}

// AccountKeyFault says that another tenant holds an account key of the file.
func AccountKeyFault(tenant string, i int, holder string) gateway.Fault {
	return gateway.Fault{
		Path:    fields.Index(fields.Member("tenants", tenant)+".account_keys", i),
		Message: "is held by tenant " + holder + " too",
	}
}
