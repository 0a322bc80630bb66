package server

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway/edge"
)

// writeCertificate writes a certificate of a name, and its key, over those of two files.
func writeCertificate(t *testing.T, name, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// aged lets the files be looked at again at once, and look changed.
func aged(t *testing.T, c *Certificate, files ...string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.looked = time.Time{}
	for i, file := range files {
		if err := os.Chtimes(file, time.Time{}, time.Now().Add(time.Duration(i+1)*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTLS(t *testing.T) {
	cert, key := filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	writeCertificate(t, "first", cert, key)
	var log bytes.Buffer
	c, err := LoadCertificate(Public, CertificateFiles{Cert: cert, Key: key}, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	h := answerHandlers()
	h.Route = func(ctx *fasthttp.RequestCtx) {
		if edge.IsTLS(ctx) {
			ctx.SetBodyString("TLS")
		}
	}
	s := start(t, Options{PublicTLS: c.Config(func() bool { return false })}, h)
	shown := func() string {
		t.Helper()
		conn, err := tls.Dial("tcp", s.public, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // made a moment ago
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := shown(); got != "first" {
		t.Errorf("shown is %q", got)
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}} //nolint:gosec // as above
	for path, want := range map[string]string{"/x": "TLS", "/hooks/acme/pay": `hook acme pay "" 0`} {
		a, err := client.Get("https://" + s.public + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(a.Body)
		_ = a.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
	if _, err := tls.Dial("tcp", s.public, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}); err == nil { //nolint:gosec // that is the point
		t.Error("TLS 1.1 is spoken")
	}
	// Renewed, then half written: the last good pair stays.
	writeCertificate(t, "second", cert, key)
	aged(t, c, cert, key)
	if got := shown(); got != "second" {
		t.Errorf("after a renewal shown is %q", got)
	}
	if err := os.WriteFile(cert, []byte("-----BEGIN CERT"), 0o600); err != nil {
		t.Fatal(err)
	}
	aged(t, c, cert)
	if got := shown(); got != "second" {
		t.Errorf("with a faulty file shown is %q", got)
	}
	writeCertificate(t, "third", cert, key)
	aged(t, c, key, cert)
	if got := shown(); got != "third" {
		t.Errorf("when it is whole again shown is %q", got)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if text := log.String(); strings.Count(text, "was loaded again") != 2 || strings.Count(text, "are faulty") != 1 {
		t.Errorf("the log says %s", text)
	}
}

func TestLoadCertificateNamesTheSetting(t *testing.T) {
	_, err := LoadCertificate(Public, CertificateFiles{Cert: "none.pem", Key: "none.pem"}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.HasPrefix(err.Error(), "public.tls: open none.pem") {
		t.Error(err)
	}
}
