package resources_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"hookgate/auth"
	"hookgate/auth/seal"
	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/fields"
	"hookgate/gateway/resources"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/transport"
	"hookgate/metrics"
)

// kit is Resources over a real store, which a test can start again.
type kit struct {
	t          testing.TB
	fs         vfs.FS
	dir        string
	key        byte
	env        string      // HOOKGATE_ADMIN_TOKEN
	most       int         // Options.Configuration
	daily      int         // Options.Audit
	configured func(int64) // Options.Configured
	store      *pebblestore.Store
	under      *under // what Resources has for its store
	logs       bytes.Buffer
	metrics    *metrics.Set
	here       *directory.Directory
	deleted    []string
	changed    chan string // endpoints, as OnEndpointChanged tells them; nil: nobody listens
	gone       []string    // endpoints, as OnEndpointDeleted tells them
	dropped    []string    // webhooks, as OnWebhookDeleted tells them
	now        func() time.Time
	*resources.Resources
}

// under is a store that a test can take away.
type under struct{ resources.Store }

// newKit starts with an empty store in memory and an empty file.
func newKit(t testing.TB) *kit {
	k := &kit{t: t, fs: vfs.NewMem(), dir: "data", key: 1}
	t.Cleanup(k.stop)
	k.start(resources.File{})
	return k
}

func (k *kit) stop() {
	if k.Resources != nil {
		k.Close()
	}
	if k.store != nil {
		if err := k.store.Close(); err != nil {
			k.t.Errorf("closing the store: %v", err)
		}
		k.store = nil
	}
}

func (k *kit) start(f resources.File) {
	k.t.Helper()
	if err := k.tryStart(f); err != nil {
		k.t.Fatal(err)
	}
}

