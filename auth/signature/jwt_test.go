package signature_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// A token is read strictly: what two readers could take for two things is refused,
// though its signature is right (RFC 8725, section 3.1; RFC 7515, sections 4 and 5.2).
func TestTokensAreReadStrictly(t *testing.T) {
	good, sign := claimsWith(""), hs(sha256.New, "s3cret")
	whole := hs256(good)
	parts := strings.Split(whole, ".")
	v := compile(t, jwtOf(signature.TokenConfig{}, "s3cret"))
	for name, c := range map[string]struct {
		token  string
		reason signature.Reason
	}{
		"good":                        {whole, ""},
		"good, with spaces in it":     {token(` { "typ" : "JWT", "alg":"HS256" , "x":[ "]", {"a":"}\""} ] } `, good, sign), ""},
		"alg none":                    {token(`{"alg":"none"}`, good, func([]byte) []byte { return nil }), signature.Algorithm},
		"alg none, with a signature":  {token(`{"alg":"none"}`, good, sign), signature.Algorithm},
		"alg in another case":         {token(`{"alg":"hs256"}`, good, sign), signature.Algorithm},
		"an algorithm not allowed":    {token(`{"alg":"HS512"}`, good, hs(sha512.New, "s3cret")), signature.Algorithm},
		"no alg":                      {token(`{"typ":"JWT"}`, good, sign), signature.Malformed},
		"alg is no text":              {token(`{"alg":["HS256"]}`, good, sign), signature.Malformed},
		"alg twice":                   {token(`{"alg":"HS256","alg":"HS256"}`, good, sign), signature.Malformed},
		"alg twice, once escaped":     {token(`{"alg":"HS256","\u0061lg":"none"}`, good, sign), signature.Malformed},
		"crit":                        {token(`{"alg":"HS256","crit":["exp"]}`, good, sign), signature.Malformed},
		"crit, empty":                 {token(`{"alg":"HS256","crit":[]}`, good, sign), signature.Malformed},
		"kid is no text":              {token(`{"alg":"HS256","kid":1}`, good, sign), signature.Malformed},
		"a header that is a list":     {token(`["HS256"]`, good, sign), signature.Malformed},
		"a header with more behind":   {token(`{"alg":"HS256"}{}`, good, sign), signature.Malformed},
		"a header that is no JSON":    {token(`{"alg":"HS256",}`, good, sign), signature.Malformed},
		"a header that is no UTF-8":   {token("{\"alg\":\"HS256\",\"x\":\"\xff\"}", good, sign), signature.Malformed},
		"an empty header":             {token(``, good, sign), signature.Malformed},
		"many members":                {token(`{"alg":"HS256"`+manyMembers(200)+`}`, good, sign), signature.Malformed},
		"a claim twice":               {hs256(claimsWith(`,"exp":9999999999`)), signature.Malformed},
		"a claim twice, once escaped": {hs256(claimsWith(`,"e\u0078p":9999999999`)), signature.Malformed},
		"claims that are a text":      {hs256(`"exp"`), signature.Malformed},
		"claims in another case":      {hs256(strings.Replace(good, "exp", "EXP", 1)), signature.MissingClaim},
		"two parts":                   {parts[0] + "." + parts[1], signature.Malformed},
		"four parts":                  {whole + "." + parts[2], signature.Malformed},
		"one part":                    {"x", signature.Malformed},
		"no signature":                {parts[0] + "." + parts[1] + ".", signature.Mismatch},
		"a padded header":             {parts[0] + "=." + parts[1] + "." + parts[2], signature.Malformed},
		"a padded signature":          {whole + "=", signature.Mismatch},
		"a line end within":           {parts[0][:4] + "\n" + parts[0][4:] + "." + parts[1] + "." + parts[2], signature.Malformed},
		"the other alphabet":          {parts[0] + "." + strings.Replace(parts[1], parts[1][:1], "+", 1) + "." + parts[2], signature.Malformed},
		"another secret":              {token(`{"alg":"HS256"}`, good, hs(sha256.New, "another")), signature.Mismatch},
		"far too long":                {hs256(claimsWith(`,"x":"` + strings.Repeat("x", 12<<10) + `"`)), signature.Malformed},
	} {
		if got := reason(t, v.Verify(bearing(c.token))); got != c.reason {
			t.Errorf("%s: refused for %q, want %q", name, got, c.reason)
		}
	}
}

