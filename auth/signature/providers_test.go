package signature_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

func TestTwilioForms(t *testing.T) {
	const secret, plain = "12345", "https://gw.example.test/hooks/a/b?k=1"
	sum := sha256.Sum256([]byte(`{"a":1}`))
	hash := hex.EncodeToString(sum[:])
	const form = "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		called, kind, body string
		signedURL, params  string
		want               signature.Reason
	}{
		"form":                     {plain, form, "b=2&a=1", plain, "a1b2", ""},
		"form with a charset":      {plain, "Application/X-WWW-Form-Urlencoded; charset=UTF-8", "b=2&a=1", plain, "a1b2", ""},
		"values once, in order":    {plain, form, "a=2&a=1&a=2", plain, "a1a2", ""},
		"plus and percent":         {plain, form, "a=%2B1+x&b=%C3%BC", plain, "a+1 xbü", ""},
		"empty value":              {plain, form, "a=&b", plain, "ab", ""},
		"GET, no body":             {plain, "", "", plain, "", ""},
		"with our port":            {"https://gw.example.test:443/x", form, "a=1", "https://gw.example.test/x", "a1", ""},
		"without our port":         {"https://gw.example.test/x", form, "a=1", "https://gw.example.test:443/x", "a1", ""},
		"odd port":                 {"https://gw.example.test:8443/x", form, "a=1", "https://gw.example.test:8443/x", "a1", ""},
		"http":                     {"http://gw.example.test", form, "a=1", "http://gw.example.test:80", "a1", ""},
		"IPv6":                     {"https://[::1]/x", form, "a=1", "https://[::1]:443/x", "a1", ""},
		"another port":             {"https://gw.example.test/x", form, "a=1", "https://gw.example.test:8443/x", "a1", signature.Mismatch},
		"body of another type":     {plain, "application/json", `{"a":1}`, plain, "", signature.Malformed},
		"body without a type":      {plain, "", `a=1`, plain, "", signature.MissingHeader},
		"bad escape":               {plain, form, "a=%zz", plain, "a", signature.Malformed},
		"semicolon":                {plain, form, "a=1;b=2", plain, "a1b2", signature.Malformed},
		"JSON by its hash":         {plain + "&bodySHA256=" + hash, "application/json", `{"a":1}`, plain + "&bodySHA256=" + hash, "", ""},
		"another body":             {plain + "&bodySHA256=" + hash, "application/json", `{"a":2}`, plain + "&bodySHA256=" + hash, "", signature.Mismatch},
		"hash in upper case":       {plain + "&bodySHA256=" + strings.ToUpper(hash), "", `{"a":1}`, plain + "&bodySHA256=" + strings.ToUpper(hash), "", signature.Mismatch},
		"empty hash":               {plain + "&bodySHA256=", "", "", plain + "&bodySHA256=", "", signature.Mismatch},
		"two hashes":               {plain + "&bodySHA256=x&bodySHA256=" + hash, "", `{"a":1}`, plain + "&bodySHA256=x&bodySHA256=" + hash, "", signature.DuplicateParameter},
		"a hash that nobody signs": {plain + "&bodySHA256=" + hash, "application/json", `{"a":1}`, plain, "", signature.Mismatch},
		"the form is not signed":   {plain, form, "a=1", plain, "", signature.Mismatch},
		"an old secret":            {plain, form, "a=1", plain, "a1", ""},
	} {
		u, err := url.Parse(c.called)
		if err != nil {
			t.Fatal(err)
		}
		header := pairs{{"X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac(sha1.New, secret, c.signedURL, c.params))}}
		if c.kind != "" {
			header = append(header, [2]string{"Content-Type", c.kind})
		}
		v := compile(t, signature.Config{Type: "twilio", Secrets: []string{"new", secret}})
		r := &signature.Request{Method: "POST", URL: func() string { return c.called }, Query: queryOf(u.Query()), Header: header, Body: []byte(c.body), Now: now}
		if got := reason(t, v.Verify(r)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
		r.Header = append(header, header[0])
		if got := reason(t, v.Verify(r)); got != signature.DuplicateHeader {
			t.Errorf("%s: with two signatures refused for %q", name, got)
		}
	}
}

// TestTwilioSharedKeys signs by the hash that a setting of Twilio's names.
func TestTwilioSharedKeys(t *testing.T) {
	const called, secret = "https://gw.example.test/x", "shared"
	by := map[string]string{
		"sha1":   base64.StdEncoding.EncodeToString(mac(sha1.New, secret, called, "a1")),
		"sha256": base64.StdEncoding.EncodeToString(mac(sha256.New, secret, called, "a1")),
	}
	for _, c := range []struct {
		settings []string
		hash     string
		want     signature.Reason
	}{
		{[]string{"key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}, "sha256", ""},
		{[]string{" algorithm = hmac_sha256 , key=1"}, "sha256", ""},
		{[]string{"key=1,algorithm=HMAC_SHA1"}, "sha1", ""},
		{[]string{"key=1"}, "sha1", ""},
		{nil, "sha256", signature.Mismatch},
		{[]string{"key=1,algorithm=HMAC_SHA256"}, "sha1", signature.Mismatch},
		{[]string{"key=1,algorithm=HMAC_SHA1"}, "sha256", signature.Mismatch},
		{[]string{"key=1,algorithm=HMAC_MD5"}, "sha1", signature.Algorithm},
		{[]string{"key=1,algorithm="}, "sha1", signature.Algorithm},
		{[]string{"algorithm=HMAC_SHA1", "algorithm=HMAC_SHA256"}, "sha1", signature.DuplicateHeader},
	} {
		header := pairs{{"X-Twilio-Signature", by[c.hash]}, {"Content-Type", "application/x-www-form-urlencoded"}}
		for _, s := range c.settings {
			header = append(header, [2]string{"X-Twilio-Webhooks-Signature-Settings", s})
		}
		v := compile(t, signature.Config{Type: "twilio", Secrets: []string{"auth token", secret}})
		r := &signature.Request{Method: "POST", URL: func() string { return called }, Header: header, Body: []byte("a=1"), Now: now}
		if got := reason(t, v.Verify(r)); got != c.want {
			t.Errorf("%q by %s: refused for %q, want %q", c.settings, c.hash, got, c.want)
		}
	}
}

// mailgunBody signs as Mailgun does.
func mailgunBody(at, token string) string {
	return fmt.Sprintf(`{"timestamp":"%s","token":"%s","signature":"%s"}`, at, token, hex.EncodeToString(mac(sha256.New, "key", at, token)))
}

func TestMailgunReadsStrictly(t *testing.T) {
	good, other := mailgunBody("1700000000", "aa"), `{"timestamp":"1700000000","token":"bb","signature":"cc"}`
	for body, want := range map[string]signature.Reason{
		`{"signature":` + good + `,"event-data":{}}`:                            "",
		`{"event-data":{"signature":1}, "signature" : ` + good + ` }` + "\n":    "",
		`{"\u0073ignature":` + good + `}`:                                       "",
		`{"signature":` + other + `,"signature":` + good + `}`:                  signature.Malformed,
		`{"signature":` + good + `,"signature":` + other + `}`:                  signature.Malformed,
		`{"Signature":` + good + `}`:                                            signature.Malformed,
		`{"signature":` + other + `,"Signature":` + good + `}`:                  signature.Mismatch,
		`{"signature":` + strings.Replace(good, `{`, `{"token":"bb",`, 1) + `}`: signature.Malformed,
		`{"signature":` + strings.Replace(good, `"aa"`, `1`, 1) + `}`:           signature.Malformed,
		`{"signature":` + strings.Replace(good, `"aa"`, `""`, 1) + `}`:          signature.Malformed,
		`{"signature":` + good + `}{}`:                                          signature.Malformed,
		`{"signature":` + good:                                                  signature.Malformed,
		`[{"signature":` + good + `}]`:                                          signature.Malformed,
		`{"signature":"x"}`:                                                     signature.Malformed,
		`{}`:                                                                    signature.Malformed,
		``:                                                                      signature.Malformed,
		strings.Repeat(`{"signature":`, 20000):                                  signature.Malformed,
		// A digit that moves from the token to the timestamp leaves what is signed as
		// it is, but not the moment.
		`{"signature":` + strings.Replace(mailgunBody("1700000000", "1a"), `0","token":"1`, `01","token":"`, 1) + `}`: signature.Malformed,
		`{"signature":` + mailgunBody("1700000301", "aa") + `}`:                                                       signature.Future,
		`{"signature":` + mailgunBody("1699999700", "aa") + `}`:                                                       "",
	} {
		v := compile(t, signature.Config{Type: "mailgun", Secrets: []string{"old", "key"}})
		if got := reason(t, v.Verify(&signature.Request{Header: pairs{}, Body: []byte(body), Now: now})); got != want {
			t.Errorf("%.80s: refused for %q, want %q", body, got, want)
		}
		if !v.OnlyDeliveryID() || v.DeliveryID() != "signature.token" {
			t.Errorf("the single use of a token is not asked for: %q", v.DeliveryID())
		}
	}
}

func TestDiscordForms(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, other, _ := ed25519.GenerateKey(nil)
	const body = `{"type":2}`
	v := compile(t, signature.Config{Type: "discord", Secrets: []string{
		"da2a4b1d972e340289ea57d28f2944197a5804a44a216a596fca5d9b60195c61", strings.ToUpper(hex.EncodeToString(public))}})
	sign := func(key ed25519.PrivateKey, at string) string {
		return hex.EncodeToString(ed25519.Sign(key, []byte(at+body)))
	}
	right := sign(private, "1700000000")
	for name, c := range map[string]struct {
		at, signature string
		want          signature.Reason
	}{
		"second key":   {"1700000000", right, ""},
		"stale":        {"1699999699", sign(private, "1699999699"), signature.Stale},
		"future":       {"1700000301", sign(private, "1700000301"), signature.Future},
		"upper case":   {"1700000000", strings.ToUpper(right), signature.Mismatch},
		"no hex":       {"1700000000", strings.Repeat("x", 128), signature.Mismatch},
		"longer":       {"1700000000", right + "00", signature.Mismatch},
		"stranger":     {"1700000000", sign(other, "1700000000"), signature.Mismatch},
		"nine digits":  {"170000000", sign(private, "170000000"), signature.Malformed},
		"milliseconds": {"1700000000000", sign(private, "1700000000000"), signature.Malformed},
	} {
		r := &signature.Request{Header: pairs{{"x-signature-ed25519", c.signature}, {"x-signature-timestamp", c.at}}, Body: []byte(body), Now: now}
		if got := reason(t, v.Verify(r)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
	for bit := range uint(8 * len(right)) {
		r := &signature.Request{Header: pairs{{"x-signature-ed25519", flip(right, bit)}, {"x-signature-timestamp", "1700000000"}}, Body: []byte(body), Now: now}
		if v.Verify(r) == nil {
			t.Fatalf("bit %d flipped passes", bit)
		}
	}
}

// How a timestamp may be written, and that a message is refused on both sides of
// the scheme's own window.
func TestClocks(t *testing.T) {
	at := func(write string, shift time.Duration) string {
		return now.Add(shift).UTC().Format(write)
	}
	for _, c := range []struct {
		kind, header, text string
		want               signature.Reason
	}{
		{"zendesk", "X-Zendesk-Webhook-Signature-Timestamp", at(time.RFC3339, -5*time.Minute), ""},
		{"zendesk", "X-Zendesk-Webhook-Signature-Timestamp", at(time.RFC3339, -5*time.Minute-time.Second), signature.Stale},
		{"zendesk", "X-Zendesk-Webhook-Signature-Timestamp", at(time.RFC3339, 5*time.Minute+time.Second), signature.Future},
		{"zendesk", "X-Zendesk-Webhook-Signature-Timestamp", "2023-11-14T22:13:20+00:00", signature.Malformed},
		{"zendesk", "X-Zendesk-Webhook-Signature-Timestamp", "2023-11-14t22:13:20z", signature.Malformed},
		{"zendesk", "X-Zendesk-Webhook-Signature-Timestamp", "2023-11-14 22:13:20Z", signature.Malformed},
		{"zendesk", "X-Zendesk-Webhook-Signature-Timestamp", "2023-11-14T22:13:20.0000000001Z", signature.Malformed},
		{"zendesk", "X-Zendesk-Webhook-Signature-Timestamp", "1700000000", signature.Malformed},
		{"twitch", "Twitch-Eventsub-Message-Timestamp", at(time.RFC3339Nano, -10*time.Minute), ""},
		{"twitch", "Twitch-Eventsub-Message-Timestamp", at(time.RFC3339Nano, -10*time.Minute-1), signature.Stale},
		{"twitch", "Twitch-Eventsub-Message-Timestamp", at(time.RFC3339Nano, 10*time.Minute+1), signature.Future},
		{"hubspot", "X-HubSpot-Request-Timestamp", "1699999700000", ""},
		{"hubspot", "X-HubSpot-Request-Timestamp", "1699999699999", signature.Stale},
		{"hubspot", "X-HubSpot-Request-Timestamp", "1700000300001", signature.Future},
		{"hubspot", "X-HubSpot-Request-Timestamp", "17000000000000", signature.Malformed},
		{"zoom", "X-Zm-Request-Timestamp", "1699999699", signature.Stale},
		{"zoom", "X-Zm-Request-Timestamp", "1700000301", signature.Future},
	} {
		config := signature.Config{Type: c.kind, Secrets: []string{"s3cret"}}
		r := signed(t, config, "{}")
		signedBytes := map[string]string{"zendesk": c.text + "{}", "twitch": "m1" + c.text + "{}", "hubspot": "POST" + "https://gw.example.test/hooks/a/b?x=/%20" + "{}" + c.text, "zoom": "v0:" + c.text + ":{}"}[c.kind]
		sum := mac(sha256.New, "s3cret", signedBytes)
		fields := r.Header.(pairs)
		for i := range fields {
			switch {
			case strings.EqualFold(fields[i][0], c.header):
				fields[i][1] = c.text
			case strings.Contains(strings.ToLower(fields[i][0]), "signature"):
				fields[i][1] = map[string]string{"zendesk": base64.StdEncoding.EncodeToString(sum), "hubspot": base64.StdEncoding.EncodeToString(sum),
					"twitch": "sha256=" + hex.EncodeToString(sum), "zoom": "v0=" + hex.EncodeToString(sum)}[c.kind]
			}
		}
		if got := reason(t, compile(t, config).Verify(r)); got != c.want {
			t.Errorf("%s at %s: refused for %q, want %q", c.kind, c.text, got, c.want)
		}
	}
}

// In what Twitch signs nothing stands between id, timestamp and body: a body that
// has a younger timestamp could be cut there.
func TestTwitchIsTakenApartInOneWay(t *testing.T) {
	const id, old, young, rest = "m1", "2023-11-14T22:00:00Z", "2023-11-14T22:13:20Z", `"}`
	sum := "sha256=" + hex.EncodeToString(mac(sha256.New, "s3cret", id, old, `{"at":"`, young, rest))
	v := compile(t, signature.Config{Type: "twitch", Secrets: []string{"s3cret"}})
	r := &signature.Request{Body: []byte(rest), Now: now, Header: pairs{
		{"Twitch-Eventsub-Message-Id", id + old + `{"at":"`}, {"Twitch-Eventsub-Message-Timestamp", young}, {"Twitch-Eventsub-Message-Signature", sum}}}
	if got := reason(t, v.Verify(r)); got != signature.Malformed {
		t.Errorf("refused for %q, want %q", got, signature.Malformed)
	}
}

func TestHubSpotURL(t *testing.T) {
	for called, signed := range map[string]string{
		"https://a.test/x": "https://a.test/x",
		"https://a.test/x?q=%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B": "https://a.test/x?q=:/?@!$'()*,;",
		"https://a.test/x?q=%3a%2f":                               "https://a.test/x?q=:/",
		"https://a.test/x?q=%20%25%3D%26":                         "https://a.test/x?q=%20%25%3D%26",
		"https://a.test/x?q=%253A":                                "https://a.test/x?q=%253A",
		"https://a.test/x?q=%2":                                   "https://a.test/x?q=%2",
	} {
		v := compile(t, signature.Config{Type: "hubspot", Secrets: []string{"s3cret"}})
		sum := base64.StdEncoding.EncodeToString(mac(sha256.New, "s3cret", "GET", signed, "1700000000000"))
		r := &signature.Request{Method: "GET", URL: func() string { return called }, Now: now,
			Header: pairs{{"X-HubSpot-Signature-v3", sum}, {"X-HubSpot-Request-Timestamp", "1700000000000"}}}
		if err := v.Verify(r); err != nil {
			t.Errorf("%s: %v", called, err)
		}
	}
}

// Which header must not be kept with a request.
func TestCredentialHeader(t *testing.T) {
	for want, c := range map[string]signature.Config{
		"X-Token":                         {Type: "token", In: "header", Name: "X-Token", Secrets: []string{"x"}},
		"Authorization":                   {Type: "bearer", Secrets: []string{"x"}},
		"X-Gitlab-Token":                  {Type: "gitlab", Secrets: []string{"x"}},
		"X-Telegram-Bot-Api-Secret-Token": {Type: "telegram", Secrets: []string{"x"}},
	} {
		if got := compile(t, c).CredentialHeader(); got != want {
			t.Errorf("%s: %q, want %q", c.Type, got, want)
		}
	}
	for _, c := range []signature.Config{{Type: "github", Secrets: []string{"x"}}, {Type: "none"}, {Type: "token", In: "query", Name: "k", Secrets: []string{"x"}}} {
		if got := compile(t, c).CredentialHeader(); got != "" {
			t.Errorf("%s: %q, want none", c.Type, got)
		}
	}
}

func TestProviderSecrets(t *testing.T) {
	for name, c := range map[string]signature.Config{
		"telegram, space":  {Type: "telegram", Secrets: []string{"a b"}},
		"telegram, long":   {Type: "telegram", Secrets: []string{strings.Repeat("a", 257)}},
		"msteams, text":    {Type: "msteams", Secrets: []string{"not base64!"}},
		"msteams, nothing": {Type: "msteams", Secrets: []string{""}},
		"discord, short":   {Type: "discord", Secrets: []string{"da2a"}},
		"discord, token":   {Type: "discord", Secrets: []string{"MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"}},
		"discord, weak":    {Type: "discord", Secrets: []string{hex.EncodeToString(bytes.Repeat([]byte{0}, 32))}},
	} {
		v, faults := signature.Compile(c)
		if v != nil || len(faults) != 1 || faults[0].Field != "secrets[0]" || c.Secrets[0] != "" && strings.Contains(faults[0].Message, c.Secrets[0]) {
			t.Errorf("%s: faults %v", name, faults)
		}
	}
}

// One flipped bit of what Twilio signs does not pass: of the URL, of the signature,
// of the values of a form, or of a body that is hashed.
func TestTwilioFlippedBits(t *testing.T) {
	const secret, form = "12345", "Body=hello+w%C3%B6rld&From=%2B14158675309"
	v := compile(t, signature.Config{Type: "twilio", Secrets: []string{secret}})
	ask := func(called, sig, kind, body string) error {
		u, err := url.Parse(called)
		if err != nil {
			return err
		}
		return v.Verify(&signature.Request{
			Method: "POST", URL: func() string { return called }, Query: queryOf(u.Query()), Body: []byte(body), Now: now,
			Header: pairs{{"X-Twilio-Signature", sig}, {"Content-Type", kind}},
		})
	}
	values, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(`{"a":1}`))
	hashed := plainURL + "?bodySHA256=" + hex.EncodeToString(sum[:])
	for _, c := range []struct{ called, kind, body, signed string }{
		{plainURL, "application/x-www-form-urlencoded", form, plainURL + "Bodyhello wörldFrom+14158675309"},
		{hashed, "application/json", `{"a":1}`, hashed},
	} {
		sig := base64.StdEncoding.EncodeToString(mac(sha1.New, secret, c.signed))
		if err := ask(c.called, sig, c.kind, c.body); err != nil {
			t.Fatal(err)
		}
		for bit := range uint(8 * len(c.called)) {
			if ask(flip(c.called, bit), sig, c.kind, c.body) == nil {
				t.Errorf("bit %d of the URL flipped passes", bit)
			}
		}
		for bit := range uint(8 * len(sig)) {
			if ask(c.called, flip(sig, bit), c.kind, c.body) == nil {
				t.Errorf("bit %d of the signature flipped passes", bit)
			}
		}
		for bit := range uint(8 * len(c.body)) {
			other := flip(c.body, bit)
			same, err := url.ParseQuery(other)
			if c.body == form && err == nil && same.Encode() == values.Encode() {
				continue // the same values in another coding
			}
			if ask(c.called, sig, c.kind, other) == nil {
				t.Errorf("bit %d of the body flipped passes: %q", bit, other)
			}
		}
	}
}
