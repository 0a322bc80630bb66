package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hookgate/gateway/server"
)

// selfSigned makes a certificate and its key, in PEM.
func selfSigned(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"hooks.example.com"}}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: text})
}

// Clients are asked for a certificate while somebody wants to see one, and get in
// without one too.
func TestCertificateAsksClients(t *testing.T) {
	cert, key := selfSigned(t)
	files := [2]string{filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")}
	for i, text := range [][]byte{cert, key} {
		if err := os.WriteFile(files[i], text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := server.LoadCertificate(server.Public, server.CertificateFiles{Cert: files[0], Key: files[1]}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	asks := false
	config := loaded.Config(func() bool { return asks })
	mine, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	for _, asks = range []bool{false, true} {
		for _, have := range []bool{false, true} {
			asked := false
			client := &tls.Config{InsecureSkipVerify: true, GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				asked = true
				if have {
					return &mine, nil
				}
				return new(tls.Certificate), nil
			}}
			shown := handshake(t, config, client)
			if asked != asks || (len(shown) == 1) != (asks && have) {
				t.Errorf("asking %t: the client was asked: %t, and showed %d", asks, asked, len(shown))
			}
		}
	}
}

// handshake gives the certificates that the client showed.
func handshake(t *testing.T, server, client *tls.Config) []*x509.Certificate {
	t.Helper()
	here, there := net.Pipe()
	s, c := tls.Server(here, server), tls.Client(there, client)
	defer here.Close()
	defer there.Close()
	done := make(chan error, 1)
	go func() {
		err := c.Handshake()
		if err == nil {
			_, err = c.Read(make([]byte, 1)) // takes in what follows the handshake
		}
		done <- err
	}()
	if err := s.Handshake(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	return s.ConnectionState().PeerCertificates
}
