package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"hookgate/auth/signature"
)

// playedBy gives what a provider signs with, and what a source verifies with.
func playedBy(t *testing.T, provider string) (signs, verifies signature.Config) {
	t.Helper()
	secret := base64.StdEncoding.EncodeToString([]byte("a secret of 32 bytes, as it is!!"))
	switch provider {
	case "adyen-platform", "adyen":
		secret = strings.Repeat("ab", 32)
	case "contentful":
		secret = strings.Repeat("a", 64)
	case "telegram":
		secret = "a_token_of_telegram"
	case "basic":
		secret = "user:a-password-of-some-length"
	}
	c := signature.Config{Type: provider, Secrets: []string{secret}}
	switch provider {
	case "hmac", "token", "cloudevents-handshake":
		c.Header = "X-Own"
	case "braintree":
		c.PublicKey = "public1"
	case "pusher":
		c.Key = "key1"
	case "livekit", "vonage":
		c.APIKey = "api1"
	case "atlassian-connect":
		c.ClientKey, c.BaseURL = "client1", "https://hooks.example.com"
	case "sinch-application":
		c.ApplicationKey = "669e3673"
	case "lark":
		c.VerificationToken = "verification-token-1"
	}
	signs, verifies = c, c
	keys := func(private, public string) { signs.Secrets, verifies.Secrets = []string{private}, []string{public} }
	switch provider {
	case "standard-ed25519":
		keys(signature.NewEd25519Secret())
	case "telnyx", "discord":
		public, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		keys(base64.StdEncoding.EncodeToString(private), base64.StdEncoding.EncodeToString(public))
		if provider == "discord" {
			keys(hex.EncodeToString(private.Seed()), hex.EncodeToString(public))
		}
	case "sendgrid":
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		private, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		keys(base64.StdEncoding.EncodeToString(private), base64.StdEncoding.EncodeToString(public))
	case "cloudevents-handshake":
		verifies.In, verifies.Name, verifies.Header, verifies.AllowedOrigins = "header", "X-Own", "", []string{"*"}
	case "token":
		verifies.In, verifies.Name, verifies.Header = "header", "X-Own", ""
	case "basic":
		verifies.Username, verifies.Password, verifies.Secrets = "user", "a-password-of-some-length", nil
	case "rfc9421":
		signs.Algorithm, verifies.Algorithm = "hmac-sha256", "hmac-sha256"
	case "none":
		signs.Secrets, verifies.Secrets = nil, nil
	}
	return signs, verifies
}

// What trigger sends in the name of a provider passes what a source verifies of it, and has
// the event and the conversation key that it was asked for.
func TestTriggerPlaysEveryProvider(t *testing.T) {
	const to = "https://hooks.example.com/hooks/acme/payments?data.id=1"
	all := playable()
	if len(all) < 70 {
		t.Errorf("%d providers only", len(all))
	}
	for _, provider := range all {
		if provider == "mtls" {
			continue // TestTriggerShowsACertificate
		}
		signs, verifies := playedBy(t, provider)
		one := triggered{scheme: schemeFlags{config: signs}, to: to, key: `chat "42"`, method: http.MethodPost}
		r, body, err := one.make(&cobra.Command{})
		if err != nil {
			t.Errorf("%s: %v", provider, err)
			continue
		}
		v, faults := signature.Compile(verifies)
		if len(faults) > 0 {
			t.Errorf("%s: %v", provider, faults)
			continue
		}
		asked := &signature.Request{Method: r.Method, URL: r.URL.String, Query: signature.Parameters(r.URL.String()), Header: headerFields(r.Header), Body: body, Now: time.Now()}
		if err := v.Verify(asked); err != nil {
			t.Errorf("%s: it is refused: %v\n%v\n%s", provider, err, r.Header, body)
		}
		text := string(body)
		switch provider {
		case "braintree":
			form, err := url.ParseQuery(text)
			xml, undone := base64.StdEncoding.DecodeString(form.Get("bt_payload"))
			if err != nil || undone != nil || !strings.Contains(string(xml), html.EscapeString(one.key)) {
				t.Errorf("%s: no conversation key in %s", provider, xml)
			}
			continue
		case "dropbox-sign":
			if !strings.Contains(text, jsonText(one.key)) {
				t.Errorf("%s: no conversation key in %s", provider, text)
			}
			continue
		}
		if sampleOf(provider).form {
			form, err := url.ParseQuery(text)
			if err != nil {
				t.Errorf("%s: %v", provider, err)
			}
			text = form.Encode()
			if !strings.Contains(text, url.QueryEscape(one.key)) {
				t.Errorf("%s: no conversation key in %s", provider, body)
			}
			continue
		}
		if !json.Valid(body) || provider != "lark" && provider != "mercadopago" && !strings.Contains(text, jsonText(one.key)) {
			t.Errorf("%s: no JSON with the conversation key: %s", provider, body)
		}
	}
}

// A sample is of a provider that there is.
func TestSamplesAreOfProviders(t *testing.T) {
	all := " " + strings.Join(playable(), " ") + " "
	for name := range samples {
		if !strings.Contains(all, " "+name+" ") {
			t.Errorf("%s cannot be played", name)
		}
	}
}

// What cannot be played is refused by name.
func TestTriggerRefuses(t *testing.T) {
	for provider, want := range map[string]string{"paypal": "cannot be played", "aws-sns": "cannot be played", "stirpe": "did you mean stripe?", "": "is no provider"} {
		one := triggered{scheme: schemeFlags{config: signature.Config{Type: provider}}, to: "http://127.0.0.1:1/"}
		if _, _, err := one.make(&cobra.Command{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", provider, err, want)
		}
	}
}

// A source that asks for a certificate gets that of --cert.
func TestTriggerShowsACertificate(t *testing.T) {
	shown := make(chan int, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { shown <- len(r.TLS.PeerCertificates) }))
	server.TLS = &tls.Config{ClientAuth: tls.RequireAnyClientCert}
	server.StartTLS()
	defer server.Close()
	dir := t.TempDir()
	authorities, pair := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "client.pem")
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	for file, text := range map[string][]byte{authorities: certificate, pair: append(certificate, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	one := triggered{scheme: schemeFlags{config: signature.Config{Type: "mtls"}}, to: server.URL, method: http.MethodPost, repeat: 1, authorities: authorities}
	cmd := &cobra.Command{}
	cmd.SetContext(t.Context())
	cmd.SetOut(io.Discard)
	if err := one.send(cmd); err == nil || !strings.Contains(err.Error(), "--cert is missing") {
		t.Errorf("without a certificate: %v", err)
	}
	one.cert = pair
	if err := one.send(cmd); err != nil || <-shown != 1 {
		t.Errorf("with one: %v", err)
	}
}
