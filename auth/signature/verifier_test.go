package signature_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

var now = time.Unix(1700000000, 0)

// mac is HMAC as everybody writes it, to check the engine against.
func mac(algorithm func() hash.Hash, secret string, parts ...string) []byte {
	m := hmac.New(algorithm, []byte(secret))
	m.Write([]byte(strings.Join(parts, "")))
	return m.Sum(nil)
}

// reason returns why err refused, or "" for a request that passed.
func reason(t *testing.T, err error) signature.Reason {
	t.Helper()
	var refused *signature.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("no *Error: %v", err)
	}
	if refused == nil {
		return ""
	}
	return refused.Reason
}

func TestGenericHMAC(t *testing.T) {
	const body, secret, target = `{"a":1}`, "s3cret", "https://gw.example.test/hooks/a%2Fb/c?x=1&y=%20"
	hexOf := func(b []byte) string { return hex.EncodeToString(b) }
	base64Of := base64.StdEncoding.EncodeToString
	stamped := signature.Config{Header: "X-Sig", Signed: "{timestamp}.{body}", TimestampHeader: "X-Time", Tolerance: time.Minute}
	right := hexOf(mac(sha256.New, secret, "1700000000.", body))
	for name, c := range map[string]struct {
		config  signature.Config
		headers pairs
		want    signature.Reason
	}{
		"defaults": {
			signature.Config{Header: "X-Sig"}, pairs{{"x-sig", hexOf(mac(sha256.New, secret, body))}}, ""},
		"upper-case hex": {
			signature.Config{Header: "X-Sig"}, pairs{{"X-Sig", strings.ToUpper(hexOf(mac(sha256.New, secret, body)))}}, ""},
		"sha1 base64": {
			signature.Config{Header: "X-Sig", Algorithm: "sha1", Encoding: "base64"}, pairs{{"X-Sig", base64Of(mac(sha1.New, secret, body))}}, ""},
		"lower-cased base64": {
			signature.Config{Header: "X-Sig", Encoding: "base64"}, pairs{{"X-Sig", strings.ToLower(base64Of(mac(sha256.New, secret, body)))}}, signature.Mismatch},
		"sha512 with prefix": {
			signature.Config{Header: "X-Sig", Algorithm: "sha512", Prefix: "sha512="}, pairs{{"X-Sig", "sha512=" + hexOf(mac(sha512.New, secret, body))}}, ""},
		"prefix missing": {
			signature.Config{Header: "X-Sig", Prefix: "sha256="}, pairs{{"X-Sig", hexOf(mac(sha256.New, secret, body))}}, signature.Malformed},
		"another algorithm": {
			signature.Config{Header: "X-Sig", Algorithm: "sha1"}, pairs{{"X-Sig", hexOf(mac(sha256.New, secret, body))}}, signature.Mismatch},
		"too long": {
			signature.Config{Header: "X-Sig"}, pairs{{"X-Sig", strings.Repeat("a", 4096)}}, signature.Mismatch},
		"missing":  {signature.Config{Header: "X-Sig"}, nil, signature.MissingHeader},
		"empty":    {signature.Config{Header: "X-Sig"}, pairs{{"X-Sig", ""}}, signature.MissingHeader},
		"repeated": {stamped, pairs{{"X-Sig", right}, {"X-Time", "1700000000"}, {"x-sig", right}}, signature.DuplicateHeader},
		"empty HMAC key": {
			signature.Config{Header: "X-Sig"}, pairs{{"X-Sig", hexOf(mac(sha256.New, "", body))}}, signature.Mismatch},
		"request line and header": {
			signature.Config{Header: "X-Sig", Signed: "{method} {path}\n{url}\n{header:X-Nonce}\n{body}"},
			pairs{{"X-Nonce", "n1"}, {"X-Sig", hexOf(mac(sha256.New, secret, "POST /hooks/a%2Fb/c?x=1&y=%20\n", target, "\nn1\n", body))}}, ""},
		"signed header missing": {
			signature.Config{Header: "X-Sig", Signed: "{header:X-Nonce}{body}"}, pairs{{"X-Sig", hexOf(mac(sha256.New, secret, body))}}, signature.MissingHeader},
		"signed header repeated": {
			signature.Config{Header: "X-Sig", Signed: "{header:X-Nonce}{body}"},
			pairs{{"X-Nonce", "n"}, {"X-Nonce", "n"}, {"X-Sig", hexOf(mac(sha256.New, secret, "n", body))}}, signature.DuplicateHeader},
		"stamped":           {stamped, pairs{{"X-Sig", right}, {"X-Time", "1700000000"}}, ""},
		"stamp missing":     {stamped, pairs{{"X-Sig", right}}, signature.MissingHeader},
		"stamp repeated":    {stamped, pairs{{"X-Sig", right}, {"X-Time", "1700000000"}, {"X-Time", "1700000000"}}, signature.DuplicateHeader},
		"stamp changed":     {stamped, pairs{{"X-Sig", right}, {"X-Time", "1700000001"}}, signature.Mismatch},
		"stamp stale":       {stamped, pairs{{"X-Sig", right}, {"X-Time", "1699999939"}}, signature.Stale},
		"stamp future":      {stamped, pairs{{"X-Sig", right}, {"X-Time", "1700000061"}}, signature.Future},
		"stamp edge":        {stamped, pairs{{"X-Sig", hexOf(mac(sha256.New, secret, "1699999940.", body))}, {"X-Time", "1699999940"}}, ""},
		"stamp future edge": {stamped, pairs{{"X-Sig", hexOf(mac(sha256.New, secret, "1700000060.", body))}, {"X-Time", "1700000060"}}, ""},
		"stamp signed":      {stamped, pairs{{"X-Sig", right}, {"X-Time", "+1700000000"}}, signature.Malformed},
		"stamp with space":  {stamped, pairs{{"X-Sig", right}, {"X-Time", " 1700000000"}}, signature.Malformed},
		"stamp fraction":    {stamped, pairs{{"X-Sig", right}, {"X-Time", "1700000000.0"}}, signature.Malformed},
		"stamp milliseconds": {
			stamped, pairs{{"X-Sig", right}, {"X-Time", "1700000000000"}}, signature.Malformed},
		"stamp overflowing": {
			stamped, pairs{{"X-Sig", right}, {"X-Time", strings.Repeat("9", 40)}}, signature.Malformed},
		"stamp far":          {stamped, pairs{{"X-Sig", right}, {"X-Time", "999999999999"}}, signature.Future},
		"stamp other digits": {stamped, pairs{{"X-Sig", right}, {"X-Time", "１７"}}, signature.Malformed},
	} {
		t.Run(name, func(t *testing.T) {
			c.config.Type, c.config.Secrets = "hmac", []string{"other", secret}
			r := &signature.Request{
				Method: "POST", URL: func() string { return target },
				Header: c.headers, Body: []byte(body), Now: now,
			}
			if got := reason(t, compile(t, c.config).Verify(r)); got != c.want {
				t.Errorf("refused for %q, want %q", got, c.want)
			}
		})
	}
}

