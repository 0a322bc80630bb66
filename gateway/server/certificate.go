package server

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// CertificateFiles are the files in PEM of a certificate, of its key, and of the
// authorities that let clients in; "" for those: none are asked.
type CertificateFiles struct{ Cert, Key, ClientCA string }

// Certificate is a certificate and its key from their files, with those who may show one
// to it. They are loaded again when they change: renewals need no restart.
type Certificate struct {
	files CertificateFiles
	log   *slog.Logger
	signs signing

	mu      sync.Mutex
	current *tls.Certificate
	clients *x509.CertPool // nil: whoever comes
	of      [3]stamp       // the files that were looked at last, good or bad
	looked  time.Time
}

// stamp tells one content of a file from another.
type stamp struct {
	changed time.Time
	size    int64
}

// lookEvery bounds how often the files are asked whether they changed: at most
// once in this time, and only while clients come.
const lookEvery = time.Second

// LoadCertificate loads the files of a listener, Public or Internal, or says which setting
// to change.
func LoadCertificate(listener string, files CertificateFiles, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{files: files, log: log, signs: newSigning()}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("%s.tls: %w", listener, err)
	}
	return c, nil
}

// Config gives the settings of a listener that shows the certificate. While asks
// says so, clients are asked for theirs, and may come without one: who is let in is
// not decided here. Browsers bother their users when they are asked, so it is not
// done for nothing.
func (c *Certificate) Config(asks func() bool) *tls.Config {
	quiet := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: c.shown,
	}
	asking := quiet.Clone()
	asking.ClientAuth = tls.RequestClientCert
	quiet.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if asks() {
			return asking, nil
		}
		return nil, nil // as it is
	}
	return quiet
}

// Closed gives the settings of a listener that lets nobody in without a certificate of the
// authorities, where some are named.
func (c *Certificate) Closed() *tls.Config {
	own := &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: c.shown,
	}
	if c.files.ClientCA == "" {
		return own
	}
	own.ClientAuth = tls.RequireAndVerifyClientCert
	own.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
		with := own.Clone()
		with.GetConfigForClient = nil
		_, with.ClientCAs = c.now()
		return with, nil
	}
	return own
}

// Asking gives the settings of who connects to a listener of the same kind on another machine.
// It shows the certificate, and takes what shows the same one, or one of an authority in
// client_ca or behind the own certificate; of a listener with a name, also one for that name of
// an authority that the system knows. An address alone is nothing that a stranger's authority
// could vouch for.
func (c *Certificate) Asking() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { own, _ := c.now(); return own, nil },
		InsecureSkipVerify:   true, //nolint:gosec // VerifyConnection does it
		VerifyConnection:     c.knows,
	}
}

// knows judges what another listener shows.
func (c *Certificate) knows(shown tls.ConnectionState) error {
	own, clients := c.now()
	if len(shown.PeerCertificates) == 0 {
		return errors.New("no certificate was shown")
	}
	leaf := shown.PeerCertificates[0]
	if bytes.Equal(leaf.Raw, own.Certificate[0]) {
		return nil
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	if clients != nil {
		roots = clients.Clone()
	}
	for _, der := range own.Certificate[1:] {
		if authority, err := x509.ParseCertificate(der); err == nil {
			roots.AddCert(authority)
		}
	}
	for _, one := range shown.PeerCertificates[1:] {
		between.AddCert(one)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, DNSName: shown.ServerName})
	if err != nil && shown.ServerName != "" {
		_, err = leaf.Verify(x509.VerifyOptions{Intermediates: between, DNSName: shown.ServerName})
	}
	return err
}

// shown gives what a handshake shows.
func (c *Certificate) shown(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	own, _ := c.now()
	return c.signs.certificate(own, hello), nil
}

// now gives the certificate, and the authorities, of the files as they are now. While they are faulty,
// and between the writing of the one and of the other, the last good one stands in.
func (c *Certificate) now() (own *tls.Certificate, clients *x509.CertPool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		if stamps := c.stamps(); stamps != c.of {
			if err := c.load(); err != nil {
				c.log.Error("the certificate files changed and are faulty: the last good ones stay in use", "error", err)
			} else {
				c.log.Info("the certificate was loaded again")
			}
		}
	}
	return c.current, c.clients
}

// load reads the files. The stamps are taken first: a change while they are read
// is seen the next time.
func (c *Certificate) load() error {
	c.of = c.stamps()
	pair, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return err
	}
	var clients *x509.CertPool
	if c.files.ClientCA != "" {
		if clients, err = authorities(c.files.ClientCA); err != nil {
			return fmt.Errorf("client_ca %w", err)
		}
	}
	c.current, c.clients = &pair, clients
	return nil
}

func (c *Certificate) stamps() (all [3]stamp) {
	for i, name := range [...]string{c.files.Cert, c.files.Key, c.files.ClientCA} {
		if info, err := os.Stat(name); err == nil {
			all[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return all
}