// tryStart closes what runs and starts again over the same data.
func (k *kit) tryStart(f resources.File) (err error) {
	k.t.Helper()
	k.stop()
	k.store, err = pebblestore.Open(pebblestore.Options{
		Dir: k.dir, FS: k.fs, Logger: slog.New(slog.DiscardHandler),
		DiskUsage: func() (uint64, uint64, error) { return 1 << 40, 1 << 41, nil },
	})
	if err != nil {
		k.t.Fatal(err)
	}
	k.here, k.metrics, k.under = directory.New(), metrics.New("test"), &under{k.store}
	k.Resources, err = resources.Open(resources.Options{
		Store: k.under, Directory: k.here, Metrics: k.metrics, Sealer: sealer(k.t, k.key), AdminToken: gateway.Secret(k.env), Now: k.now, Configuration: k.most, Audit: k.daily, Configured: k.configured,
		Log:             slog.New(slog.NewTextHandler(&k.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnTenantDeleted: func(tenant string) { k.deleted = append(k.deleted, tenant) },
		OnEndpointChanged: func(tenant, endpoint string) {
			if k.changed != nil {
				k.changed <- tenant + "/" + endpoint
			}
		},
		OnEndpointDeleted: func(tenant, endpoint string) { k.gone = append(k.gone, tenant+"/"+endpoint) },
		OnWebhookDeleted:  func(tenant, webhook string) { k.dropped = append(k.dropped, tenant+"/"+webhook) },
	})
	if err != nil {
		return err
	}
	return k.SetFile(compiled(f))
}

// compiled gives a file the options that a real one has.
func compiled(f resources.File) resources.File {
	f.Compile = directory.Options{MaxBody: 1 << 20, CheckURL: transport.Egress{}.CheckURL, CheckHeader: transport.CheckHeader}
	return f
}

func sealer(t testing.TB, first byte) *seal.Sealer {
	t.Helper()
	raw := make([]byte, 32)
	raw[0] = first
	key, err := seal.ParseKey(base64.StdEncoding.EncodeToString(raw))
	if err != nil {
		t.Fatal(err)
	}
	return seal.New(key)
}

// failer is what helpers need of a *testing.T or a *rapid.T.
type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

func tree(t failer, text string) any {
	t.Helper()
	parsed, err := fields.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return parsed
}

var admin = auth.Principal{Scope: auth.Admin}

func of(tenant string) auth.Principal { return auth.Principal{Scope: auth.Tenant, Tenant: tenant} }

func (k *kit) tenant(id, body string) *directory.Tenant {
	k.t.Helper()
	t, _, err := k.Tenants.Put(admin, id, tree(k.t, body))
	if err != nil {
		k.t.Fatalf("PUT tenant %s: %v", id, explain(err))
	}
	return t
}

func (k *kit) source(tenant, id, body string) *directory.Source {
	k.t.Helper()
	s, _, err := k.Sources.Put(admin, tenant, id, tree(k.t, body))
	if err != nil {
		k.t.Fatalf("PUT source %s/%s: %v", tenant, id, explain(err))
	}
	return s
}

func (k *kit) endpoint(tenant, id, body string) (*directory.Endpoint, resources.Made) {
	k.t.Helper()
	e, made, _, err := k.Endpoints.Put(admin, tenant, id, tree(k.t, body))
	if err != nil {
		k.t.Fatalf("PUT endpoint %s/%s: %v", tenant, id, explain(err))
	}
	return e, made
}

// explain gives an error with all of its faults.
func explain(err error) string {
	var known *gateway.Error
	if !errors.As(err, &known) {
		return err.Error()
	}
	text := string(known.Code) + ": " + known.Message
	for _, f := range known.Faults {
		text += "\n\t" + f.String()
	}
	return text
}

func code(err error) gateway.Code {
	var known *gateway.Error
	if errors.As(err, &known) {
		return known.Code
	}
	return ""
}

// paths lists where an error finds faults.
func paths(err error) (all []string) {
	var known *gateway.Error
	if errors.As(err, &known) {
		for _, f := range known.Faults {
			all = append(all, f.Path)
		}
	}
	slices.Sort(all)
	return all
}

// seen is all that a request can see of a snapshot, with its secrets.
type seen struct {
	Meta      gateway.Meta
	Spec      gateway.Tenant
	Disabled  bool
	Headers   []directory.Header
	Platform  *directory.Platform
	Sources   []seenSource
	Keys      []bool
	Endpoints []seenEndpoint
	Webhooks  []seenWebhook
}

type seenWebhook struct {
	Meta    gateway.Meta
	Spec    gateway.Webhook
	Enabled bool
	Headers []directory.Header
	Method  string
	Tenant  string
}

type seenEndpoint struct {
	Meta    gateway.Meta
	Spec    gateway.Endpoint
	Enabled bool
	Headers []directory.Header
	Until   time.Time
	Signed  string
	Tenant  string
}

type seenSource struct {
	Meta    gateway.Meta
	Spec    gateway.Source
	Enabled bool
	Allow   string
	MaxBody int
	Tenant  string
}

func look(s *directory.Snapshot) (all []seen) {
	for t := range s.Tenants() {
		v := seen{Meta: t.Meta, Spec: t.Spec, Disabled: t.Disabled, Headers: t.Headers}
		if t.Platform != nil {
			p := *t.Platform
			p.Signer = nil // has pools
			v.Platform = &p
		}
		for _, key := range t.Spec.AccountKeys {
			v.Keys = append(v.Keys, s.AccountKey(key) == t)
		}
		for _, src := range t.Sources() {
			if src.Tenant != t {
				panic("a source points at another tenant than the one that has it")
			}
			v.Sources = append(v.Sources, seenSource{src.Meta, src.Spec, src.Enabled, src.Allow, src.MaxBody, src.Tenant.ID})
		}
		for _, e := range t.Endpoints() {
			if e.Tenant != t {
				panic("an endpoint points at another tenant than the one that has it")
			}
			v.Endpoints = append(v.Endpoints, seenEndpoint{e.Meta, e.Spec, e.Enabled, e.Headers, e.OldUntil, signed(e), e.Tenant.ID})
		}
		for _, w := range t.Webhooks() {
			if w.Tenant != t {
				panic("a webhook points at another tenant than the one that has it")
			}
			v.Webhooks = append(v.Webhooks, seenWebhook{w.Meta, w.Spec, w.Enabled, w.Headers, w.Method, w.Tenant.ID})
		}
		all = append(all, v)
	}
	return all
}

// signed gives the signatures that an endpoint makes of one message.
func signed(e *directory.Endpoint) (value string) {
	if e.Signer == nil {
		return "refused"
	}
	e.Signer.Sign(signature.Message{ID: "evt_1", At: time.Unix(1700000000, 0), Body: []byte("{}")}, func(name string, v []byte) {
		if name != "webhook-id" && name != "webhook-timestamp" {
			value = string(v)
		}
	})
	return value
}

// signedBy gives the signatures that one endpoint with these secrets would make.
func signedBy(t testing.TB, signType string, secrets ...gateway.Secret) string {
	t.Helper()
	spec := gateway.Endpoint{URL: "https://crm.example.com/", Sign: &gateway.Sign{Type: signType, Secrets: secrets}}
	e, faults := directory.CompileEndpoint(gateway.Meta{ID: "x"}, spec, nil, compiled(resources.File{}).Compile)
	if len(faults) > 0 {
		t.Fatalf("%v", faults)
	}
	return signed(e)
}

// sameAfterRestart compares the snapshot with the one that the store gives.
func (k *kit) sameAfterRestart(f resources.File) {
	k.t.Helper()
	before := look(k.here.Current())
	k.start(f)
	if after := look(k.here.Current()); !reflect.DeepEqual(before, after) {
		k.t.Fatalf("the snapshot before a restart\n%+v\nand after it\n%+v", before, after)
	}
}
