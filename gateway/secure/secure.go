// Package secure says how a connection to a target is secured beyond what holds for
// all: whom it trusts, who it says that we are, and by which name it asks (SPEC 15,
// tls). It is compiled from text in PEM when a configuration is read, and knows no
// connection: package transport makes those.
package secure

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Spec is what an operator writes: PEM, and a name.
type Spec struct {
	CA         string // authorities, in place of all others
	Cert       string // our own certificate, with those between it and its authority
	Key        string // of Cert; a secret
	ServerName string // in place of the target's host
}

// Fault is what is wrong with one member of a Spec, by its name in the configuration.
type Fault struct{ Member, Message string }

// Settings are a compiled Spec. They are immutable.
type Settings struct {
	digest string
	roots  *x509.CertPool // nil: those of all targets
	own    []tls.Certificate
	name   string
	ends   []ending
}

// ending is when one certificate ends.
type ending struct {
	member string
	at     time.Time
}

// maxPEM bounds each text, in bytes.
const maxPEM = 256 << 10

// Compile checks a Spec; nil settings are those of an empty one. Faults repeat
// nothing of a key.
func Compile(s Spec) (*Settings, []Fault) {
	if s == (Spec{}) {
		return nil, nil
	}
	var c compiler
	made := &Settings{digest: digestOf(s), name: c.name(s.ServerName)}
	if s.CA != "" {
		made.roots = x509.NewCertPool()
		for _, authority := range c.certificates("ca", s.CA) {
			made.roots.AddCert(authority)
		}
	}
	if pair, ok := c.pair(s.Cert, s.Key); ok {
		made.own = []tls.Certificate{pair}
	}
	if made.ends = c.ends; len(c.faults) > 0 {
		return nil, c.faults
	}
	return made, nil
}

// digestOf tells settings apart.
func digestOf(s Spec) string {
	h := sha256.New()
	for _, text := range []string{s.CA, s.Cert, s.Key, s.ServerName} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(text)))
		_, _ = h.Write(append(size[:], text...)) // never fails
	}
	return string(h.Sum(nil))
}

// Digest is equal for equal settings, and "" for none: connections are kept apart by it.
func (s *Settings) Digest() string {
	if s == nil {
		return ""
	}
	return s.digest
}

// Apply puts the settings into the configuration of a connection. It may be asked
// through nil.
func (s *Settings) Apply(c *tls.Config) {
	if s == nil {
		return
	}
	c.Certificates = s.own
	if s.roots != nil {
		c.RootCAs = s.roots
	}
	if s.name != "" {
		c.ServerName = s.name
	}
}

// Expired names the member whose certificate has ended by then, and when it did; ""
// for none.
func (s *Settings) Expired(now time.Time) (member string, at time.Time) {
	if s != nil {
		for _, end := range s.ends {
			if now.After(end.at) {
				return end.member, end.at
			}
		}
	}
	return "", at
}

// Pool gives the certificates of a text in PEM beside those of a pool, which it
// changes.
func Pool(into *x509.CertPool, text string) error {
	var c compiler
	for _, authority := range c.certificates("", text) {
		into.AddCert(authority)
	}
	if len(c.faults) > 0 {
		return fmt.Errorf("%s", c.faults[0].Message)
	}
	return nil
}

// name checks the name that is asked for: a host, or an address.
func (c *compiler) name(name string) string {
	if name == "" {
		return ""
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return name
	}
	lower := strings.ToLower(strings.TrimSuffix(name, "."))
	if lower == "" || len(lower) > 253 || strings.Trim(lower, "abcdefghijklmnopqrstuvwxyz0123456789-_.") != "" || strings.Contains(lower, "..") {
		c.fault("server_name", "must be a host name or an address, without a port")
	}
	return lower
}
