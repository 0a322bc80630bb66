package signature_test

import (
	"crypto/x509"
	"encoding/pem"
	"slices"
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

// composedTable says how the cases of these schemes are configured.
var composedTable = map[string]func(*testing.T, *vector) signature.Config{
	"adyen":             plainly,
	"contentful":        plainly,
	"shopify-app-proxy": plainly,
	"dropbox-sign":      plainly,
	"plivo":             plainly,
	"plivo-v2":          plainly,
	"mercadopago":       plainly,
	"braintree": func(_ *testing.T, v *vector) signature.Config {
		return signature.Config{Type: v.Scheme, Secrets: v.secrets(), PublicKey: v.Config.PublicKey}
	},
	"sinch-application": func(_ *testing.T, v *vector) signature.Config {
		return signature.Config{Type: v.Scheme, Secrets: v.secrets(), ApplicationKey: v.Config.ApplicationKey}
	},
	"aws-sns": func(t *testing.T, v *vector) signature.Config {
		return signature.Config{Type: v.Scheme, TopicARN: v.Config.TopicARN, Certificates: snsCertificates(t, v.Secret)}
	},
	"cloudevents-handshake": func(_ *testing.T, v *vector) signature.Config {
		return signature.Config{Type: v.Scheme, AllowedOrigins: []string{v.Config.AllowedOrigins}}
	},
}

func plainly(_ *testing.T, v *vector) signature.Config {
	return signature.Config{Type: v.Scheme, Secrets: v.secrets()}
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
	ran := map[string]bool{}
	for _, c := range vectorsIn(t, "testdata/signatures-2.json") {
		config, is := composedTable[c.Scheme]
		if !is {
			continue
		}
		ran[c.Scheme] = true
		t.Run(c.ID, func(t *testing.T) {
			v := compile(t, config(t, &c))
			if c.Answer != nil || c.Scheme == "cloudevents-handshake" { // it is not signed
				checkUnsigned(t, &c, v)
				return
			}
			checkVerdict(t, &c, v.Verify(c.request(t)), means2)
		})
	}
	for scheme := range composedTable {
		if !ran[scheme] {
			t.Errorf("no case of scheme %s ran", scheme)
		}
	}
}

// checkUnsigned holds the answer to a handshake that nobody signs to what it must be.
func checkUnsigned(t *testing.T, c *vector, v *signature.Verifier) {
	t.Helper()
	r := c.request(t)
	a, is := v.Handshake(r)
	if !c.Valid {
		if is || v.Verify(r) == nil {
			t.Errorf("%s: answered %+v", c.Note, a)
		}
		return
	}
	if !is || a.Status != c.Answer.Status || string(a.Body) != c.Answer.Body || !strings.HasPrefix(a.ContentType, c.Answer.Type) || !slices.Equal(a.Header, c.Answer.Headers) {
		t.Fatalf("%s: answered %t, %d %q %q %v", c.Note, is, a.Status, a.ContentType, a.Body, a.Header)
	}
}
