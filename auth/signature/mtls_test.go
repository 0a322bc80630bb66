package signature_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

func TestMTLS(t *testing.T) {
	root, stranger := newAuthority(t, nil), newAuthority(t, nil)
	between := newAuthority(t, root)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	uri, err := url.Parse("spiffe://example.test/sender")
	if err != nil {
		t.Fatal(err)
	}
	client := x509.Certificate{Subject: pkix.Name{CommonName: "sender-1"}, DNSNames: []string{"sender.example.test"},
		EmailAddresses: []string{"ops@example.test"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	client.URIs = append(client.URIs, uri)
	server := client
	server.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	leaf := root.sign(t, client, &key.PublicKey)
	under := between.sign(t, client, &key.PublicKey)
	forServers := root.sign(t, server, &key.PublicKey)
	foreign := stranger.sign(t, client, &key.PublicKey)
	old := client
	old.NotBefore, old.NotAfter = now.AddDate(-2, 0, 0), now.Add(-time.Second)
	over := root.sign(t, old, &key.PublicKey)
	ca := string(pemOf(root.cert))
	print := func(c *x509.Certificate) string {
		sum := sha256.Sum256(c.Raw)
		return hex.EncodeToString(sum[:])
	}
	chain := func(c ...*x509.Certificate) []*x509.Certificate { return c }
	for name, c := range map[string]struct {
		config signature.Config
		peer   []*x509.Certificate
		want   signature.Reason
	}{
		"of the authority":          {signature.Config{CA: ca}, chain(leaf), ""},
		"of one below it":           {signature.Config{CA: ca}, chain(under, between.cert), ""},
		"the one below is missing":  {signature.Config{CA: ca}, chain(under), signature.Certificate},
		"of one of two":             {signature.Config{CA: string(pemOf(stranger.cert, root.cert))}, chain(leaf), ""},
		"of a stranger":             {signature.Config{CA: ca}, chain(foreign), signature.Certificate},
		"a stranger brings the CA":  {signature.Config{CA: ca}, chain(foreign, stranger.cert, root.cert), signature.Certificate},
		"for servers":               {signature.Config{CA: ca}, chain(forServers), signature.Certificate},
		"over":                      {signature.Config{CA: ca}, chain(over), signature.Stale},
		"over, known":               {signature.Config{Fingerprints: []string{print(over)}}, chain(over), signature.Stale},
		"none":                      {signature.Config{CA: ca}, nil, signature.Certificate},
		"hundred":                   {signature.Config{CA: ca}, slices.Repeat(chain(leaf), 100), signature.Certificate},
		"by DNS name":               {signature.Config{CA: ca, Names: []string{"x", "Sender.example.test"}}, chain(leaf), ""},
		"by e-mail":                 {signature.Config{CA: ca, Names: []string{"ops@example.test"}}, chain(leaf), ""},
		"by URI":                    {signature.Config{CA: ca, Names: []string{"spiffe://example.test/sender"}}, chain(leaf), ""},
		"by common name":            {signature.Config{CA: ca, Names: []string{"sender-1"}}, chain(leaf), ""},
		"by another name":           {signature.Config{CA: ca, Names: []string{"sender-2"}}, chain(leaf), signature.Certificate},
		"a name of a stranger":      {signature.Config{CA: ca, Names: []string{"sender-1"}}, chain(foreign), signature.Certificate},
		"known":                     {signature.Config{Fingerprints: []string{print(leaf), print(foreign)}}, chain(foreign), ""},
		"known, with colons":        {signature.Config{Fingerprints: []string{strings.ToUpper(colons(print(foreign)))}}, chain(foreign), ""},
		"unknown":                   {signature.Config{Fingerprints: []string{print(leaf)}}, chain(foreign), signature.Certificate},
		"known, not the first":      {signature.Config{Fingerprints: []string{print(leaf)}}, chain(foreign, leaf), signature.Certificate},
		"known, of a stranger":      {signature.Config{CA: ca, Fingerprints: []string{print(foreign)}}, chain(foreign), signature.Certificate},
		"unknown, of the authority": {signature.Config{CA: ca, Fingerprints: []string{print(foreign)}}, chain(leaf), signature.Certificate},
	} {
		c.config.Type = "mtls"
		r := &signature.Request{Header: pairs{}, Now: now, Peer: func() []*x509.Certificate { return c.peer }}
		if got := reason(t, compile(t, c.config).Verify(r)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
	v := compile(t, signature.Config{Type: "mtls", CA: ca})
	if got := reason(t, v.Verify(&signature.Request{Header: pairs{}, Now: now})); got != signature.Certificate {
		t.Errorf("where TLS ended elsewhere: refused for %q", got)
	}
	if early := (&signature.Request{Header: pairs{}, Now: now.AddDate(0, -2, 0), Peer: func() []*x509.Certificate { return chain(leaf) }}); reason(t, v.Verify(early)) != signature.Future {
		t.Error("passes before its time")
	}
}

func colons(text string) string {
	var all []string
	for part := range slices.Chunk([]byte(text), 2) {
		all = append(all, string(part))
	}
	return strings.Join(all, ":")
}

func TestMTLSFaults(t *testing.T) {
	good := string(pemOf(newAuthority(t, nil).cert))
	for name, c := range map[string]struct {
		config signature.Config
		field  string
	}{
		"nothing":           {signature.Config{}, "ca"},
		"names alone":       {signature.Config{Names: []string{"x"}}, "ca"},
		"no PEM":            {signature.Config{CA: "/etc/ssl/ca.pem"}, "ca"},
		"empty name":        {signature.Config{CA: good, Names: []string{"x", ""}}, "names[1]"},
		"no fingerprint":    {signature.Config{Fingerprints: []string{"ab"}}, "fingerprints[0]"},
		"with secrets":      {signature.Config{CA: good, Secrets: []string{"x"}}, "secrets"},
		"empty fingerprint": {signature.Config{CA: good, Fingerprints: []string{""}}, "fingerprints[0]"},
	} {
		c.config.Type = "mtls"
		v, faults := signature.Compile(c.config)
		if v != nil || len(faults) != 1 || faults[0].Field != c.field {
			t.Errorf("%s: faults %v, want one at %s", name, faults, c.field)
		}
	}
	if _, faults := signature.Compile(signature.Config{Type: "slack", Secrets: []string{"x"}, CA: good, Names: []string{"x"}, Fingerprints: []string{"x"}}); len(faults) != 3 {
		t.Errorf("what slack does not read: %v", faults)
	}
}

// An authority whose key takes seconds to verify with would have each handshake take them.
func TestMTLSTakesNoLargeKeys(t *testing.T) {
	a := newAuthority(t, nil)
	for bits, large := range map[uint]bool{8192: false, 8256: true, 60000: true} {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		c := a.sign(t, x509.Certificate{Subject: pkix.Name{CommonName: "x"}, IsCA: true, BasicConstraintsValid: true}, &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537})
		_, faults := signature.Compile(signature.Config{Type: "mtls", CA: string(pemOf(a.cert, c))})
		if is := len(faults) > 0; is != large {
			t.Errorf("%d bits: %v", bits, faults)
		}
	}
}
