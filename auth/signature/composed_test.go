package signature_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

// forSNS is what the certificates of SNS say.
var forSNS = x509.Certificate{DNSNames: []string{"sns.amazonaws.com"}}

// composedConfigs has one of each of the schemes that compose what they sign.
var composedConfigs = map[string]signature.Config{
	"adyen":                 {Secrets: []string{"e0bed520c3cc23ba"}},
	"aws-sns":               {TopicARN: "arn:aws:sns:eu-west-1:123456789012:orders"},
	"sns":                   {TopicARN: "arn:aws-cn:sns:cn-north-1:123456789012:orders.fifo"},
	"contentful":            {Secrets: []string{strings.Repeat("s", 64)}},
	"shopify-app-proxy":     {Secrets: []string{"s3cret"}},
	"dropbox-sign":          {Secrets: []string{"s3cret"}},
	"braintree":             {Secrets: []string{"s3cret"}, PublicKey: "uwana68n"},
	"plivo":                 {Secrets: []string{"s3cret"}},
	"plivo-v2":              {Secrets: []string{"s3cret"}},
	"mercadopago":           {Secrets: []string{"s3cret"}},
	"sinch-application":     {Secrets: []string{"c2VjcmV0"}, ApplicationKey: "669e3673-4c5e"},
	"cloudevents-handshake": {AllowedOrigins: []string{"eventgrid.azure.net"}},
}

// composedVector is a case of testdata/signatures-2.json with what this file needs more.
type composedVector struct {
	vector
	Config struct {
		TopicARN       string `json:"topic_arn"`
		PublicKey      string `json:"public_key"`
		ApplicationKey string `json:"application_key"`
		AllowedOrigins string `json:"allowed_origins"`
	}
	Answer *struct {
		Status  int
		Type    string
		Body    string
		Headers pairs
	}
}

// config is how a case is configured; nil: its scheme is another table's.
func (v *composedVector) config(t *testing.T) *signature.Config {
	c := &signature.Config{Type: v.Scheme, Secrets: v.secrets()}
	switch v.Scheme {
	case "adyen", "contentful", "shopify-app-proxy", "dropbox-sign", "plivo", "plivo-v2", "mercadopago":
	case "braintree":
		c.PublicKey = v.Config.PublicKey
	case "sinch-application":
		c.ApplicationKey = v.Config.ApplicationKey
	case "aws-sns":
		c.Secrets, c.TopicARN, c.Certificates = nil, v.Config.TopicARN, snsCertificates(t, v.Secret)
	case "cloudevents-handshake":
		c.Secrets, c.AllowedOrigins = nil, []string{v.Config.AllowedOrigins}
	default:
		return nil
	}
	return c
}

// snsCertificates gives, for every URL, a certificate with the key of the given one: that
// one was made after the moment of the cases.
func snsCertificates(t *testing.T, given string) *signature.Certificates {
	block, _ := pem.Decode([]byte(given))
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	made := pemOf(newAuthority(t, nil).sign(t, forSNS, c.PublicKey))
	return signature.NewCertificates(func(string) ([]byte, error) { return made, nil }, nil)
}

func TestComposedVectors(t *testing.T) {
	text, err := os.ReadFile("testdata/signatures-2.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []composedVector
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	ran := map[string]bool{}
	for _, c := range all {
		config := c.config(t)
		if config == nil {
			continue
		}
		ran[c.Scheme] = true
		t.Run(c.ID, func(t *testing.T) {
			v, r := compile(t, *config), c.request(t)
			if c.Answer != nil || c.Scheme == "cloudevents-handshake" {
				c.checkAnswer(t, v, r)
				return
			}
			checkVerdict(t, &c.vector, v.Verify(r))
		})
	}
	if len(ran) != 11 {
		t.Errorf("cases of %v ran", ran)
	}
}

func (v *composedVector) checkAnswer(t *testing.T, verifier *signature.Verifier, r *signature.Request) {
	t.Helper()
	a, is := verifier.Handshake(r)
	if !v.Valid {
		if is || verifier.Verify(r) == nil {
			t.Errorf("%s: answered %+v", v.Note, a)
		}
		return
	}
	if !is || a.Status != v.Answer.Status || string(a.Body) != v.Answer.Body || len(a.Header) != len(v.Answer.Headers) {
		t.Fatalf("%s: answered %t, %d %q %v", v.Note, is, a.Status, a.Body, a.Header)
	}
	for i, field := range v.Answer.Headers {
		if a.Header[i] != field {
			t.Errorf("%s: answered %v, want %v", v.Note, a.Header, v.Answer.Headers)
		}
	}
}
