package resources_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/clock"
	"hookgate/gateway/resources"
)

const crm = `{"url": "https://crm.example.com/bot"}`

func TestEndpointSecretIsMadeUpOnce(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{"headers": {"X-Acme": "h"}}`)
	e, made := k.endpoint("acme", "crm", crm)
	if !strings.HasPrefix(made.Secret.Reveal(), "whsec_") || made.PublicKey != "" || signed(e) != signedBy(t, "standard", made.Secret) {
		t.Fatalf("made up %q, %q; it signs %s", made.Secret.Reveal(), made.PublicKey, signed(e))
	}
	if e.Tenant.ID != "acme" || !e.Enabled || e.Headers[0].Name != "X-Acme" {
		t.Errorf("it is answered as %+v", e)
	}
	for _, body := range []string{
		`{"url": "https://crm.example.com/other"}`, `{"url": "https://crm.example.com/", "sign": {"type": "standard"}}`,
		`{"url": "https://crm.example.com/", "sign": {"type": "standard", "secrets": ["***"]}}`, `{"url": "https://crm.example.com/", "sign": null}`,
	} {
		again, fresh := k.endpoint("acme", "crm", body)
		if fresh != (resources.Made{}) || signed(again) != signed(e) {
			t.Errorf("%s made %v", body, fresh.Secret.Reveal())
		}
		k.sameAfterRestart(resources.File{})
	}
}

// A secret of the writer's own is not kept once it is left out: the default is a
// secret that is made up, and that is shown.
func TestEndpointSecretsOfItsWriter(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	own := gateway.Secret("whsec_Y2FuYXJ5LXNpZ25pbmctc2VjcmV0LTAx")
	e, made := k.endpoint("acme", "crm", `{"url": "https://x.example.com/", "sign": {"type": "standard", "secrets": ["`+own.Reveal()+`"]}}`)
	if made.Secret != "" || signed(e) != signedBy(t, "standard", own) {
		t.Errorf("beside its own it made %q", made.Secret.Reveal())
	}
	e, made = k.endpoint("acme", "crm", `{"url": "https://x.example.com/"}`)
	if made.Secret == "" || signed(e) != signedBy(t, "standard", made.Secret) {
		t.Errorf("left out, it made %q and signs %s", made.Secret.Reveal(), signed(e))
	}
	e, made = k.endpoint("acme", "crm", `{"url": "https://x.example.com/", "sign": {"type": "standard-ed25519"}}`)
	if !strings.HasPrefix(made.Secret.Reveal(), "whsk_") || !strings.HasPrefix(made.PublicKey, "whpk_") || !strings.HasPrefix(signed(e), "v1a,") {
		t.Errorf("of another type it made %q, %q and signs %s", made.Secret.Reveal(), made.PublicKey, signed(e))
	}
	if e, made = k.endpoint("acme", "crm", `{"url": "https://x.example.com/", "sign": {"type": "none"}}`); made.Secret != "" || signed(e) != "" {
		t.Errorf("type none made %q and signs %s", made.Secret.Reveal(), signed(e))
	}
	if _, made = k.endpoint("acme", "crm", crm); made.Secret == "" {
		t.Error("after none, no secret is made up and shown")
	}
}

func TestRotateSecret(t *testing.T) {
	for _, signType := range []string{"standard", "standard-ed25519"} {
		k := newKit(t)
		k.tenant("acme", `{}`)
		body := `{"url": "https://x.example.com/", "sign": {"type": "` + signType + `"}}`
		_, first := k.endpoint("acme", "crm", body)
		e, second, err := k.Endpoints.Rotate(admin, "acme", "crm", time.Hour)
		if err != nil || (second.PublicKey != "") != (signType == "standard-ed25519") {
			t.Fatalf("%s: %v, made %+v", signType, err, second.PublicKey)
		}
		if left := time.Until(e.OldUntil); signed(e) != signedBy(t, signType, second.Secret, first.Secret) || left < 59*time.Minute || left > time.Hour {
			t.Errorf("%s: it signs %s, for %s", signType, signed(e), left)
		}
		e, third, err := k.Endpoints.Rotate(of("acme"), "acme", "crm", 2*time.Hour)
		if err != nil || signed(e) != signedBy(t, signType, third.Secret, second.Secret, first.Secret) {
			t.Errorf("%s: rotated twice it signs %s, %v", signType, signed(e), err)
		}
		k.sameAfterRestart(resources.File{})
		// A write of something else ends no rotation.
		if e, _ = k.endpoint("acme", "crm", `{"url": "https://y.example.com/"}`); signed(e) != signedBy(t, signType, third.Secret, second.Secret, first.Secret) {
			t.Errorf("%s: after a PUT it signs %s", signType, signed(e))
		}
		if e, fourth, err := k.Endpoints.Rotate(admin, "acme", "crm", 0); err != nil || signed(e) != signedBy(t, signType, fourth.Secret, second.Secret, first.Secret) {
			t.Errorf("%s: without an overlap it signs %s, %v", signType, signed(e), err)
		}
		own, _ := k.endpoint("acme", "crm", strings.Replace(body, `"`+signType+`"`, `"hmac", "header": "X-Sig", "secrets": ["mine"]`, 1))
		if !own.OldUntil.IsZero() || signed(own) != func() string {
			other, _ := k.endpoint("acme", "other", `{"url": "https://x.example.com/", "sign": {"type": "hmac", "header": "X-Sig", "secrets": ["mine"]}}`)
			return signed(other)
		}() {
			t.Errorf("%s: with secrets of its writer it signs %s", signType, signed(own))
		}
	}
}

func TestOverlapEnds(t *testing.T) {
	k := newKit(t)
	k.changed = make(chan string, 16)
	k.tenant("acme", `{}`)
	_, first := k.endpoint("acme", "crm", crm)
	k.endpoint("acme", "erp", crm)
	_, second, err := k.Endpoints.Rotate(admin, "acme", "crm", 5*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 { // three writes, and the end of the overlap
		if told := <-k.changed; !strings.HasPrefix(told, "acme/") {
			t.Errorf("told of %s", told)
		}
	}
	e := k.here.Current().Tenant("acme").Endpoint("crm")
	if signed(e) != signedBy(t, "standard", second.Secret) || !e.OldUntil.IsZero() {
		t.Errorf("after the overlap it signs %s", signed(e))
	}
	// What is over while nothing runs is over at the start.
	_, third, err := k.Endpoints.Rotate(admin, "acme", "crm", 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	until := k.here.Current().Tenant("acme").Endpoint("crm").OldUntil
	k.stop()
	for time.Now().Before(until) {
		<-time.After(time.Until(until))
	}
	k.start(resources.File{})
	if e := k.here.Current().Tenant("acme").Endpoint("crm"); signed(e) != signedBy(t, "standard", third.Secret) {
		t.Errorf("after a restart beyond the overlap it signs %s", signed(e))
	}
	if first.Secret == second.Secret || second.Secret == third.Secret {
		t.Error("a rotation gave the old secret")
	}
}

// A wall clock that is set ahead ends no overlap, nor does a write after it.
func TestOverlapOutlivesASetClock(t *testing.T) {
	var off atomic.Int64
	k := newKit(t)
	k.now = clock.New(func() time.Time { return time.Now().Add(time.Duration(off.Load())) }).Now
	k.start(resources.File{})
	k.tenant("acme", `{}`)
	_, first := k.endpoint("acme", "crm", crm)
	_, second, err := k.Endpoints.Rotate(admin, "acme", "crm", 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	off.Store(int64(25 * time.Hour))
	k.endpoint("acme", "crm", crm)
	e := k.here.Current().Tenant("acme").Endpoint("crm")
	if want := signedBy(t, "standard", second.Secret, first.Secret); signed(e) != want {
		t.Errorf("it signs %s, want %s", signed(e), want)
	}
}

func TestRotationRefused(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.tenant("other", `{}`)
	k.endpoint("acme", "none", `{"url": "https://x.example.com/", "sign": {"type": "none"}}`)
	k.endpoint("acme", "hmac", `{"url": "https://x.example.com/", "sign": {"type": "hmac", "header": "X-Sig", "secrets": ["mine"]}}`)
	k.endpoint("acme", "crm", crm)
	for _, c := range []struct {
		by      auth.Principal
		id      string
		overlap time.Duration
		want    string
	}{
		{admin, "none", 0, "invalid_field [sign.type]"}, {admin, "hmac", time.Hour, "invalid_field [overlap]"}, {admin, "crm", -1, "invalid_field [overlap]"},
		{admin, "crm", 31 * 24 * time.Hour, "invalid_field [overlap]"}, {admin, "nobody", 0, "not_found []"}, {of("other"), "crm", 0, "not_found []"},
	} {
		if _, _, err := k.Endpoints.Rotate(c.by, "acme", c.id, c.overlap); fmt.Sprintf("%s %v", code(err), paths(err)) != c.want {
			t.Errorf("rotating %s over %s: %v, want %s", c.id, c.overlap, err, c.want)
		}
	}
	if e, made, err := k.Endpoints.Rotate(admin, "acme", "hmac", 0); err != nil || made.Secret == "" || signed(e) == "" {
		t.Errorf("hmac without an overlap: %v", err)
	}
	var err error
	for range 20 {
		if _, _, err = k.Endpoints.Rotate(admin, "acme", "crm", time.Hour); err != nil {
			break
		}
	}
	if n := len(strings.Fields(signed(k.here.Current().Tenant("acme").Endpoint("crm")))); n != 16 || !slices.Equal(paths(err), []string{"overlap"}) {
		t.Errorf("%d secrets sign at once, then %v", n, err)
	}
}

func TestEndpointsOfFileAndAPI(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.endpoint("acme", "both", crm)
	_, mine := k.endpoint("acme", "mine", crm)
	const text = `{"acme": {"endpoints": {"both": {"url": "https://file.example.com/"}, "filed": {"url": "https://f.example.com/", "sign": {"type": "none"}}}}}`
	if err := k.SetFile(compiled(file(t, text))); err != nil {
		t.Fatal(explain(err))
	}
	now := k.here.Current().Tenant("acme")
	if both := now.Endpoint("both"); both.URL != "https://file.example.com/" || signed(both) != "" || both.Meta.ManagedBy != gateway.ManagedByFile {
		t.Errorf("the one in both is %+v", both.Meta)
	}
	if e := now.Endpoint("mine"); e == nil || signed(e) != signedBy(t, "standard", mine.Secret) {
		t.Error("the API's own is not beside the file's")
	}
	for _, id := range []string{"both", "filed"} {
		_, _, _, put := k.Endpoints.Put(admin, "acme", id, tree(t, crm))
		_, _, rotate := k.Endpoints.Rotate(admin, "acme", id, 0)
		for _, err := range []error{put, rotate, k.Endpoints.Delete(admin, "acme", id)} {
			if code(err) != gateway.CodeManagedByFile {
				t.Errorf("a write to %s: %v", id, err)
			}
		}
	}
	for _, line := range []string{"the file hides an endpoint", "deliveries are not signed"} {
		if strings.Count(k.logs.String(), line) != 1 {
			t.Errorf("%q is not logged once:\n%s", line, k.logs.String())
		}
	}
	k.sameAfterRestart(file(t, text))
	if err := k.SetFile(compiled(resources.File{})); err != nil {
		t.Fatal(err)
	}
	if gone := k.here.Current().Tenant("acme"); gone.Endpoint("filed") != nil || gone.Endpoint("both").URL != "https://crm.example.com/bot" || gone.Endpoint("mine").Enabled {
		t.Error("after the tenant left the file, its endpoints are not those of the API, disabled")
	}
}

func TestDeleteEndpoint(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.tenant("other", `{}`)
	k.endpoint("acme", "crm", crm)
	if err := k.Endpoints.Delete(of("other"), "acme", "crm"); code(err) != gateway.CodeNotFound {
		t.Errorf("by a stranger: %v", err)
	}
	if err := k.Endpoints.Delete(of("acme"), "acme", "crm"); err != nil {
		t.Fatal(err)
	}
	if k.here.Current().Tenant("acme").Endpoint("crm") != nil || !slices.Equal(k.gone, []string{"acme/crm"}) {
		t.Errorf("it is still there, or %q was told", k.gone)
	}
	if err := k.Endpoints.Delete(admin, "acme", "crm"); code(err) != gateway.CodeNotFound {
		t.Errorf("a second time: %v", err)
	}
	k.sameAfterRestart(resources.File{})
}

func TestEndpointFaultsChangeNothing(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	before := k.here.Current()
	for body, want := range map[string][]string{
		`{}`: {"url"},
		`{"url": "https://x.example.com/", "concurrency": 0, "headers": {"Host": "x"}, "timeout": "2m"}`:      {"concurrency", "headers.Host", "timeout"},
		`{"url": "https://x.example.com/", "token": "***", "sign": {"type": "standard", "secrets": ["***"]}}`: {"sign.secrets[0]", "token"},
		`{"url": "https://x.example.com/", "breaker": {"stat": "open"}, "event_type": []}`:                    {"breaker.stat", "event_type"},
	} {
		if _, made, _, err := k.Endpoints.Put(admin, "acme", "crm", tree(t, body)); !slices.Equal(paths(err), want) || made.Secret != "" {
			t.Errorf("%s: %v, want faults at %v", body, explain(err), want)
		}
	}
	for _, id := range []string{"_platform", "Crm", ""} {
		if _, _, _, err := k.Endpoints.Put(admin, "acme", id, tree(t, crm)); !slices.Equal(paths(err), []string{"id"}) {
			t.Errorf("the id %q: %v", id, err)
		}
	}
	if k.here.Current() != before {
		t.Error("a refused write changed the snapshot")
	}
	if _, _, created, err := k.Endpoints.Put(admin, "acme", "crm", tree(t, crm)); err != nil || !created {
		t.Errorf("created: %t, %v", created, err)
	}
	if _, _, created, err := k.Endpoints.Put(admin, "acme", "crm", tree(t, crm)); err != nil || created {
		t.Errorf("created again: %t, %v", created, err)
	}
}

func TestEndpointSecretsAreSealed(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	_, first := k.endpoint("acme", "crm", `{"url": "https://x.example.com/", "token": "canary-token", "auth": {"type": "bearer", "token": "canary-bearer"}, "headers": {"X": "canary-header"}}`)
	_, second, err := k.Endpoints.Rotate(admin, "acme", "crm", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	if err := k.store.Resources(func(rec gateway.Record) error {
		for _, secret := range []string{"canary", first.Secret.Reveal(), second.Secret.Reveal()} {
			if bytes.Contains(rec.Value, []byte(secret)) {
				t.Errorf("%s has %s in the clear", rec.Kind, secret)
			}
		}
		if rec.Kind == gateway.KindEndpoint {
			found++
		}
		return nil
	}); err != nil || found != 1 {
		t.Errorf("%d endpoints are stored, %v", found, err)
	}
	k.sameAfterRestart(resources.File{})
	if text := k.logs.String() + fmt.Sprintf("%+v", look(k.here.Current())); strings.Contains(text, "canary") {
		t.Errorf("a secret is printed: %s", text)
	}
}

// What a tenant sets reaches its endpoints, and both outlive the other's writes.
func TestTenantAndEndpointWrites(t *testing.T) {
	k := newKit(t)
	k.tenant("acme", `{}`)
	k.endpoint("acme", "crm", crm)
	k.source("acme", "pay", `{"verify": {"type": "none"}}`)
	k.tenant("acme", `{"headers": {"X-New": "n"}}`)
	now := k.here.Current().Tenant("acme")
	if now.Source("pay") == nil || now.Endpoint("crm") == nil || len(now.Endpoint("crm").Headers) != 1 {
		t.Errorf("after the tenant's write: sources %d, endpoint %+v", len(now.Sources()), now.Endpoint("crm"))
	}
	k.sameAfterRestart(resources.File{})
	if err := k.Tenants.Delete(admin, "acme"); err != nil {
		t.Fatal(err)
	}
	k.tenant("acme", `{}`)
	if n := len(k.here.Current().Tenant("acme").Endpoints()); n != 0 {
		t.Errorf("a new tenant of an old id has %d endpoints", n)
	}
}
