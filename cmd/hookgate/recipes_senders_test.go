package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/gatewaytest/program"
)

// recipeURL is how senders know hookgate, as the recipes say.
const recipeURL = "https://hooks.example.com"

// senders are the providers of the recipes: they sign.
type senders struct {
	*certified
	described
	mail      [2]string // the public and the private key that SendGrid signs with
	variables []string  // NAME=value, of all recipes
}

func newSenders(t *testing.T) *senders {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	s := &senders{certified: newCertified(t), described: readDescription(t)}
	s.mail = [2]string{base64.StdEncoding.EncodeToString(public), base64.StdEncoding.EncodeToString(private)}
	return s
}

// environ gives what the program is started with: a value for each variable of the
// recipes, and the authorities that it knows.
func (s *senders) environ(recipes []recipe) []string {
	for _, r := range recipes {
		for _, m := range recipeVariable.FindAllStringSubmatch(r.text, -1) {
			value := "made-up-secret-of-the-recipe-" + m[1]
			if m[1] == "SENDGRID_KEY" {
				value = s.mail[0]
			}
			s.variables = append(s.variables, m[1]+"="+value)
		}
	}
	slices.Sort(s.variables)
	s.variables = slices.Compact(s.variables)
	return append(slices.Clone(s.variables), "SSL_CERT_FILE="+s.roots, "SSL_CERT_DIR="+filepath.Dir(s.roots), "HOOKGATE_PUBLIC_URL="+recipeURL)
}

// send sends a request, signed as its sender does; without an id it is not.
func (x *trial) send(t *testing.T, m posted, id string) program.Answer {
	t.Helper()
	if m.method == "" {
		m.method = "POST"
	}
	if m.kind == "" {
		m.kind = "application/json"
	}
	path := x.path + m.path
	if id != "" {
		path = x.sign(t, &m, id, path)
	}
	var body any
	if m.body != "" {
		body = m.body
	}
	a, err := x.p.Sender().Do(t.Context(), m.method, path, body, append(m.fields, "Content-Type: "+m.kind)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.described.answer(x.called(m), a); err != nil && m.method != "HEAD" {
		t.Errorf("it is not as openapi.yaml describes: %v\n%v %s", err, a.Header, a)
	}
	return a
}

// called is the path of a request in openapi.yaml.
func (x *trial) called(m posted) string {
	switch {
	case x.source == "":
		return "/{route}"
	case strings.HasPrefix(m.path, "/"):
		return "/hooks/{tenant}/{source}/{key}"
	}
	return "/hooks/{tenant}/{source}"
}

// sign makes a request what its sender makes of it, and gives its path and query.
func (x *trial) sign(t *testing.T, m *posted, id, path string) string {
	t.Helper()
	m.fields = slices.Clone(m.fields)
	add := func(name, value string) { m.fields = append(m.fields, name+": "+value) }
	secret := ""
	if len(x.verify.Secrets) > 0 {
		secret = x.verify.Secrets[0].Reveal()
	}
	switch x.verify.Type {
	case "token":
		mark := "?"
		if strings.Contains(path, "?") {
			mark = "&"
		}
		return path + mark + x.verify.Name + "=" + url.QueryEscape(secret)
	case "telegram":
		add("X-Telegram-Bot-Api-Secret-Token", secret)
	case "twilio":
		add("X-Twilio-Signature", twilioSignature(t, secret, recipeURL+path, m.body))
	case "paypal":
		x.signPayPal(t, secret, id, m.body, add)
	case "aws-sns":
		m.body = x.wrapSNS(t, x.verify.TopicARN, id, m.body, add)
	default:
		if x.verify.Type == "lark" {
			m.body = larkBody(t, secret, m.body)
		}
		x.signs(t, m, id, path, add)
	}
	return path
}

// signs signs as hookgate sign does.
func (x *trial) signs(t *testing.T, m *posted, id, path string, add func(name, value string)) {
	t.Helper()
	signer, faults := signature.CompileSender(x.senderOf(x.verify))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	signer.Sign(signature.Message{ID: id, At: time.Now(), Body: []byte(m.body), Method: m.method, URL: recipeURL + path},
		func(name string, value []byte) { add(name, string(value)) })
}

// senderOf is the sender's side of verify.
func (x *trial) senderOf(v gateway.Verify) signature.Config {
	c := signature.Config{
		Type: v.Type, Header: v.Header, Algorithm: v.Algorithm, Encoding: v.Encoding, Prefix: v.Prefix, Signed: v.Signed.Text,
		TimestampUnit: v.TimestampUnit, HeaderFormat: v.Format, TokenConfig: signature.TokenConfig{Issuer: v.Issuer, Audience: v.Audience},
	}
	for _, secret := range v.Secrets {
		c.Secrets = append(c.Secrets, secret.Reveal())
	}
	switch v.Type {
	case "sendgrid":
		c.Secrets = x.mail[1:]
	case "lark":
		c.VerificationToken = v.VerificationToken.Reveal()
	}
	if v.BodyHash != nil {
		c.BodyHash = &signature.BodyHash{Claim: v.BodyHash.Claim}
	}
	return c
}
