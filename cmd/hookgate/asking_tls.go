package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"

	"github.com/spf13/cobra"
)

// tlsFlags adds the flags by which it is spoken to in TLS.
func (r *running) tlsFlags(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&r.ca, "ca", "", "file of authorities in PEM, for a server of https (default HOOKGATE_CA, else those of the system)")
	cmd.PersistentFlags().StringVar(&r.cert, "cert", "", "file of a client's certificate in PEM, where the server asks for one (default HOOKGATE_CERT)")
	cmd.PersistentFlags().StringVar(&r.key, "key", "", "file of its key (default HOOKGATE_KEY)")
}

// client makes what asks: it follows no redirect, for the token goes nowhere else.
func (r *running) client() (*http.Client, error) {
	config, err := r.tlsConfig()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // nobody replaces it
	transport.TLSClientConfig = config
	return &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, nil
}

func (r *running) tlsConfig() (*tls.Config, error) {
	if r.tls != nil {
		return r.tls, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if file := cmp.Or(r.ca, os.Getenv("HOOKGATE_CA")); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("--ca: %w", err)
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--ca: %s has no certificate in PEM", file)
		}
	}
	cert, key := cmp.Or(r.cert, os.Getenv("HOOKGATE_CERT")), cmp.Or(r.key, os.Getenv("HOOKGATE_KEY"))
	if cert != "" || key != "" {
		pair, err := tls.LoadX509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("--cert, --key: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
