package server

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Certificate is a certificate and its key from two files in PEM. It is loaded
// again when they change: renewals need no restart.
type Certificate struct {
	cert, key string
	log       *slog.Logger

	mu      sync.Mutex
	current *tls.Certificate
	of      [2]stamp // the files that were looked at last, good or bad
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

// LoadCertificate loads both files, or says which setting to change.
func LoadCertificate(cert, key string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key, log: log}
	if err := c.load(); err != nil {
		return nil, fmt.Errorf("public.tls: %w", err)
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
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now(), nil },
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

// now gives the certificate of the files as they are now. While they are faulty,
// and between the writing of the one and of the other, the last good one stands in.
func (c *Certificate) now() *tls.Certificate {
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
	return c.current
}

// load reads both files. The stamps are taken first: a change while they are read
// is seen the next time.
func (c *Certificate) load() error {
	c.of = c.stamps()
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.current = &pair
	return nil
}

func (c *Certificate) stamps() (all [2]stamp) {
	for i, name := range [...]string{c.cert, c.key} {
		if info, err := os.Stat(name); err == nil {
			all[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return all
}
