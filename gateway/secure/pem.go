package secure

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"hookgate/auth/signature"
)

// compiler collects what is wrong with a Spec, and when its certificates end.
type compiler struct {
	faults []Fault
	ends   []ending
}

func (c *compiler) fault(member, format string, args ...any) {
	c.faults = append(c.faults, Fault{member, fmt.Sprintf(format, args...)})
}

const certificate = "CERTIFICATE"

// certificates reads one or more certificates.
func (c *compiler) certificates(member, text string) (list []*x509.Certificate) {
	rest := []byte(text)
	if len(rest) > maxPEM {
		c.fault(member, "is longer than %d bytes", maxPEM)
		return nil
	}
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != certificate {
			c.fault(member, "holds a block %s: only certificates are wanted", kindOf(block))
			return nil
		}
		read, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			c.fault(member, "holds a certificate that cannot be read")
			return nil
		}
		if signature.LargeKey(read.PublicKey) {
			c.fault(member, "holds a certificate with an RSA key of over 8192 bits")
			return nil
		}
		c.ends = append(c.ends, ending{member, read.NotAfter})
		list = append(list, read)
	}
	if len(list) == 0 {
		c.fault(member, "holds no certificate in PEM: it begins with -----BEGIN CERTIFICATE-----")
	}
	return list
}

// kindOf names a block, where it is one that people have; its type is anybody's text.
func kindOf(b *pem.Block) string {
	if strings.HasSuffix(b.Type, "PRIVATE KEY") {
		return "with a private key"
	}
	return "of another kind"
}

// pair reads a certificate and its key; false where there is none, or none that fits.
func (c *compiler) pair(cert, key string) (pair tls.Certificate, ok bool) {
	switch {
	case cert == "" && key == "":
		return pair, false
	case key == "":
		c.fault("key", "is missing: cert is of no use without its key")
		return pair, false
	case cert == "":
		c.fault("cert", "is missing: key is of no use without its certificate")
		return pair, false
	}
	if len(c.certificates("cert", cert)) == 0 || !c.isKey(key) {
		return pair, false
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		c.fault("key", "is not the key of cert, or cannot be read")
		return pair, false
	}
	return pair, true
}

// mostKey is more than an RSA key of 8,192 bits has, in bytes: larger ones sign for seconds.
const mostKey = 6 << 10

// isKey says whether a text is a private key that needs no passphrase.
func (c *compiler) isKey(text string) bool {
	for rest := []byte(text); len(rest) <= maxPEM; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
			c.fault("key", "is encrypted: write it without a passphrase")
			return false
		}
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			if len(block.Bytes) > mostKey {
				c.fault("key", "is larger than an RSA key of 8192 bits")
				return false
			}
			return true
		}
	}
	c.fault("key", "holds no private key in PEM: it begins with -----BEGIN PRIVATE KEY-----")
	return false
}
