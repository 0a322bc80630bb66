package metrics

import (
	"testing"
)

// A vector with the label tenant that ForgetTenant does not know would keep the
// series of a deleted tenant for ever.
func TestTenantFamiliesAreAll(t *testing.T) {
	s := New("test")
	s.Tenant("acme", []string{"resumed"}, []string{"message"})
	s.Source("acme", "payments", []string{"resumed"})
	s.Endpoint("acme", "crm", []string{"dead"}, []string{"2xx"})
	s.Webhook("acme", "stock", []string{"success"})
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	labelled := 0
	for _, family := range families {
		for _, pair := range family.GetMetric()[0].GetLabel() {
			if pair.GetName() == "tenant" {
				labelled++
			}
		}
	}
	const ages = 1 // queue_oldest_seconds is no vector
	if want := len(s.tenantFamilies()) + ages; labelled != want {
		t.Errorf("%d families have the label tenant, ForgetTenant knows %d", labelled, want)
	}
}
