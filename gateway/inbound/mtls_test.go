package inbound_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"net/http"
	"testing"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/server"
)

// certificate makes one that is signed by its own key.
func certificate(t *testing.T) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	check(t, err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// Who is known by a certificate must have shown it when the connection was made; a
// header that tells of one is nothing. And over TLS the URL that is signed begins
// with https, without a public.url.
func TestTLS(t *testing.T) {
	known, other := certificate(t), certificate(t)
	sum := sha256.Sum256(known.Certificate[0])
	fingerprint := hex.EncodeToString(sum[:])
	sources := map[string]gateway.Source{
		"till":   {Verify: gateway.Verify{Type: "mtls", Fingerprints: []string{fingerprint}}},
		"square": {Verify: gateway.Verify{Type: "square", Secrets: []gateway.Secret{providerSecret}}},
	}
	callback := func(k *kit) answer {
		return k.send(post{path: "/hooks/acme/till", kind: asJSON, body: `{"conversation_key":"a"}`, header: map[string]string{"X-Forwarded-Client-Cert": "Hash=" + fingerprint}})
	}
	k := newKitAt(t, "", server.Options{
		PublicTLS: &tls.Config{Certificates: []tls.Certificate{certificate(t)}, ClientAuth: tls.RequestClientCert},
	}, sources)
	for name, c := range map[string]struct {
		shown []tls.Certificate
		want  string
	}{
		"known": {[]tls.Certificate{known}, "parked"}, "another": {[]tls.Certificate{other}, "unauthenticated"}, "none": {nil, "unauthenticated"},
	} {
		transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, Certificates: c.shown}}
		k.client = &http.Client{Transport: transport}
		if a := callback(k); a.outcome != c.want {
			t.Errorf("%s: %d %s, want %s", name, a.status, a.raw, c.want)
		}
		mac := hmac.New(sha256.New, []byte(providerSecret))
		mac.Write([]byte(k.url + `/hooks/acme/square{"conversation_key":"` + name + `"}`))
		a := k.send(post{path: "/hooks/acme/square", kind: asJSON, body: `{"conversation_key":"` + name + `"}`, header: map[string]string{
			"X-Square-HmacSha256-Signature": base64.StdEncoding.EncodeToString(mac.Sum(nil))}})
		if a.outcome != "parked" {
			t.Errorf("%s: the URL as signed: %s", name, a.raw)
		}
		transport.CloseIdleConnections()
	}
	if a := callback(newKit(t, sources)); a.outcome != "unauthenticated" {
		t.Errorf("without TLS: %d %s", a.status, a.raw)
	}
}
