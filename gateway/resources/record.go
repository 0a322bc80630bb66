package resources

import (
	"bytes"
	"encoding/json"
	"errors"

	"hookgate/auth/seal"
	"hookgate/gateway"
)

// tenantRecord is a tenant as the store keeps it. Secrets within are masked, and
// sealed beside it, by their paths.
type tenantRecord struct {
	Spec      *gateway.Tenant   `json:"spec"` // nil: the API never gave one
	FromFile  bool              `json:"from_file,omitempty"`
	CreatedAt gateway.Time      `json:"created_at"`
	UpdatedAt gateway.Time      `json:"updated_at"`
	Secrets   map[string]string `json:"secrets,omitempty"`
}

// sourceRecord is a source as the store keeps it.
type sourceRecord struct {
	Spec        gateway.Source    `json:"spec"`
	CreatedAt   gateway.Time      `json:"created_at"`
	UpdatedAt   gateway.Time      `json:"updated_at"`
	SecretSetAt gateway.Time      `json:"secret_set_at,omitzero"`
	Secrets     map[string]string `json:"secrets,omitempty"`
}

// endpointRecord is an endpoint as the store keeps it.
type endpointRecord struct {
	Spec        gateway.Endpoint    `json:"spec"`           // always with a sign
	Made        bool                `json:"made,omitempty"` // sign's secret was made up here
	Old         []gateway.OldSecret `json:"old,omitempty"`  // rotated out, signing until their time is over
	CreatedAt   gateway.Time        `json:"created_at"`
	UpdatedAt   gateway.Time        `json:"updated_at"`
	SecretSetAt gateway.Time        `json:"secret_set_at,omitzero"`
	Secrets     map[string]string   `json:"secrets,omitempty"`
}

// webhookRecord is a webhook as the store keeps it.
type webhookRecord struct {
	Spec      gateway.Webhook   `json:"spec"`
	Error     string            `json:"error,omitempty"` // how the last call failed; none: it did not
	CreatedAt gateway.Time      `json:"created_at"`
	UpdatedAt gateway.Time      `json:"updated_at"`
	Secrets   map[string]string `json:"secrets,omitempty"`
}

// record is what can be kept: it names its secrets' holder and their sealed forms.
type record[T any] interface {
	*T
	sealed() (spec any, secrets *map[string]string)
}

func (t *tenantRecord) sealed() (any, *map[string]string) { return t.Spec, &t.Secrets }
func (s *sourceRecord) sealed() (any, *map[string]string) { return &s.Spec, &s.Secrets }
func (e *endpointRecord) sealed() (any, *map[string]string) {
	return &struct {
		Spec *gateway.Endpoint   `json:"spec"`
		Old  []gateway.OldSecret `json:"old"`
	}{&e.Spec, e.Old}, &e.Secrets
}

func (w *webhookRecord) sealed() (any, *map[string]string) { return &w.Spec, &w.Secrets }

// A token's digest is no secret that could be read back: it is kept as it is.
func (t *tokenRecord) sealed() (any, *map[string]string) { return &struct{}{}, new(map[string]string) }

// object is the place of a record's secrets within its tenant.
func object(kind, id string) string {
	switch kind {
	case gateway.KindSource:
		return "sources/" + id
	case gateway.KindEndpoint:
		return "endpoints/" + id
	case gateway.KindWebhook:
		return "webhooks/" + id
	}
	return kind
}

// writeRecord gives the record of v, its secrets sealed.
func writeRecord[T any, P record[T]](s *seal.Sealer, kind, tenant, id string, v P) (gateway.Record, error) {
	spec, secrets := v.sealed()
	sealed := map[string]string{}
	each(spec, func(path string, secret gateway.Secret) gateway.Secret {
		if secret != "" {
			sealed[path] = s.Seal(secret.Reveal(), seal.AAD(tenant, object(kind, id), path))
		}
		return secret
	})
	*secrets = sealed
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false) // values to compare with are kept as they were written
	if err := e.Encode(v); err != nil {
		return gateway.Record{}, err
	}
	*secrets = nil
	return gateway.Record{Kind: kind, Tenant: tenant, ID: id, Value: text.Bytes()}, nil
}

var errUnsealed = errors.New("a secret has no sealed form")

// readRecord is the reverse of writeRecord.
func readRecord[T any, P record[T]](s *seal.Sealer, rec gateway.Record) (P, error) {
	v := P(new(T))
	if err := json.Unmarshal(rec.Value, v); err != nil {
		return nil, err
	}
	var fault error
	spec, secrets := v.sealed()
	each(spec, func(path string, secret gateway.Secret) gateway.Secret {
		if secret == "" {
			return ""
		}
		sealed, found := (*secrets)[path]
		if !found {
			fault = errUnsealed
			return ""
		}
		plain, err := s.Open(sealed, seal.AAD(rec.Tenant, object(rec.Kind, rec.ID), path))
		if err != nil {
			fault = err
		}
		return gateway.Secret(plain)
	})
	*secrets = nil
	return v, fault
}
