package signature_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// public configures a provider with the public half of a key, under the id k1.
func public(t *testing.T, kind, key string, c signature.TokenConfig) signature.Config {
	c.KID = "k1"
	return signature.Config{Type: kind, Secrets: []string{publicPEM(t, key)}, TokenConfig: c}
}

// claimed writes claims, of which change sets some; nil takes one out.
func claimed(good map[string]string, change map[string]string) string {
	var all []string
	for name, value := range good {
		if other, is := change[name]; is {
			value = other
		}
		if value != "" {
			all = append(all, fmt.Sprintf("%q:%s", name, value))
		}
	}
	for name, value := range change {
		if _, is := good[name]; !is {
			all = append(all, fmt.Sprintf("%q:%s", name, value))
		}
	}
	return "{" + strings.Join(all, ",") + "}"
}

func unix(after time.Duration) string { return fmt.Sprint(now.Add(after).Unix()) }

func TestGooglePubSub(t *testing.T) {
	v := compile(t, public(t, "google-pubsub", "RSA", signature.TokenConfig{Audience: "gate", Email: "push@p.iam.test"}))
	good := map[string]string{
		"iss": `"https://accounts.google.com"`, "aud": `"gate"`, "email": `"push@p.iam.test"`, "email_verified": "true",
		"iat": unix(0), "exp": unix(time.Hour),
	}
	for name, c := range map[string]struct {
		change map[string]string
		reason signature.Reason
	}{
		"as Google signs":            {nil, ""},
		"the other issuer":           {map[string]string{"iss": `"accounts.google.com"`}, ""},
		"an issuer of somebody":      {map[string]string{"iss": `"https://accounts.google.com.evil.test"`}, signature.Claim},
		"another service account":    {map[string]string{"email": `"push@evil.iam.test"`}, signature.Claim},
		"no service account":         {map[string]string{"email": ""}, signature.MissingClaim},
		"an account not verified":    {map[string]string{"email_verified": "false"}, signature.Claim},
		"verified, as a text":        {map[string]string{"email_verified": `"true"`}, signature.Claim},
		"verified is not said":       {map[string]string{"email_verified": ""}, signature.Claim},
		"an audience among others":   {map[string]string{"aud": `["gate"]`}, signature.Claim},
		"a day":                      {map[string]string{"exp": unix(24 * time.Hour)}, ""},
		"more than a day":            {map[string]string{"exp": unix(24*time.Hour + time.Second)}, signature.Future},
		"no iat":                     {map[string]string{"iat": ""}, signature.MissingClaim},
		"iat in five minutes":        {map[string]string{"iat": unix(5 * time.Minute)}, ""},
		"iat in five minutes and 1s": {map[string]string{"iat": unix(301 * time.Second)}, signature.Future},
	} {
		if got := reason(t, v.Verify(bearing(publicToken(t, "RS256", "k1", claimed(good, c.change))))); got != c.reason {
			t.Errorf("%s: %q, want %q", name, got, c.reason)
		}
	}
	for name, text := range map[string]string{
		"another id": publicToken(t, "RS256", "k2", claimed(good, nil)),
		"no id":      token(`{"alg":"RS256"}`, claimed(good, nil), signedBy(t, "RS256", "RSA")),
	} {
		if got := reason(t, v.Verify(bearing(text))); got != signature.UnknownKey {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := reason(t, v.Verify(bearing(publicToken(t, "RS384", "k1", claimed(good, nil))))); got != signature.Algorithm {
		t.Errorf("RS384: %q", got)
	}
}

func TestBotFramework(t *testing.T) {
	v := compile(t, public(t, "botframework", "RSA", signature.TokenConfig{AppID: "app", Endorsements: []string{"msteams"}}))
	good := map[string]string{
		"iss": `"https://api.botframework.com"`, "aud": `"app"`, "serviceurl": `"https://smba.test/"`, "exp": unix(time.Hour),
	}
	const body = `{"serviceUrl":"https://smba.test/","channelId":"msteams","id":"a1"}`
	for name, c := range map[string]struct {
		body   string
		change map[string]string
		reason signature.Reason
	}{
		"as Microsoft signs":     {body, nil, ""},
		"another channel":        {strings.Replace(body, "msteams", "slack", 1), nil, signature.Claim},
		"a channel in capitals":  {strings.Replace(body, "msteams", "MSTeams", 1), nil, signature.Claim},
		"no channel":             {`{"serviceUrl":"https://smba.test/"}`, nil, signature.Malformed},
		"another serviceUrl":     {strings.Replace(body, "smba", "evil", 1), nil, signature.Claim},
		"no serviceUrl":          {`{"channelId":"msteams"}`, nil, signature.Malformed},
		"two of serviceUrl":      {`{"serviceUrl":"https://smba.test/","serviceUrl":"https://evil.test/","channelId":"msteams"}`, nil, signature.Malformed},
		"no body":                {"", nil, signature.Malformed},
		"a token without one":    {body, map[string]string{"serviceurl": ""}, signature.Claim},
		"in another case":        {body, map[string]string{"serviceurl": "", "serviceUrl": `"https://smba.test/"`}, signature.Claim},
		"the emulator's issuer":  {body, map[string]string{"iss": `"https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/"`}, signature.Claim},
		"a token without an end": {body, map[string]string{"exp": ""}, signature.MissingClaim},
	} {
		r := bearing(publicToken(t, "RS256", "k1", claimed(good, c.change)))
		r.Body = []byte(c.body)
		if got := reason(t, v.Verify(r)); got != c.reason {
			t.Errorf("%s: %q, want %q", name, got, c.reason)
		}
	}
	set := keySet(t, jwkOf(t, signers()["RSA"].Public(), "k1", []string{"webchat", "msteams"}), jwkOf(t, signers()["another RSA"].Public(), "k2", nil))
	sets := signature.NewKeySets(func(url string) ([]byte, error) {
		if url != "https://login.botframework.com/v1/.well-known/keys" {
			t.Errorf("asked for %s", url)
		}
		return []byte(set), nil
	})
	v = compile(t, signature.Config{Type: "botframework", TokenConfig: signature.TokenConfig{AppID: "app", KeySets: sets}})
	r := bearing(publicToken(t, "RS256", "k1", claimed(good, nil)))
	r.Body = []byte(body)
	if err := v.Verify(r); err != nil {
		t.Errorf("a key with endorsements: %v", err)
	}
	r = bearing(token(`{"alg":"RS256","kid":"k2"}`, claimed(good, nil), signedBy(t, "RS256", "another RSA")))
	r.Body = []byte(body)
	if got := reason(t, v.Verify(r)); got != signature.Claim {
		t.Errorf("a key that nobody endorsed: %q", got)
	}
}

// trueLayer is a request that TrueLayer signs; the signer sees other names and path.
func trueLayer(t *testing.T, header, method, path, fields, body string) string {
	t.Helper()
	signed := part(header) + "." + part(method+" "+path+"\n"+fields+body)
	return part(header) + ".." + part(string(signedBy(t, "ES512", "P-521")([]byte(signed))))
}

func TestTrueLayer(t *testing.T) {
	const at, stamp, body = "2023-11-14T22:13:20Z", "X-Tl-Webhook-Timestamp: 2023-11-14T22:13:20Z\n", `{"event_id":"e1"}`
	head := func(more string) string {
		return `{"alg":"ES512","kid":"k1","tl_version":"2","tl_headers":"X-Tl-Webhook-Timestamp"` + more + `}`
	}
	other := strings.Replace
	for name, c := range map[string]struct {
		url, signature string
		header         pairs
		reason         signature.Reason
	}{
		"as TrueLayer signs":     {"https://gw.test/a/b", trueLayer(t, head(""), "POST", "/a/b", stamp, body), nil, ""},
		"a slash more":           {"https://gw.test/a/b/", trueLayer(t, head(""), "POST", "/a/b", stamp, body), nil, ""},
		"a slash less":           {"https://gw.test/a/b", trueLayer(t, head(""), "POST", "/a/b/", stamp, body), nil, ""},
		"two slashes more":       {"https://gw.test/a/b//", trueLayer(t, head(""), "POST", "/a/b", stamp, body), nil, signature.Mismatch},
		"a query nobody signed":  {"https://gw.test/a/b?x=1", trueLayer(t, head(""), "POST", "/a/b", stamp, body), nil, signature.Mismatch},
		"with its query":         {"https://gw.test/a/b?x=1", trueLayer(t, head(""), "POST", "/a/b?x=1", stamp, body), nil, ""},
		"two fields":             {"https://gw.test/a", trueLayer(t, other(head(""), `stamp"`, `stamp,x-one"`, 1), "POST", "/a", stamp+"x-one: 1\n", body), pairs{{"X-One", "1"}}, ""},
		"a field that is gone":   {"https://gw.test/a", trueLayer(t, other(head(""), `stamp"`, `stamp,x-one"`, 1), "POST", "/a", stamp+"x-one: 1\n", body), nil, signature.MissingHeader},
		"a field twice":          {"https://gw.test/a", trueLayer(t, other(head(""), `stamp"`, `stamp,x-one"`, 1), "POST", "/a", stamp+"x-one: 1\n", body), pairs{{"X-One", "1"}, {"x-one", "2"}}, signature.DuplicateHeader},
		"very many fields":       {"https://gw.test/a", trueLayer(t, other(head(""), `stamp"`, `stamp`+strings.Repeat(",x-one", 20)+`"`, 1), "POST", "/a", stamp, body), pairs{{"X-One", "1"}}, signature.Malformed},
		"another version":        {"https://gw.test/a", trueLayer(t, other(head(""), `"2"`, `"1"`, 1), "POST", "/a", stamp, body), nil, signature.Version},
		"ES256":                  {"https://gw.test/a", trueLayer(t, other(head(""), "ES512", "ES256", 1), "POST", "/a", stamp, body), nil, signature.Algorithm},
		"another key's id":       {"https://gw.test/a", trueLayer(t, other(head(""), "k1", "k2", 1), "POST", "/a", stamp, body), nil, signature.UnknownKey},
		"crit":                   {"https://gw.test/a", trueLayer(t, head(`,"crit":["b64"]`), "POST", "/a", stamp, body), nil, signature.Malformed},
		"a payload of its own":   {"https://gw.test/a", token(head(""), "POST /a\n"+stamp+body, signedBy(t, "ES512", "P-521")), nil, signature.Malformed},
		"keys that it names, by": {"https://gw.test/a", trueLayer(t, head(`,"jku":"https://evil.test/jwks"`), "POST", "/a", stamp, body), nil, signature.Claim},
		"the sandbox's keys":     {"https://gw.test/a", trueLayer(t, head(`,"jku":"https://webhooks.truelayer-sandbox.com/.well-known/jwks"`), "POST", "/a", stamp, body), nil, signature.Claim},
		"the keys as they are":   {"https://gw.test/a", trueLayer(t, head(`,"jku":"https://webhooks.truelayer.com/.well-known/jwks"`), "POST", "/a", stamp, body), nil, ""},
	} {
		set := keySet(t, jwkOf(t, signers()["P-521"].Public(), "k1", nil))
		sets := signature.NewKeySets(func(string) ([]byte, error) { return []byte(set), nil })
		v := compile(t, signature.Config{Type: "truelayer", TokenConfig: signature.TokenConfig{KeySets: sets}})
		r := &signature.Request{Method: "POST", URL: func() string { return c.url }, Body: []byte(body), Now: now,
			Header: slices.Concat(pairs{{"Tl-Signature", c.signature}, {"X-Tl-Webhook-Timestamp", at}}, c.header)}
		if got := reason(t, v.Verify(r)); got != c.reason {
			t.Errorf("%s: %q, want %q", name, got, c.reason)
		}
	}
	v := compile(t, public(t, "truelayer", "P-521", signature.TokenConfig{RequiredHeaders: []string{"X-One"}}))
	r := &signature.Request{Method: "POST", URL: func() string { return "https://gw.test/a" }, Body: []byte(body), Now: now,
		Header: pairs{{"Tl-Signature", trueLayer(t, head(""), "POST", "/a", stamp, body)}, {"X-Tl-Webhook-Timestamp", at}, {"X-One", "1"}}}
	if got := reason(t, v.Verify(r)); got != signature.MissingHeader {
		t.Errorf("a required header that is not signed: %q", got)
	}
}

// The hash of Atlassian's tokens, as its package makes it: method, path and query in one
// form, whatever form they come in.
func TestAtlassianCanonicalRequest(t *testing.T) {
	for _, c := range []struct{ base, method, url, canonical string }{
		{"", "POST", "https://gw.test/a", "POST&/a&"},
		{"", "post", "https://gw.test/a/", "POST&/a&"},
		{"", "GET", "https://gw.test", "GET&/&"},
		{"", "GET", "https://gw.test/a&b", "GET&/a%26b&"},
		{"", "GET", "https://gw.test/a?b=2&a=1&jwt=x", "GET&/a&a=1&b=2"},
		{"", "GET", "https://gw.test/a?b=2&b=10&b=1", "GET&/a&b=1,10,2"},
		{"", "GET", "https://gw.test/a?n=a+b&m=%2B*~'()!&o", "GET&/a&m=%2B%2A~%27%28%29%21&n=a%20b&o="},
		{"https://gw.test/base", "GET", "https://gw.test/base/a", "GET&/a&"},
		{"https://gw.test/base/", "GET", "https://gw.test/base", "GET&/&"},
		{"https://gw.test/base", "GET", "https://gw.test/based/a", "GET&/based/a&"},
	} {
		config := signature.Config{Type: "atlassian-connect", Secrets: []string{"s3cret"}, TokenConfig: signature.TokenConfig{ClientKey: "ck", BaseURL: c.base}}
		sum := sha256.Sum256([]byte(c.canonical))
		r := &signature.Request{Method: c.method, URL: func() string { return c.url }, Now: now, Header: pairs{
			{"Authorization", "JWT " + hs256(claimsWith(`,"iss":"ck","qsh":"`+hex.EncodeToString(sum[:])+`"`))}}}
		if err := compile(t, config).Verify(r); err != nil {
			t.Errorf("%s %s under %q is not %s: %v", c.method, c.url, c.base, c.canonical, err)
		}
		fields := headersOf(compileSender(t, config), signature.Message{ID: "m1", At: now, Method: c.method, URL: c.url})
		claims, err := base64.RawURLEncoding.DecodeString(strings.Split(fields[0][1], ".")[1])
		if err != nil || !strings.Contains(string(claims), hex.EncodeToString(sum[:])) {
			t.Errorf("%s %s: its sender says %s", c.method, c.url, claims)
		}
	}
	config := signature.Config{Type: "atlassian-connect", Secrets: []string{"s3cret"}, TokenConfig: signature.TokenConfig{ClientKey: "ck"}}
	for _, of := range []string{"?a=%zz", "?a=1;b=2"} { // what two readers read as two queries
		sum := sha256.Sum256([]byte("GET&/a&"))
		r := &signature.Request{Method: "GET", URL: func() string { return "https://gw.test/a" + of }, Now: now, Header: pairs{
			{"Authorization", "JWT " + hs256(claimsWith(`,"iss":"ck","qsh":"`+hex.EncodeToString(sum[:])+`"`))}}}
		if got := reason(t, compile(t, config).Verify(r)); got != signature.Mismatch {
			t.Errorf("%s: %q", of, got)
		}
	}
}

// Vonage's tokens have no end: their beginning must be there, and young.
func TestVonageTimes(t *testing.T) {
	v := compile(t, signature.Config{Type: "vonage", Secrets: []string{"s3cret"}, APIKey: "k"})
	sum := sha256.Sum256([]byte(`{}`))
	good := map[string]string{"api_key": `"k"`, "payload_hash": `"` + hex.EncodeToString(sum[:]) + `"`, "iat": unix(0)}
	for name, c := range map[string]struct {
		change map[string]string
		reason signature.Reason
	}{
		"now":                     {nil, ""},
		"in five minutes":         {map[string]string{"iat": unix(5 * time.Minute)}, ""},
		"in more":                 {map[string]string{"iat": unix(301 * time.Second)}, signature.Future},
		"more than five ago":      {map[string]string{"iat": unix(-301 * time.Second)}, signature.Stale},
		"no iat":                  {map[string]string{"iat": ""}, signature.MissingClaim},
		"an end that is past":     {map[string]string{"exp": unix(0)}, signature.Stale},
		"an end to come":          {map[string]string{"exp": unix(time.Second)}, ""},
		"another account":         {map[string]string{"api_key": `"other"`}, signature.Claim},
		"no account":              {map[string]string{"api_key": ""}, signature.MissingClaim},
		"no hash, with a body":    {map[string]string{"payload_hash": ""}, signature.MissingClaim},
		"another body's hash":     {map[string]string{"payload_hash": `"` + strings.Repeat("0", 64) + `"`}, signature.Mismatch},
		"the hash in upper case":  {map[string]string{"payload_hash": `"` + strings.ToUpper(hex.EncodeToString(sum[:])) + `"`}, signature.Mismatch},
		"the hash is no text":     {map[string]string{"payload_hash": "1"}, signature.Mismatch},
		"the account is no text":  {map[string]string{"api_key": "[]"}, signature.Claim},
		"a beginning as a text":   {map[string]string{"iat": `"` + unix(0) + `"`}, signature.Malformed},
		"with what nobody checks": {map[string]string{"iss": `"anyone"`}, ""},
	} {
		if got := reason(t, v.Verify(bearing(hs256(claimed(good, c.change))))); got != c.reason {
			t.Errorf("%s: %q, want %q", name, got, c.reason)
		}
	}
}

// The keys of a provider come from its own host, whatever a request says; who cannot
// have them lets nobody in.
func TestKeysComeFromTheProvider(t *testing.T) {
	for kind, want := range map[string]string{
		"google-pubsub": "https://www.googleapis.com/oauth2/v3/certs",
		"botframework":  "https://login.botframework.com/v1/.well-known/keys",
		"truelayer":     "https://webhooks.truelayer.com/.well-known/jwks",
	} {
		for _, v := range publicVectors(t) {
			if v.Scheme != kind || !v.Valid {
				continue
			}
			var asked []string
			c := fetchedConfig(t, &v)
			c.KeySets = signature.NewKeySets(func(url string) ([]byte, error) {
				asked = append(asked, url)
				return nil, errors.New("no route")
			})
			err := compile(t, c).Verify(v.request(t))
			if !signature.IsUnavailable(err) || !slices.Equal(asked, []string{want}) {
				t.Errorf("%s: %v, asked for %q", v.ID, err, asked)
			}
		}
	}
}
