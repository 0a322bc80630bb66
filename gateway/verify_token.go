package gateway

// TokenVerify is what types of verify that read tokens are told, beside the rest
// (SPEC 15 and 17): type jwt, and the words of the providers.
type TokenVerify struct {
	Algorithms      []string  `json:"algorithms,omitempty"`       // jwt
	PublicKeys      []string  `json:"public_keys,omitempty"`      // jwt: PEM, a JWK or a JWK set
	JWKSURL         string    `json:"jwks_url,omitempty"`         // jwt, truelayer: where the keys are
	Issuer          string    `json:"issuer,omitempty"`           // jwt
	Audience        string    `json:"audience,omitempty"`         // jwt, google-pubsub
	BodyHash        *BodyHash `json:"body_hash,omitempty"`        // jwt
	Leeway          *Duration `json:"leeway,omitempty"`           // jwt
	Email           string    `json:"email,omitempty"`            // google-pubsub: the service account
	Issuers         []string  `json:"issuers,omitempty"`          // google-pubsub
	AppID           string    `json:"app_id,omitempty"`           // botframework
	ClientKey       string    `json:"client_key,omitempty"`       // atlassian-connect
	BaseURL         string    `json:"base_url,omitempty"`         // atlassian-connect
	KID             string    `json:"kid,omitempty"`              // the id of the key among secrets
	Endorsements    []string  `json:"endorsements,omitempty"`     // botframework: of that key
	RequiredHeaders []string  `json:"required_headers,omitempty"` // truelayer
}

// BodyHash says which claim of a token has the hash of the body.
type BodyHash struct {
	Claim    string `json:"claim"`
	Hash     string `json:"hash,omitempty"`     // sha256 (default), sha384, sha512
	Encoding string `json:"encoding,omitempty"` // hex (default), base64, base64url
}
