package signature_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
)

// authority signs certificates of tests, good from 2023 to 2033.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, above *authority) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key}
	if above == nil {
		above = a
	}
	a.cert = above.sign(t, x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, &key.PublicKey)
	return a
}

func (a *authority) sign(t *testing.T, c x509.Certificate, key crypto.PublicKey) *x509.Certificate {
	t.Helper()
	c.SerialNumber = big.NewInt(1)
	if c.NotBefore.IsZero() {
		c.NotBefore, c.NotAfter = now.AddDate(0, -1, 0), now.AddDate(10, 0, 0)
	}
	parent := a.cert
	if parent == nil {
		parent = &c
	}
	raw, err := x509.CreateCertificate(rand.Reader, &c, parent, key, a.key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

func pemOf(chain ...*x509.Certificate) (text []byte) {
	for _, c := range chain {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}