func manyMembers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"x%d":1`, i)
	}
	return b.String()
}

// What a token must say, and what it need not.
func TestClaims(t *testing.T) {
	at := func(claim string, after time.Duration) string {
		return fmt.Sprintf(`%q:%d`, claim, now.Add(after).Unix())
	}
	minute, none := time.Minute, time.Duration(0)
	who := signature.TokenConfig{Issuer: "us", Audience: "gate"}
	sum := sha256.Sum256([]byte(`{}`))
	covered := signature.TokenConfig{BodyHash: &signature.BodyHash{Claim: "hash", Encoding: "base64url"}}
	hashed := base64.RawURLEncoding.EncodeToString(sum[:])
	for _, c := range []struct {
		name   string
		config signature.TokenConfig
		claims string
		reason signature.Reason
	}{
		{"no exp", signature.TokenConfig{}, `{}`, signature.MissingClaim},
		{"exp as a text", signature.TokenConfig{}, `{"exp":"9999999999"}`, signature.Malformed},
		{"exp with a fraction", signature.TokenConfig{}, `{"exp":9999999999.5}`, ""},
		{"exp with a fraction and a power", signature.TokenConfig{}, `{"exp":9.5e9}`, signature.Malformed},
		{"exp as a power", signature.TokenConfig{}, `{"exp":1e10}`, signature.Malformed},
		{"exp below zero", signature.TokenConfig{}, `{"exp":-1}`, signature.Malformed},
		{"exp is null", signature.TokenConfig{}, `{"exp":null}`, signature.Malformed},
		{"exp 29 s ago", signature.TokenConfig{}, `{` + at("exp", -29*time.Second) + `}`, ""},
		{"exp 30 s ago", signature.TokenConfig{}, `{` + at("exp", -30*time.Second) + `}`, signature.Stale},
		{"exp 59 s ago, leeway 1m", signature.TokenConfig{Leeway: &minute}, `{` + at("exp", -59*time.Second) + `}`, ""},
		{"exp now, leeway 0s", signature.TokenConfig{Leeway: &none}, `{` + at("exp", 0) + `}`, signature.Stale},
		{"nbf in 30 s", signature.TokenConfig{}, claimsWith("," + at("nbf", 30*time.Second)), ""},
		{"nbf in 31 s", signature.TokenConfig{}, claimsWith("," + at("nbf", 31*time.Second)), signature.Future},
		{"nbf is no time", signature.TokenConfig{}, claimsWith(`,"nbf":true`), signature.Malformed},
		{"iat in 31 s", signature.TokenConfig{}, claimsWith("," + at("iat", 31*time.Second)), signature.Future},
		{"iat long ago", signature.TokenConfig{}, claimsWith("," + at("iat", -1000*time.Hour)), ""},
		{"who it is from and for", who, claimsWith(`,"iss":"us","aud":"gate"`), ""},
		{"escaped", who, claimsWith(`,"iss":"\u0075s","aud":"gate"`), ""},
		{"for others too", who, claimsWith(`,"iss":"us","aud":["others","gate"]`), ""},
		{"for others", who, claimsWith(`,"iss":"us","aud":["others","gate2"]`), signature.Claim},
		{"for nobody", who, claimsWith(`,"iss":"us","aud":[]`), signature.Claim},
		{"a list with what is no text", who, claimsWith(`,"iss":"us","aud":["gate",1]`), signature.Claim},
		{"no aud", who, claimsWith(`,"iss":"us"`), signature.MissingClaim},
		{"no iss", who, claimsWith(`,"aud":"gate"`), signature.MissingClaim},
		{"another iss", who, claimsWith(`,"iss":"US","aud":"gate"`), signature.Claim},
		{"iss is a list", who, claimsWith(`,"iss":["us"],"aud":"gate"`), signature.Claim},
		{"an aud that nobody said is us", signature.TokenConfig{}, claimsWith(`,"aud":"others"`), signature.Claim},
		{"the body", covered, claimsWith(`,"hash":"` + hashed + `"`), ""},
		{"the body, padded", covered, claimsWith(`,"hash":"` + hashed + `="`), ""},
		{"the body, padded twice", covered, claimsWith(`,"hash":"` + hashed + `=="`), signature.Mismatch},
		{"another body", covered, claimsWith(`,"hash":"` + strings.ToLower(hashed) + `"`), signature.Mismatch},
		{"no hash", covered, claimsWith(``), signature.MissingClaim},
	} {
		v := compile(t, jwtOf(c.config, "s3cret"))
		if got := reason(t, v.Verify(bearing(hs256(c.claims)))); got != c.reason {
			t.Errorf("%s: refused for %q, want %q", c.name, got, c.reason)
		}
	}
}

// body_hash in every hash and encoding; a request without a body needs none.
func TestBodyHash(t *testing.T) {
	s256, s384, s512 := sha256.Sum256([]byte(`{}`)), sha512.Sum384([]byte(`{}`)), sha512.Sum512([]byte(`{}`))
	for hash, sum := range map[string][]byte{"sha256": s256[:], "sha384": s384[:], "sha512": s512[:]} {
		for encoding, text := range map[string]string{
			"hex": hex.EncodeToString(sum), "base64": base64.StdEncoding.EncodeToString(sum), "base64url": base64.RawURLEncoding.EncodeToString(sum),
		} {
			v := compile(t, jwtOf(signature.TokenConfig{BodyHash: &signature.BodyHash{Claim: "h", Hash: hash, Encoding: encoding}}, "s3cret"))
			r := bearing(hs256(claimsWith(`,"h":"` + text + `"`)))
			if err := v.Verify(r); err != nil {
				t.Errorf("%s in %s: %v", hash, encoding, err)
			}
			r.Body = []byte(`{} `)
			if got := reason(t, v.Verify(r)); got != signature.Mismatch {
				t.Errorf("%s in %s, another body: %q", hash, encoding, got)
			}
			r = bearing(hs256(claimsWith("")))
			if r.Body = nil; v.Verify(r) != nil {
				t.Errorf("%s in %s, no body and no hash: refused", hash, encoding)
			}
		}
	}
}

// Where a token may stand: where it was configured, and once.
func TestPlacesOfTokens(t *testing.T) {
	text := hs256(claimsWith(`,"jti":"t1"`))
	for _, c := range []struct {
		name, in, of string
		header       pairs
		query        []string
		reason       signature.Reason
	}{
		{"a bearer", "", "", pairs{{"authorization", "bearer " + text}}, nil, ""},
		{"no word", "", "", pairs{{"Authorization", text}}, nil, signature.Malformed},
		{"another word", "", "", pairs{{"Authorization", "JWT " + text}}, nil, signature.Malformed},
		{"twice", "", "", pairs{{"Authorization", "Bearer " + text}, {"Authorization", "Bearer " + text}}, nil, signature.DuplicateHeader},
		{"none", "", "", nil, nil, signature.MissingHeader},
		{"a header", "header", "X-Token", pairs{{"X-Token", text}}, nil, ""},
		{"a word in a header", "header", "X-Token", pairs{{"X-Token", "Bearer " + text}}, nil, signature.Malformed},
		{"a parameter", "query", "jwt", nil, []string{text}, ""},
		{"two parameters", "query", "jwt", nil, []string{text, text}, signature.DuplicateParameter},
		{"no parameter", "query", "jwt", pairs{{"Authorization", "Bearer " + text}}, nil, signature.MissingParameter},
	} {
		config := jwtOf(signature.TokenConfig{}, "old", "s3cret")
		config.In, config.Name = c.in, c.of
		v := compile(t, config)
		r := &signature.Request{Header: c.header, Now: now, Query: queryOf(map[string][]string{"jwt": c.query})}
		if got := reason(t, v.Verify(r)); got != c.reason {
			t.Errorf("%s: refused for %q, want %q", c.name, got, c.reason)
		}
		if id := string(v.ProvedID(r)); c.reason == "" && id != "t1" || c.in == "query" && v.CredentialHeader() != "" {
			t.Errorf("%s: id %q, and %q shows a credential", c.name, id, v.CredentialHeader())
		}
	}
}

// Every algorithm of public keys, by its own kind of key and no other.
func TestPublicAlgorithms(t *testing.T) {
	kinds := []string{"RSA", "P-256", "P-384", "P-521", "Ed25519"}
	var pems []string
	for _, kind := range kinds {
		pems = append(pems, publicPEM(t, kind))
	}
	for name, of := range publicSigning {
		text := publicToken(t, name, "k1", claimsWith(""))
		v := compile(t, jwtOf(signature.TokenConfig{Algorithms: []string{name}, PublicKeys: []string{strings.Join(pems, "\n")}}))
		if err := v.Verify(bearing(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i, kind := range kinds {
			v, faults := signature.Compile(jwtOf(signature.TokenConfig{Algorithms: []string{name}, PublicKeys: pems[i : i+1]}))
			if fits := kind == of.key; fits && v.Verify(bearing(text)) != nil || !fits && (len(faults) != 1 || faults[0].Field != "public_keys[0]") {
				t.Errorf("%s with a key of %s alone: %v", name, kind, faults)
			}
		}
		cut := text[:len(text)-2]
		if got := reason(t, v.Verify(bearing(cut))); got != signature.Malformed && got != signature.Mismatch {
			t.Errorf("%s, a shorter signature: %q", name, got)
		}
		longer := func(signed []byte) []byte { return append(signedBy(t, name, of.key)(signed), 0) }
		if got := reason(t, v.Verify(bearing(token(fmt.Sprintf(`{"alg":%q}`, name), claimsWith(""), longer)))); got != signature.Mismatch {
			t.Errorf("%s, a longer signature: %q", name, got)
		}
		if got := reason(t, v.Verify(bearing(text[:strings.LastIndexByte(text, '.')+1]))); got != signature.Malformed {
			t.Errorf("%s, no signature: %q", name, got)
		}
		forged := token(fmt.Sprintf(`{"alg":%q}`, name), claimsWith(""), func([]byte) []byte { return bytes.Repeat([]byte{0}, 64) })
		if v.Verify(bearing(forged)) == nil {
			t.Errorf("%s: a signature of zeros passes", name)
		}
	}
}

// A public key is no secret: nobody makes an HMAC with it that passes.
func TestPublicKeysAreNoSecrets(t *testing.T) {
	public := publicPEM(t, "RSA")
	forged := token(`{"alg":"HS256"}`, claimsWith(""), hs(sha256.New, public))
	v := compile(t, jwtOf(signature.TokenConfig{PublicKeys: []string{public}}))
	if got := reason(t, v.Verify(bearing(forged))); got != signature.Algorithm {
		t.Errorf("refused for %q", got)
	}
}

// check names what is wrong with a configuration, at its place.
func TestTokenFaults(t *testing.T) {
	minus := -time.Second
	weak := `{"kty":"RSA","n":"` + base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 128)) + `","e":"AQAB"}`
	for _, c := range []struct {
		name   string
		config signature.Config
		fields string
	}{
		{"no keys", jwtOf(signature.TokenConfig{}), "secrets"},
		{"two kinds of keys", jwtOf(signature.TokenConfig{JWKSURL: "https://a.test/keys"}, "s"), "secrets"},
		{"http", jwtOf(signature.TokenConfig{JWKSURL: "http://a.test/keys"}), "jwks_url"},
		{"a user", jwtOf(signature.TokenConfig{JWKSURL: "https://u:p@a.test/keys"}), "jwks_url"},
		{"none", jwtOf(signature.TokenConfig{Algorithms: []string{"none"}}, "s"), "algorithms"},
		{"RS256 by a secret", jwtOf(signature.TokenConfig{Algorithms: []string{"HS256", "RS256"}}, "s"), "algorithms"},
		{"HS256 by a public key", jwtOf(signature.TokenConfig{Algorithms: []string{"HS256"}, PublicKeys: []string{publicPEM(t, "RSA")}}), "algorithms"},
		{"an empty secret", jwtOf(signature.TokenConfig{}, ""), "secrets[0]"},
		{"no key", jwtOf(signature.TokenConfig{PublicKeys: []string{"x"}}), "public_keys[0]"},
		{"a weak key", jwtOf(signature.TokenConfig{PublicKeys: []string{weak}}), "public_keys[0]"},
		{"a private key", jwtOf(signature.TokenConfig{PublicKeys: []string{strings.ReplaceAll(publicPEM(t, "RSA"), "PUBLIC", "PRIVATE")}}), "public_keys[0]"},
		{"a key of low order", jwtOf(signature.TokenConfig{PublicKeys: []string{`{"kty":"OKP","crv":"Ed25519","x":"` + part(string(make([]byte, 32))) + `"}`}}), "public_keys[0]"},
		{"a key for encryption", jwtOf(signature.TokenConfig{PublicKeys: []string{`{"kty":"OKP","use":"enc","crv":"Ed25519","x":"AA"}`}}), "public_keys[0]"},
		{"leeway", jwtOf(signature.TokenConfig{Leeway: &minus}, "s"), "leeway"},
		{"body_hash", jwtOf(signature.TokenConfig{BodyHash: &signature.BodyHash{Hash: "md5", Encoding: "x"}}, "s"), "body_hash.claim body_hash.hash body_hash.encoding"},
		{"in", signature.Config{Type: "jwt", In: "body", Secrets: []string{"s"}}, "in"},
		{"a parameter without a name", signature.Config{Type: "jwt", In: "query", Secrets: []string{"s"}}, "name"},
		{"what is not read", jwtOf(signature.TokenConfig{KID: "k", AppID: "a"}, "s"), "app_id kid"},
		{"livekit", signature.Config{Type: "livekit", Secrets: []string{"s"}}, "api_key"},
		{"vonage", signature.Config{Type: "vonage", Secrets: []string{"s"}}, "api_key"},
		{"atlassian-connect", signature.Config{Type: "atlassian-connect", Secrets: []string{"s"}, TokenConfig: signature.TokenConfig{BaseURL: "/x"}}, "client_key base_url"},
		{"google-pubsub", signature.Config{Type: "google-pubsub"}, "audience email"},
		{"botframework", signature.Config{Type: "botframework", TokenConfig: signature.TokenConfig{KID: "k"}}, "app_id secrets"},
		{"truelayer", signature.Config{Type: "truelayer", TokenConfig: signature.TokenConfig{JWKSURL: "https://a.test/keys", RequiredHeaders: []string{"a b"}}}, "jwks_url required_headers"},
		{"truelayer, two kinds of keys", signature.Config{Type: "truelayer", Secrets: []string{publicPEM(t, "P-521")}, TokenConfig: signature.TokenConfig{JWKSURL: "https://webhooks.truelayer.com/.well-known/jwks"}}, "jwks_url"},
		{"many words", signature.Config{Type: "botframework", Secrets: []string{publicPEM(t, "RSA")}, TokenConfig: signature.TokenConfig{AppID: "a", Endorsements: make([]string, 5000)}}, "endorsements"},
	} {
		_, faults := signature.Compile(c.config)
		var fields []string
		for _, f := range faults {
			fields = append(fields, f.Field)
			if strings.Contains(f.Message, "\n") || strings.Contains(f.Message, "BEGIN PRIVATE") {
				t.Errorf("%s: %v", c.name, f)
			}
		}
		if got := strings.Join(fields, " "); got != c.fields {
			t.Errorf("%s: faults at %q, want %q: %v", c.name, got, c.fields, faults)
		}
	}
}
