package gateway

// Source is a named place where a tenant's callbacks arrive (SPEC 5).
type Source struct {
	Verify          Verify     `json:"verify"`
	AllowIPs        []string   `json:"allow_ips,omitempty"` // addresses and networks that may call; none listed: all
	Handshake       *Handshake `json:"handshake,omitempty"` // beside what verify's type answers by itself
	Body            string     `json:"body"`                // auto (default), json, form, text: how it is read, whatever its Content-Type
	Unwrap          string     `json:"unwrap"`              // the path of the JSON text that is the body meant; default the provider's own
	ConversationKey KeyPlace   `json:"conversation_key"`
	Each            string     `json:"each"`         // a path to a list: each of its items is a callback; or EachDefault
	NoKey           string     `json:"no_key"`       // "ignore": a callback without a key is ignored; default reject
	AliasesFrom     []string   `json:"aliases_from"` // paths of other names of the conversation, at most MaxAliasesFrom
	Match           []Match    `json:"match"`
	Variables       []Variable `json:"variables"`
	Methods         []string   `json:"methods"`       // default GET, POST, PUT, PATCH; HEAD and OPTIONS take nothing, listed or not
	MaxBody         *Size      `json:"max_body"`      // default public.max_body
	VariablesMax    *Size      `json:"variables_max"` // of all mapped variables, as JSON; default bounds.variables_max; never more than max_body
	Early           Early      `json:"early"`
	Dedupe          Dedupe     `json:"dedupe"`
	Respond         Respond    `json:"respond"`
	RateLimit       *Rate      `json:"rate_limit"`
	Enabled         *bool      `json:"enabled"` // default true
	// CORS says which web pages may call; default none.
	CORS *CORS `json:"cors,omitempty"`
}

// Verify says who may call a source, and how that is proved.
type Verify struct {
	Type            string    `json:"type"`
	In              string    `json:"in,omitempty"`   // token: header or query
	Name            string    `json:"name,omitempty"` // token: the header's or parameter's name
	Secrets         []Secret  `json:"secrets,omitempty"`
	Username        string    `json:"username,omitempty"`
	Password        Secret    `json:"password,omitempty"`
	Header          string    `json:"header,omitempty"`
	Algorithm       string    `json:"algorithm,omitempty"`
	Encoding        string    `json:"encoding,omitempty"`
	Prefix          string    `json:"prefix,omitempty"`
	Signed          Signed    `json:"signed,omitzero"`
	TimestampHeader string    `json:"timestamp_header,omitempty"`
	TimestampUnit   string    `json:"timestamp_unit,omitempty"` // hmac: s (default), ms, us, iso
	Format          string    `json:"format,omitempty"`         // hmac: of a header that has both time and signature
	Tolerance       *Duration `json:"tolerance,omitempty"`
	VerifyToken     Secret    `json:"verify_token,omitempty"`
	CA              string    `json:"ca,omitempty"`           // mtls: certificates of authorities, in PEM
	Names           []string  `json:"names,omitempty"`        // mtls: what a client's certificate may be for
	Fingerprints    []string  `json:"fingerprints,omitempty"` // mtls: SHA-256 of clients' certificates, in hex

	Key               string        `json:"key,omitempty"`    // pusher: says whose the secrets are
	Tokens            []VerifyToken `json:"tokens,omitempty"` // pusher: more keys, each with its secret
	CheckSource       bool          `json:"check_source,omitempty"`
	APIKey            string        `json:"api_key,omitempty"`            // stream, livekit, vonage: the only key that passes
	VerificationToken Secret        `json:"verification_token,omitempty"` // lark

	TopicARN       string `json:"topic_arn,omitempty"`       // aws-sns: the topic that is ours
	PublicKey      string `json:"public_key,omitempty"`      // braintree: picks the signature
	ApplicationKey string `json:"application_key,omitempty"` // sinch-application: says whose the secrets are
	AllowedOrigins Texts  `json:"allowed_origins,omitempty"` // cloudevents-handshake: who may send

	TokenVerify
}

// VerifyToken is a key with its secret.
type VerifyToken struct {
	Key    string `json:"key"`
	Secret Secret `json:"secret"`
}

