package server

import (
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hookgate/gateway/secure/securetest"
)

// A node takes another for one of its own by the same certificate, or by one of the authority
// that it lets in; nobody else, and nobody under another name.
func TestAskingKnowsItsOwn(t *testing.T) {
	dir, authority := t.TempDir(), securetest.NewAuthority(t)
	files := CertificateFiles{Cert: filepath.Join(dir, "cert"), Key: filepath.Join(dir, "key"), ClientCA: filepath.Join(dir, "ca")}
	writeCertificate(t, "hookgate", files.Cert, files.Key)
	if err := os.WriteFile(files.ClientCA, []byte(authority.PEM), 0o600); err != nil {
		t.Fatal(err)
	}
	own, err := LoadCertificate(Internal, files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	same, _ := own.now()
	writeCertificate(t, "hookgate", filepath.Join(dir, "cert2"), filepath.Join(dir, "key2"))
	stranger, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert2"), filepath.Join(dir, "key2"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what, name string
		shows      tls.Certificate
		known      bool
	}{
		{"the same certificate", "10.0.0.7", *same, true},
		{"a stranger's of the same name", "hookgate", stranger, false},
		{"a stranger's at an address", "10.0.0.7", stranger, false},
		{"one of the authority", "node-b.internal", authority.Server(t, "node-b.internal"), true},
		{"one of the authority, of another name", "node-b.internal", authority.Server(t, "node-c.internal"), false},
		{"one of the authority, at an address", "10.0.0.7", authority.Server(t, "10.0.0.7"), true},
	} {
		ours, theirs := connected(t)
		done := make(chan error, 1)
		go func() {
			done <- tls.Server(theirs, &tls.Config{Certificates: []tls.Certificate{c.shows}, ClientAuth: tls.RequireAnyClientCert}).Handshake() //nolint:gosec // of a test
			_ = theirs.Close()
		}()
		asking := own.Asking()
		_ = ours.SetDeadline(time.Now().Add(10 * time.Second)) // Handshake tells
		asking.ServerName = c.name
		err := tls.Client(ours, asking).Handshake()
		_ = ours.Close()
		if shown := <-done; (err == nil) != c.known || c.known && shown != nil {
			t.Errorf("%s: %v, and the other says %v", c.what, err, shown)
		}
	}
}

// connected gives both ends of a connection. A net.Pipe would not do: it has no buffer, and both
// sides of a handshake that fails write at once.
func connected(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if ours, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if theirs, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}
