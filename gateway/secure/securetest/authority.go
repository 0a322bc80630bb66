// Package securetest makes the certificates of tests: authorities, and what they sign.
package securetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// Authority signs certificates for a test.
type Authority struct {
	PEM  string // its own certificate
	cert *x509.Certificate
	key  crypto.Signer
}

// NewAuthority makes one that nobody knows yet.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{}
	a.key = newKey(t)
	template := &x509.Certificate{
		SerialNumber: serial(t), Subject: pkix.Name{CommonName: "inner authority"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = sign(t, template, template, a.key, a.key)
	a.PEM = block("CERTIFICATE", a.cert.Raw)
	return a
}

// Server gives a certificate for names and addresses.
func (a *Authority) Server(t testing.TB, hosts ...string) tls.Certificate {
	t.Helper()
	template := &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, NotAfter: time.Now().Add(time.Hour)}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	key := newKey(t)
	return tls.Certificate{Certificate: [][]byte{a.issue(t, template, key).Raw}, PrivateKey: key}
}

// Client gives a client's certificate and its key, in PEM.
func (a *Authority) Client(t testing.TB, name string) (cert, key string) {
	t.Helper()
	return a.ClientUntil(t, name, time.Now().Add(time.Hour))
}

// ClientUntil is Client for a certificate that ends then.
func (a *Authority) ClientUntil(t testing.TB, name string, ends time.Time) (cert, key string) {
	t.Helper()
	own := newKey(t)
	issued := a.issue(t, &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, NotAfter: ends,
	}, own)
	der, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return block("CERTIFICATE", issued.Raw), block("PRIVATE KEY", der)
}

// Certificate gives one for who has a key, and signs with it what is not TLS, in PEM.
func (a *Authority) Certificate(t testing.TB, key crypto.Signer, name string) string {
	t.Helper()
	return block("CERTIFICATE", a.issue(t, &x509.Certificate{DNSNames: []string{name}, NotAfter: time.Now().Add(72 * time.Hour)}, key).Raw)
}

func (a *Authority) issue(t testing.TB, template *x509.Certificate, key crypto.Signer) *x509.Certificate {
	t.Helper()
	template.SerialNumber, template.NotBefore = serial(t), time.Now().Add(-48*time.Hour)
	return sign(t, template, a.cert, key, a.key)
}

func sign(t testing.TB, template, parent *x509.Certificate, key, by crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func serial(t testing.TB) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