// EachDefault stands in each for the lists that the verify type's senders are known to
// send (SPEC 17, "Batches").
const EachDefault = "default"

// Branch is the way that the waiting flow takes.
type Branch string

// The branches of a wait.
const (
	Success Branch = "SUCCESS"
	Failure Branch = "FAILURE"
)

// Match is one named outcome: a callback fits when all its conditions hold.
type Match struct {
	Name      string      `json:"name"`
	Branch    Branch      `json:"branch"`
	When      []Condition `json:"when"`
	Variables []Variable  `json:"variables,omitempty"` // in place of the list outside
}

// Condition looks at one value of a callback, or of an event: then exactly one of
// Equals, In, Exists and Regex is set. Or it stands for others, and has no path.
type Condition struct {
	Path   string  `json:"path,omitempty"` // a path into the body, header:Name or query:name; of an event into its item
	Equals *Raw    `json:"equals,omitempty"`
	In     *[]Raw  `json:"in,omitempty"`
	Exists *bool   `json:"exists,omitempty"`
	Regex  *string `json:"regex,omitempty"` // RE2

	Not *Condition  `json:"not,omitempty"` // holds where that does not
	Any []Condition `json:"any,omitempty"` // holds where one of them does
}

// Variable is one value that is mapped from a callback into the flow.
type Variable struct {
	Name     string `json:"name"`
	Path     string `json:"path"`
	Type     string `json:"type,omitempty"` // text, number, boolean, date, json; "" keeps the JSON type
	Default  *Raw   `json:"default,omitempty"`
	Required bool   `json:"required,omitempty"`
}

// MaxVariables is the most variables that one list may have (SPEC 5).
const MaxVariables = 50

// Early says what becomes of callbacks that no wait is open for yet.
type Early struct {
	TTL   *Duration `json:"ttl"`   // default 60s, at most 300s; 0 parks nothing
	Max   *int      `json:"max"`   // parked at once, for the source; default 1000
	Again bool      `json:"again"` // park after an ended wait too, for flows that loop
}

// The words of no_key (SPEC 15).
const (
	NoKeyReject = "reject"
	NoKeyIgnore = "ignore"
)

// MaxAliasesFrom is how many paths aliases_from may have (SPEC 17).
const MaxAliasesFrom = 10

// Dedupe is how a repeated callback is known.
type Dedupe struct {
	ID     string    `json:"id"`     // a path, header:Name or query:name; default the scheme's own
	Window *Duration `json:"window"` // default 24h, at most 7d
}

// Respond says how a sender is answered that must see something of its own (SPEC 15 and
// 17). What is pinned alone is the status.
type Respond struct {
	Status      int                  `json:"status"` // as those of OwnAnswer, for all outcomes
	ContentType string               `json:"content_type,omitempty"`
	Body        *string              `json:"body,omitempty"`
	Headers     map[string]string    `json:"headers,omitempty"`
	Location    string               `json:"location,omitempty"`
	Outcomes    map[string]OwnAnswer `json:"outcomes,omitempty"` // by outcome; each in place of what stands beside
}

// OwnAnswer is an answer in the sender's own words. Body, headers and location are
// templates.
type OwnAnswer struct {
	Status      int               `json:"status"`                 // 200 to 299, or 302 and 303 with location; 0: the outcome's own
	ContentType string            `json:"content_type,omitempty"` // of body; default text/plain
	Body        *string           `json:"body,omitempty"`         // nil: hookgate's own
	Headers     map[string]string `json:"headers,omitempty"`
	Location    string            `json:"location,omitempty"` // where a browser goes on: of our choice, never the sender's
}

// Raw is JSON kept as it was written.
type Raw []byte

// MarshalJSON gives the bytes as they are; nothing is null.
func (r Raw) MarshalJSON() ([]byte, error) {
	if len(r) == 0 {
		return []byte("null"), nil
	}
	return r, nil
}

// UnmarshalJSON keeps a copy of the bytes.
func (r *Raw) UnmarshalJSON(b []byte) error {
	*r = append((*r)[:0], b...)
	return nil
}
