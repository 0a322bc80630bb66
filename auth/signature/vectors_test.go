package signature_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// vector is one case of testdata/signatures.json or signatures-2.json: published
// vectors, and values that the providers' own SDKs computed.
type vector struct {
	ID      string
	Scheme  string
	Secret  string
	Secrets []string
	Method  string
	URL     string
	Headers pairs
	Body    []byte `json:"body_base64"`
	Now     int64
	Valid   bool
	Reason  string
	Note    string
	Config  struct { // what a verifier must know besides the secrets
		Key               string            `json:"key"`
		Tokens            []signature.Token `json:"tokens"`
		CheckSource       bool              `json:"check_source"`
		APIKey            string            `json:"api_key"`
		Algorithm         string            `json:"algorithm"`
		VerificationToken string            `json:"verification_token"`
		KID               string            `json:"kid"`
		Audience          string            `json:"audience"`
		Email             string            `json:"email"`
		Issuers           []string          `json:"issuers"`
		AppID             string            `json:"app_id"`
		Endorsements      []string          `json:"endorsements"`
		ClientKey         string            `json:"client_key"`
		BaseURL           string            `json:"base_url"`
		RequiredHeaders   []string          `json:"required_headers"`
		TopicARN          string            `json:"topic_arn"`
		PublicKey         string            `json:"public_key"`
		ApplicationKey    string            `json:"application_key"`
		AllowedOrigins    string            `json:"allowed_origins"`
	}
	Answer *struct { // to a handshake
		Status     int
		Type, Body string
		Headers    pairs
	}
}

// pairs are header fields in order, as Headers.
type pairs [][2]string

func (p pairs) Get(name string) (value []byte, n int) {
	for _, field := range p {
		if strings.EqualFold(field[0], name) {
			if n++; n == 1 {
				value = []byte(field[1])
			}
		}
	}
	return value, n
}

