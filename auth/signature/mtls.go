package signature

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
)

// mtls proves by the certificate that the client showed when the connection was
// made: the TLS handshake has proved that the client holds its key, what is checked
// here is whose it is. It works where TLS ends in this process. Whatever is
// configured must hold, all of it:
//
//	ca            the certificate is of one of these authorities, and for clients
//	names         it is for one of these names (DNS, e-mail, URI, IP, common name)
//	fingerprints  it is one of these, by the SHA-256 of its DER
var mtls = scheme{
	name:  "mtls",
	reads: []string{"ca", "names", "fingerprints"},
	build: func(c *Config, f *faults) *Verifier {
		p := &peer{names: c.Names}
		if c.CA == "" && len(c.Fingerprints) == 0 {
			f.add("ca", "is missing: set the authority's certificate in PEM, or fingerprints")
		}
		if c.CA != "" {
			var fault string
			if p.roots, fault = authorities(c.CA); fault != "" {
				f.add("ca", "%s", fault)
			}
		}
		if i := slices.Index(c.Names, ""); i >= 0 {
			f.add(fmt.Sprintf("names[%d]", i), "is empty")
		}
		if len(c.Names) > mostPeers {
			f.add("names", "has %d: set at most %d", len(c.Names), mostPeers)
		}
		if len(c.Fingerprints) > mostPeers {
			f.add("fingerprints", "has %d: set at most %d", len(c.Fingerprints), mostPeers)
			return nil
		}
		for i, text := range c.Fingerprints {
			raw, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
			if err != nil || len(raw) != sha256.Size {
				f.add(fmt.Sprintf("fingerprints[%d]", i), "must be the SHA-256 of a certificate: 64 hex digits, colons between them or not")
				continue
			}
			p.known = append(p.known, sum(raw))
		}
		return &Verifier{proof: p}
	},
}

// authorities reads certificates in PEM, and says what is wrong with them.
func authorities(text string) (pool *x509.CertPool, fault string) {
	pool, fault = x509.NewCertPool(), "has no certificate in PEM"
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != certificatePEM {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		if LargeKey(c.PublicKey) {
			return pool, "has a certificate with an RSA key of over 8192 bits"
		}
		pool.AddCert(c)
		fault = ""
	}
	return pool, fault
}

// mostPeers bounds what one certificate is compared with.
const mostPeers = 1000

type peer struct {
	roots *x509.CertPool // nil: any authority
	names []string       // none: any name
	known []sum          // none: any certificate
}

const peerField = "client certificate" // as errors name it

func (p *peer) verify(r *Request) error {
	if r.Peer == nil {
		return refuse(Certificate, peerField)
	}
	chain := r.Peer()
	if len(chain) == 0 || len(chain) > mostChain {
		return refuse(Certificate, peerField)
	}
	leaf := chain[0]
	switch {
	case r.Now.Before(leaf.NotBefore):
		return refuse(Future, peerField)
	case r.Now.After(leaf.NotAfter):
		return refuse(Stale, peerField)
	}
	got := sum(sha256.Sum256(leaf.Raw))
	if len(p.known) > 0 && !slices.Contains(p.known, got) || len(p.names) > 0 && !p.named(leaf) || !p.trusts(chain, r) {
		return refuse(Certificate, peerField)
	}
	return nil
}

// trusts tells whether the chain leads to an authority.
func (p *peer) trusts(chain []*x509.Certificate, r *Request) bool {
	if p.roots == nil {
		return true
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{
		Roots: p.roots, Intermediates: between, CurrentTime: r.Now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err == nil
}

// named tells whether the certificate is for one of the names.
func (p *peer) named(leaf *x509.Certificate) bool {
	names := slices.Concat(leaf.DNSNames, leaf.EmailAddresses, []string{leaf.Subject.CommonName})
	for _, uri := range leaf.URIs {
		names = append(names, uri.String())
	}
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	return slices.ContainsFunc(p.names, func(name string) bool {
		return slices.ContainsFunc(names, func(has string) bool { return strings.EqualFold(name, has) })
	})
}
