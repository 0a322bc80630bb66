package signature

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"time"
)

// issuer says which certificates are a provider's.
type issuer struct {
	domains []string // a certificate is for a name under one of these
	// alone: its certificates come without those that sign them. What proves one is that
	// the provider's own host gave it, over TLS.
	alone bool
}

const (
	mostChain            = 8
	leastKeyBytes        = 256
	certificatePEM       = "CERTIFICATE"
	certificateURLLength = 512
)

var errCertificate = errors.New("not a certificate of the provider")

// read reads a certificate and its chain and checks all of it.
func (by *issuer) read(text []byte, roots *x509.CertPool, now time.Time) (trusted, error) {
	chain, err := readChain(text)
	if err != nil {
		return trusted{}, err
	}
	leaf := chain[0]
	key, is := leaf.PublicKey.(*rsa.PublicKey)
	if !is || key.Size() < leastKeyBytes || !slices.ContainsFunc(by.domains, func(d string) bool { return isUnder(leaf.DNSNames, d) }) {
		return trusted{}, errCertificate
	}
	s := trusted{key: key, from: leaf.NotBefore, until: leaf.NotAfter}
	if by.alone {
		if !s.good(now) {
			return trusted{}, errCertificate
		}
		return s, nil
	}
	found, err := verified(chain, roots, now)
	if err != nil {
		return trusted{}, err
	}
	for _, c := range found {
		if c.NotBefore.After(s.from) {
			s.from = c.NotBefore
		}
		if c.NotAfter.Before(s.until) {
			s.until = c.NotAfter
		}
	}
	return s, nil
}

// verified gives the chain that leads from the first certificate to a root.
func verified(chain []*x509.Certificate, roots *x509.CertPool, now time.Time) ([]*x509.Certificate, error) {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	found, err := chain[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// readChain reads the certificates of a PEM text, the leaf first.
func readChain(text []byte) (chain []*x509.Certificate, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != certificatePEM || len(chain) == mostChain {
			return nil, errCertificate
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		if LargeKey(c.PublicKey) {
			return nil, errCertificate
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, errCertificate
	}
	return chain, nil
}

// isUnder tells whether one of the names is of the domain.
func isUnder(names []string, domain string) bool {
	for _, name := range names {
		if strings.HasSuffix(strings.ToLower("."+name), "."+domain) {
			return true
		}
	}
	return false
}

// strictBase64 reads a text of base64 that is the one for its bytes.
func strictBase64(text []byte) ([]byte, bool) {
	raw, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	return raw, err == nil && base64.StdEncoding.EncodedLen(len(raw)) == len(text) // decoding passes over line ends
}

// refuseKey refuses a request whose certificate is not to be had, or is not good.
func refuseKey(err error, field string) error {
	if troubled := (*troubled)(nil); errors.As(err, &troubled) {
		return refuse(Unavailable, field)
	}
	return refuse(Certificate, field)
}
