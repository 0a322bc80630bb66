package server

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// soon is how long before its end a certificate is worth a word.
const soon = 14 * 24 * time.Hour

// CertificateFault is one thing about a certificate and its key.
type CertificateFault struct {
	OfKey   bool // it is about the key's file, not the certificate's
	Warning bool // it would be served all the same
	Over    bool // its dates do not hold now
	Message string
}

// CheckCertificate gives what LoadCertificate would find wrong with the two files, and
// what clients would: that it ends soon, or is not for the host; "" is any host.
func CheckCertificate(cert, key, host string, now time.Time) (faults []CertificateFault) {
	chain, err := os.ReadFile(cert)
	if err != nil {
		faults = append(faults, CertificateFault{Message: "cannot be read: " + err.Error()})
	}
	secret, err := os.ReadFile(key)
	if err != nil {
		faults = append(faults, CertificateFault{OfKey: true, Message: "cannot be read: " + err.Error()})
	}
	if len(faults) > 0 {
		return faults
	}
	leaf, err := leafOf(chain)
	if err != nil {
		return []CertificateFault{{Message: "is no certificate in PEM: " + err.Error()}}
	}
	if _, err := tls.X509KeyPair(chain, secret); err != nil {
		return []CertificateFault{{OfKey: true, Message: "is not the key of the certificate: " + strings.TrimPrefix(err.Error(), "tls: ")}}
	}
	over := now.After(leaf.NotAfter) || now.Before(leaf.NotBefore)
	for i, text := range unfit(leaf, host, now) {
		faults = append(faults, CertificateFault{Warning: true, Over: over && i == 0, Message: text}) // dates come first
	}
	return faults
}

// CheckAuthorities gives what is wrong with a file of authorities; "": nothing.
func CheckAuthorities(file string) string {
	if _, err := authorities(file); err != nil {
		return err.Error()
	}
	return ""
}

// authorities reads a file of certificates.
func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("has no certificate in PEM")
	}
	return pool, nil
}

// leafOf gives the first certificate of a file.
func leafOf(chain []byte) (*x509.Certificate, error) {
	for {
		block, rest := pem.Decode(chain)
		if block == nil {
			return nil, fmt.Errorf("there is no block %q in it", "CERTIFICATE")
		}
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
		chain = rest
	}
}

// unfit says why clients would not take a certificate, now or before long.
func unfit(leaf *x509.Certificate, host string, now time.Time) (all []string) {
	const day = "2006-01-02"
	switch {
	case now.After(leaf.NotAfter):
		all = append(all, "has expired on "+leaf.NotAfter.UTC().Format(day))
	case now.Before(leaf.NotBefore):
		all = append(all, "is not valid before "+leaf.NotBefore.UTC().Format(day))
	case now.Add(soon).After(leaf.NotAfter):
		all = append(all, "expires on "+leaf.NotAfter.UTC().Format(day))
	}
	if host != "" && leaf.VerifyHostname(host) != nil {
		all = append(all, "is not for the host of public.url, "+host)
	}
	return all
}

// CertificateEnd gives the end of a certificate, and whether that is past or near.
func CertificateEnd(cert string, now time.Time) (end time.Time, soonEnds bool, err error) {
	chain, err := os.ReadFile(cert)
	if err != nil {
		return end, false, err
	}
	leaf, err := leafOf(chain)
	if err != nil {
		return end, false, err
	}
	return leaf.NotAfter, now.Add(soon).After(leaf.NotAfter), nil
}
