package auth_test

import (
	"testing"

	"hookgate/auth"
)

func TestAllows(t *testing.T) {
	who := []auth.Principal{
		{Scope: auth.Admin},
		{Scope: auth.Platform},
		{Scope: auth.Tenant, Tenant: "acme"},
		{Scope: auth.Tenant}, // no tenant: reaches nothing
		{},                   // the zero value: reaches nothing
		{Scope: "root", Tenant: "acme"},
	}
	for action, want := range map[auth.Action][3]bool{ // admin, platform, tenant
		auth.Read:            {true, true, true},
		auth.ReadHeaders:     {true, false, true},
		auth.ManageTenants:   {true, false, true},
		auth.ManageResources: {true, false, true},
		auth.UseWaits:        {true, true, true},
		auth.Publish:         {true, true, true},
		auth.PublishAny:      {true, true, false},
		auth.Call:            {true, true, true},
		auth.Tokens:          {true, false, false},
		auth.Reload:          {true, false, false},
		auth.ReadAudit:       {true, false, true},
		auth.ReadPlatform:    {true, true, false},
		auth.ManagePlatform:  {true, false, false},
		auth.V2:              {false, false, true},
		auth.V2 + 1:          {false, false, false},
		255:                  {false, false, false},
	} {
		for i, p := range who {
			expected := i < len(want) && want[i]
			if got := p.Allows(action); got != expected {
				t.Errorf("%+v allows action %d: %t, want %t", p, action, got, expected)
			}
		}
	}
}

func TestMayBound(t *testing.T) {
	for _, c := range []struct {
		p    auth.Principal
		of   string
		want bool
	}{
		{auth.Principal{Scope: auth.Admin}, "acme", true},
		{auth.Principal{Scope: auth.Platform}, "acme", false},
		{auth.Principal{Scope: auth.Tenant, Tenant: "acme"}, "acme", false},
		{auth.Principal{Scope: auth.Tenant, Tenant: "acme"}, "acme-child", true},
		{auth.Principal{Scope: auth.Tenant}, "acme", false},
	} {
		if got := c.p.MayBound(c.of); got != c.want {
			t.Errorf("%+v may bound %q: %t, want %t", c.p, c.of, got, c.want)
		}
	}
}

func TestEveryTenant(t *testing.T) {
	for scope, want := range map[auth.Scope]bool{auth.Admin: true, auth.Platform: true, auth.Tenant: false, "": false} {
		if got := (auth.Principal{Scope: scope, Tenant: "acme"}).EveryTenant(); got != want {
			t.Errorf("scope %q reaches every tenant: %t, want %t", scope, got, want)
		}
	}
}

func TestParseScope(t *testing.T) {
	for _, scope := range auth.Scopes() {
		if got, err := auth.ParseScope(string(scope)); err != nil || got != scope {
			t.Errorf("ParseScope(%q) = %q, %v", scope, got, err)
		}
	}
	for _, bad := range []string{"", "Admin", "root", "tenant "} {
		if got, err := auth.ParseScope(bad); err == nil {
			t.Errorf("ParseScope(%q) = %q, want an error", bad, got)
		}
	}
}