func TestNilURLAndQuery(t *testing.T) {
	v := compile(t, signature.Config{Type: "hmac", Header: "X-Sig", Signed: "{url}|{path}|{body}", Secrets: []string{"s"}})
	r := &signature.Request{Header: pairs{{"X-Sig", hex.EncodeToString(mac(sha256.New, "s", "|/|b"))}}, Body: []byte("b"), Now: now}
	if err := v.Verify(r); err != nil {
		t.Error(err)
	}
	v = compile(t, signature.Config{Type: "token", In: "query", Name: "token", Secrets: []string{"s"}})
	if got := reason(t, v.Verify(r)); got != signature.MissingParameter {
		t.Errorf("refused for %q, want %q", got, signature.MissingParameter)
	}
}

func TestStandardForms(t *testing.T) {
	const secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `{"test": 2432232314}`
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	v := compile(t, signature.Config{Type: "standard", Secrets: []string{"dGhlIG90aGVy", secret}})
	sign := func(id, at string) string {
		return "v1," + base64.StdEncoding.EncodeToString(mac(sha256.New, string(raw), id, ".", at, ".", body))
	}
	for name, c := range map[string]struct {
		id, at, signature string
		want              signature.Reason
	}{
		"plain":                   {"msg_1", "1700000000", sign("msg_1", "1700000000"), ""},
		"second secret, last":     {"msg_1", "1700000000", "v1a,AAAA v1,AAAA " + sign("msg_1", "1700000000"), ""},
		"many spaces":             {"msg_1", "1700000000", "  " + sign("msg_1", "1700000000") + " ", ""},
		"nothing but spaces":      {"msg_1", "1700000000", "   ", signature.Version},
		"other versions only":     {"msg_1", "1700000000", "v1a,AAAA v2," + sign("msg_1", "1700000000")[3:], signature.Version},
		"version alone":           {"msg_1", "1700000000", "v1,", signature.Mismatch},
		"comma instead of spaces": {"msg_1", "1700000000", "v1,AAAA," + sign("msg_1", "1700000000"), signature.Mismatch},
		"without its padding":     {"msg_1", "1700000000", strings.TrimSuffix(sign("msg_1", "1700000000"), "="), signature.Mismatch},
		"full stop in the id":     {"msg.1", "1700000000", sign("msg.1", "1700000000"), signature.Malformed},
		"leading zero is signed":  {"msg_1", "01700000000", sign("msg_1", "1700000000"), signature.Mismatch},
	} {
		r := &signature.Request{Header: pairs{{"webhook-id", c.id}, {"webhook-timestamp", c.at}, {"webhook-signature", c.signature}}, Body: []byte(body), Now: now}
		if got := reason(t, v.Verify(r)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
}

func TestStripeForms(t *testing.T) {
	const secret, body = "whsec_test", `{}`
	right := "v1=" + hex.EncodeToString(mac(sha256.New, secret, "1700000000.", body))
	v := compile(t, signature.Config{Type: "stripe", Secrets: []string{secret}})
	for header, want := range map[string]signature.Reason{
		"t=1700000000," + right:               "",
		right + ",t=1700000000":               "",
		"t=1700000000,v0=abc,v1=abc," + right: "",
		"t=1700000000,t=1700000000," + right:  signature.Malformed,
		"t=," + right:                         signature.Malformed,
		right:                                 signature.Malformed,
		"t=1700000000":                        signature.Version,
		"t=1700000000,v0=" + right[3:]:        signature.Version,
		"t=1700000000, " + right:              signature.Version,
		"t=1700000000,v1=":                    signature.Mismatch,
		",,,":                                 signature.Version,
		"t=1700000000," + strings.Repeat("v1=a,", 3000):      signature.Mismatch,
		"t=1700000000," + strings.Repeat(right[:60]+",", 99): signature.Mismatch,
	} {
		r := &signature.Request{Header: pairs{{"Stripe-Signature", header}}, Body: []byte(body), Now: now}
		if got := reason(t, v.Verify(r)); got != want {
			t.Errorf("%.80s: refused for %q, want %q", header, got, want)
		}
	}
}

func TestCredentials(t *testing.T) {
	basic := signature.Config{Type: "basic", Username: "ann", Password: "p:w"}
	bearer := signature.Config{Type: "bearer", Secrets: []string{"old", "new"}}
	token := signature.Config{Type: "token", In: "header", Name: "X-Token", Secrets: []string{"old", "new"}}
	query := signature.Config{Type: "token", In: "query", Name: "k", Secrets: []string{"a b"}}
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, c := range map[string]struct {
		config signature.Config
		header pairs
		query  string
		want   signature.Reason
	}{
		"basic":                  {basic, pairs{{"Authorization", "Basic " + b64("ann:p:w")}}, "", ""},
		"basic, any case":        {basic, pairs{{"authorization", "BASIC  " + b64("ann:p:w")}}, "", ""},
		"basic, wrong user":      {basic, pairs{{"Authorization", "Basic " + b64("bob:p:w")}}, "", signature.Credential},
		"basic, moved colon":     {basic, pairs{{"Authorization", "Basic " + b64("ann:p::w")}}, "", signature.Credential},
		"basic, no base64":       {basic, pairs{{"Authorization", "Basic ann:p:w"}}, "", signature.Credential},
		"basic, bearer instead":  {basic, pairs{{"Authorization", "Bearer " + b64("ann:p:w")}}, "", signature.Malformed},
		"basic, scheme alone":    {basic, pairs{{"Authorization", "Basic"}}, "", signature.Malformed},
		"basic, none":            {basic, nil, "", signature.MissingHeader},
		"basic, twice":           {basic, pairs{{"Authorization", "Basic " + b64("ann:p:w")}, {"Authorization", "x"}}, "", signature.DuplicateHeader},
		"bearer, second":         {bearer, pairs{{"Authorization", "Bearer new"}}, "", ""},
		"bearer, first":          {bearer, pairs{{"Authorization", "bearer old"}}, "", ""},
		"bearer, unknown":        {bearer, pairs{{"Authorization", "Bearer other"}}, "", signature.Credential},
		"bearer, empty":          {bearer, pairs{{"Authorization", "Bearer "}}, "", signature.Credential},
		"bearer, prefix":         {bearer, pairs{{"Authorization", "Bearer ol"}}, "", signature.Credential},
		"bearer, longer":         {bearer, pairs{{"Authorization", "Bearer oldx"}}, "", signature.Credential},
		"bearer, both":           {bearer, pairs{{"Authorization", "Bearer old"}, {"Authorization", "Bearer old"}}, "", signature.DuplicateHeader},
		"token":                  {token, pairs{{"x-token", "new"}}, "", ""},
		"token, empty":           {token, pairs{{"X-Token", ""}}, "", signature.MissingHeader},
		"token, in the query":    {token, nil, "X-Token=new", signature.MissingHeader},
		"query":                  {query, nil, "k=a+b", ""},
		"query, other case":      {query, nil, "K=a+b", signature.MissingParameter},
		"query, twice":           {query, nil, "k=a+b&k=a+b", signature.DuplicateParameter},
		"query, wrong":           {query, nil, "k=a", signature.Credential},
		"query, in the header":   {query, pairs{{"k", "a b"}}, "", signature.MissingParameter},
		"none lets everybody in": {signature.Config{Type: "none"}, nil, "", ""},
	} {
		values, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		r := &signature.Request{Header: c.header, Query: queryOf(values), Now: now}
		if got := reason(t, compile(t, c.config).Verify(r)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
}

func TestDeliveryID(t *testing.T) {
	for scheme, want := range map[string]string{
		"standard": "header:webhook-id", "svix": "header:svix-id", "stripe": "id", "github": "header:X-GitHub-Delivery",
		"slack": "event_id", "viber": "message_token", "line": "events[*].webhookEventId", "bearer": "",
	} {
		v := compile(t, signature.Config{Type: scheme, Secrets: []string{"c2VjcmV0"}})
		if got := v.DeliveryID(); got != want {
			t.Errorf("%s has its id at %q, want %q", scheme, got, want)
		}
	}
}

func TestCompileFaults(t *testing.T) {
	for name, c := range map[string]struct {
		config signature.Config
		fields []string
	}{
		"no type":         {signature.Config{}, []string{"type"}},
		"unknown type":    {signature.Config{Type: "Stripe", Secrets: []string{"x"}}, []string{"type"}},
		"none with more":  {signature.Config{Type: "none", Secrets: []string{"x"}, Tolerance: 1}, []string{"secrets", "tolerance"}},
		"no secrets":      {signature.Config{Type: "github"}, []string{"secrets"}},
		"empty secrets":   {signature.Config{Type: "stripe", Secrets: []string{"x", "", ""}}, []string{"secrets[1]", "secrets[2]"}},
		"empty token":     {signature.Config{Type: "bearer", Secrets: []string{""}}, []string{"secrets[0]"}},
		"line end":        {signature.Config{Type: "bearer", Secrets: []string{"tok\n"}}, []string{"secrets[0]"}},
		"too many":        {signature.Config{Type: "github", Secrets: slices.Repeat([]string{"x"}, 17)}, []string{"secrets"}},
		"no base64":       {signature.Config{Type: "standard", Secrets: []string{"whsec_***", "whsec_", "==="}}, []string{"secrets[0]", "secrets[1]", "secrets[2]"}},
		"private ed25519": {signature.Config{Type: "standard", Secrets: []string{"whsk_AAAA"}}, []string{"secrets[0]"}},
		"tolerance":       {signature.Config{Type: "slack", Secrets: []string{"x"}, Tolerance: -time.Second}, []string{"tolerance"}},
		"no timestamp":    {signature.Config{Type: "github", Secrets: []string{"x"}, Tolerance: time.Second}, []string{"tolerance"}},
		"verify_token":    {signature.Config{Type: "slack", Secrets: []string{"x"}, VerifyToken: "x"}, []string{"verify_token"}},
		"token":           {signature.Config{Type: "token"}, []string{"in", "secrets"}},
		"token in header": {signature.Config{Type: "token", In: "header", Name: "X Token", Secrets: []string{"x"}}, []string{"name"}},
		"token in query":  {signature.Config{Type: "token", In: "query", Secrets: []string{"x"}}, []string{"name"}},
		"basic":           {signature.Config{Type: "basic"}, []string{"password", "username"}},
		"basic colon":     {signature.Config{Type: "basic", Username: "a:b", Password: "x"}, []string{"username"}},
		"hmac": {
			signature.Config{Type: "hmac", Algorithm: "md5", Encoding: "HEX", Prefix: "a\r\n", Signed: "{nobody}", TimestampHeader: "a:b", Name: "x"},
			[]string{"algorithm", "encoding", "header", "name", "prefix", "secrets", "signed", "timestamp_header"}},
		"unsigned timestamp": {signature.Config{Type: "hmac", Header: "S", TimestampHeader: "T", Secrets: []string{"x"}}, []string{"signed"}},
		"timestamp unsent":   {signature.Config{Type: "hmac", Header: "S", Signed: "{timestamp}{body}", Secrets: []string{"x"}}, []string{"timestamp_header"}},
		"tolerance of none":  {signature.Config{Type: "hmac", Header: "S", Tolerance: 1, Secrets: []string{"x"}}, []string{"tolerance"}},
		"body unsigned":      {signature.Config{Type: "hmac", Header: "S", Signed: "{url}", Secrets: []string{"x"}}, []string{"signed"}},
		"body twice":         {signature.Config{Type: "hmac", Header: "S", Signed: "{body}{body}", Secrets: []string{"x"}}, []string{"signed"}},
		"open brace":         {signature.Config{Type: "hmac", Header: "S", Signed: "{body", Secrets: []string{"x"}}, []string{"signed"}},
		"header name":        {signature.Config{Type: "hmac", Header: "S", Signed: "{header:}{body}", Secrets: []string{"x"}}, []string{"signed"}},
		"id":                 {signature.Config{Type: "hmac", Header: "S", Signed: "{id}{body}", Secrets: []string{"x"}}, []string{"signed"}},
		"components":         {signature.Config{Type: "rfc9421", Signed: "@query-param", Secrets: []string{"c2VjcmV0"}}, []string{"signed"}},
		"component twice":    {signature.Config{Type: "rfc9421", Signed: "Date date", Secrets: []string{"c2VjcmV0"}}, []string{"signed"}},
		"component name":     {signature.Config{Type: "rfc9421", Signed: "@method {body}", Secrets: []string{"c2VjcmV0"}}, []string{"signed"}},
		"no component":       {signature.Config{Type: "rfc9421", Signed: " ", Secrets: []string{"c2VjcmV0"}}, []string{"signed"}},
		"most components":    {signature.Config{Type: "rfc9421", Signed: "a b c d e f g h i j k l m n o p q r s t u v w x y", Secrets: []string{"c2VjcmV0"}}, []string{"signed"}},
		"another algorithm":  {signature.Config{Type: "rfc9421", Algorithm: "sha256", Encoding: "hex", Tolerance: -1, Secrets: []string{"c2VjcmV0"}}, []string{"algorithm", "encoding", "tolerance"}},
		"parts":              {signature.Config{Type: "hmac", Header: "S", Signed: "{body}" + strings.Repeat("{url}", 16), Secrets: []string{"x"}}, []string{"signed"}},
	} {
		v, faults := signature.Compile(c.config)
		var fields []string
		for _, fault := range faults {
			fields = append(fields, fault.Field)
			if strings.Contains(fault.Message, "whsec_***") || strings.Contains(fault.Message, "whsk_AAAA") {
				t.Errorf("%s: the fault shows the secret: %s", name, fault)
			}
		}
		slices.Sort(fields)
		if !slices.Equal(fields, c.fields) || v != nil {
			t.Errorf("%s: faults at %v, want %v: %v", name, fields, c.fields, faults)
		}
	}
}

func TestEverySchemeCompiles(t *testing.T) {
	more := map[string]signature.Config{
		"none": {}, "token": {In: "header", Name: "X", Secrets: []string{"x"}},
		"basic": {Username: "a", Password: "b"}, "hmac": {Header: "X", Secrets: []string{"x"}},
		"discord":          {Secrets: []string{"da2a4b1d972e340289ea57d28f2944197a5804a44a216a596fca5d9b60195c61"}},
		"telegram":         {Secrets: []string{"A-secret_Token"}},
		"paypal":           {Secrets: []string{"1JE4291016473214C"}},
		"mtls":             {Fingerprints: []string{strings.Repeat("0a", 32)}},
		"standard-ed25519": {Secrets: []string{"whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4="}},
		"rfc9421":          {Secrets: []string{"c2VjcmV0"}},
	}
	maps.Copy(more, composedConfigs)
	for _, name := range signature.Schemes() {
		c, is := more[name]
		if !is {
			_, c = samplePair(t, name, []byte("secret"))
		}
		c.Type = name
		compile(t, c)
	}
}

func TestConfigPrintsNoSecret(t *testing.T) {
	c := signature.Config{Type: "basic", Username: "ann", Password: "p4ss", Secrets: []string{"s3cret"}, VerifyToken: "t0ken"}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(format, c); got != `signature.Config{Type: "basic"}` {
			t.Errorf("%s prints %s", format, got)
		}
	}
}