func (v *vector) request(t *testing.T) *signature.Request {
	t.Helper()
	u, err := url.Parse(v.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &signature.Request{
		Method: v.Method, URL: func() string { return v.URL }, Query: queryOf(u.Query()),
		Header: v.Headers, Body: v.Body, Now: time.Unix(v.Now, 0),
	}
}

func queryOf(values url.Values) func(string) ([]byte, int) {
	return func(name string) ([]byte, int) {
		all := values[name]
		if len(all) == 0 {
			return nil, 0
		}
		return []byte(all[0]), len(all)
	}
}

func (v *vector) secrets() []string {
	if len(v.Secrets) > 0 {
		return v.Secrets
	}
	return []string{v.Secret}
}

func provider(name string) func(*vector) signature.Config {
	return func(v *vector) signature.Config {
		return signature.Config{Type: name, Secrets: v.secrets()}
	}
}

// built says how the cases of a scheme are configured.
var built = map[string]func(*vector) signature.Config{
	"standard-webhooks":     provider("standard"),
	"standard-webhooks-v1a": provider("standard-ed25519"),
	"svix":                  provider("svix"),
	"stripe":                provider("stripe"),
	"github":                provider("github"),
	"slack":                 provider("slack"),
	"meta":                  provider("meta"),
	"meta-handshake": func(v *vector) signature.Config {
		return signature.Config{Type: "meta", Secrets: []string{"the app's"}, VerifyToken: v.Secret}
	},
	"shopify":     provider("shopify"),
	"twilio-form": provider("twilio"),
	"twilio-json": provider("twilio"),
	"telegram":    provider("telegram"),
	"line":        provider("line"),
	"discord":     provider("discord"),
	"zendesk":     provider("zendesk"),
	"hubspot-v1":  provider("hubspot-v1"),
	"hubspot-v2":  provider("hubspot-v2"),
	"hubspot-v3":  provider("hubspot"),
	"calendly":    provider("calendly"),
	"razorpay":    provider("razorpay"),
	"square":      provider("square"),
	"mailgun":     provider("mailgun"),
	"intercom":    provider("intercom"),
	"twitch":      provider("twitch"),
	"zoom":        provider("zoom"),
	"msteams":     provider("msteams"),
	"viber":       provider("viber"),
	"bearer":      provider("bearer"),
	"rfc9421": func(v *vector) signature.Config { // what both vectors cover
		return signature.Config{Type: "rfc9421", Secrets: v.secrets(), Signed: "date @authority content-type"}
	},
	"basic": func(v *vector) signature.Config {
		user, password, _ := strings.Cut(v.Secret, ":")
		return signature.Config{Type: "basic", Username: user, Password: password}
	},
	"header-token": func(v *vector) signature.Config {
		return signature.Config{Type: "token", In: "header", Name: "X-Webhook-Token", Secrets: v.secrets()}
	},
	"query-token": func(v *vector) signature.Config {
		return signature.Config{Type: "token", In: "query", Name: "token", Secrets: v.secrets()}
	},
}

// means says which of our reasons a reason of the vectors may be.
var means = map[string][]signature.Reason{
	"body":                {signature.Mismatch},
	"url":                 {signature.Mismatch},
	"encoding":            {signature.Mismatch},
	"cert-url":            {signature.Certificate},
	"secret":              {signature.Mismatch, signature.Credential},
	"signature":           {signature.Mismatch, signature.Malformed, signature.MissingHeader},
	"missing-header":      {signature.MissingHeader, signature.MissingParameter, signature.MissingField},
	"duplicate-header":    {signature.DuplicateHeader},
	"duplicate-parameter": {signature.DuplicateParameter},
	"malformed":           {signature.Malformed},
	"version":             {signature.Version},
	"stale":               {signature.Stale},
	"future":              {signature.Future},
	"source-unverified":   {signature.SourceUnverified},
}

func vectors(t *testing.T) []vector { return vectorsIn(t, "testdata/signatures.json") }

func vectorsIn(t *testing.T, file string) []vector {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []vector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func compile(t testing.TB, c signature.Config) *signature.Verifier {
	t.Helper()
	return compiled(t, c, signature.Compile)
}

// compiled gives what make makes of c, which must have no fault.
func compiled[T any](t testing.TB, c signature.Config, make func(signature.Config) (T, []signature.Fault)) T {
	t.Helper()
	made, faults := make(c)
	if len(faults) > 0 {
		t.Fatalf("%+v: %v", c, faults)
	}
	return made
}

func TestVectors(t *testing.T) {
	ran := map[string]int{}
	built["paypal"] = payPalVector(t)
	for _, c := range vectors(t) {
		config, is := built[c.Scheme]
		if !is {
			t.Errorf("%s: scheme %s is not built", c.ID, c.Scheme)
			continue
		}
		ran[c.Scheme]++
		t.Run(c.ID, func(t *testing.T) {
			if c.Reason == "weak-key" {
				if _, faults := signature.Compile(config(&c)); len(faults) != 1 || !strings.Contains(faults[0].Message, "low order") {
					t.Errorf("%s: faults %v", c.Note, faults)
				}
				return
			}
			v, r := compile(t, config(&c)), c.request(t)
			if c.Scheme == "meta-handshake" {
				checkHandshake(t, v, r, c.Valid)
				return
			}
			checkVerdict(t, &c, v.Verify(r), means)
		})
	}
	for scheme := range built {
		if ran[scheme] == 0 {
			t.Errorf("no vector of scheme %s ran", scheme)
		}
	}
}

func checkVerdict(t *testing.T, c *vector, err error, means map[string][]signature.Reason) {
	t.Helper()
	if c.Valid {
		if err != nil {
			t.Errorf("%s: refused: %v", c.Note, err)
		}
		return
	}
	var refused *signature.Error
	if !errors.As(err, &refused) {
		t.Fatalf("%s: passed, or no *Error: %v", c.Note, err)
	}
	if !slices.Contains(means[c.Reason], refused.Reason) {
		t.Errorf("%s: refused for %s, want %s", c.Note, refused.Reason, c.Reason)
	}
}

func checkHandshake(t *testing.T, v *signature.Verifier, r *signature.Request, valid bool) {
	t.Helper()
	a, is := v.Handshake(r)
	if !is {
		t.Fatal("not taken for a handshake")
	}
	if valid && (a.Status != http.StatusOK || string(a.Body) != "1158201444" || !strings.HasPrefix(a.ContentType, "text/plain") || a.Refused()) {
		t.Errorf("answered %d %q %q", a.Status, a.ContentType, a.Body)
	}
	if !valid && (a.Status != http.StatusForbidden || len(a.Body) > 0 || !a.Refused()) {
		t.Errorf("answered %d %q, want 403 without the challenge", a.Status, a.Body)
	}
}
