package secure_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/secure"
	"hookgate/gateway/secure/securetest"
)

func TestFaultsAreNamed(t *testing.T) {
	authority := securetest.NewAuthority(t)
	cert, key := authority.Client(t, "one")
	other, _ := authority.Client(t, "two")
	for name, c := range map[string]struct {
		spec         secure.Spec
		member, text string
	}{
		"no PEM":             {secure.Spec{CA: "x"}, "ca", "no certificate in PEM"},
		"a key as authority": {secure.Spec{CA: key}, "ca", "private key"},
		"a broken one":       {secure.Spec{CA: strings.Replace(authority.PEM, "M", "A", 1)}, "ca", ""},
		"no key":             {secure.Spec{Cert: cert}, "key", "is missing"},
		"no certificate":     {secure.Spec{Key: key}, "cert", "is missing"},
		"another's key":      {secure.Spec{Cert: other, Key: key}, "key", "is not the key of cert"},
		"a key that is none": {secure.Spec{Cert: cert, Key: cert}, "key", "no private key"},
		"an encrypted one":   {secure.Spec{Cert: cert, Key: "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n"}, "key", "passphrase"},
		"a port":             {secure.Spec{ServerName: "a.b:443"}, "server_name", "without a port"},
		"too long":           {secure.Spec{CA: strings.Repeat(authority.PEM, 1000)}, "ca", "longer"},
	} {
		made, faults := secure.Compile(c.spec)
		if made != nil || len(faults) != 1 || faults[0].Member != c.member || !strings.Contains(faults[0].Message, c.text) {
			t.Errorf("%s: %v", name, faults)
		}
	}
	for name, spec := range map[string]secure.Spec{
		"an authority": {CA: authority.PEM + "\n# a comment\n" + authority.PEM}, "a pair": {Cert: cert + authority.PEM, Key: key}, "a name": {ServerName: "_a.b"}, "an address": {ServerName: "::1"},
	} {
		if made, faults := secure.Compile(spec); made == nil || len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

// Settings are told apart by what they say, and nothing is the same as none.
func TestDigests(t *testing.T) {
	cert, key := securetest.NewAuthority(t).Client(t, "one")
	digests := map[string]bool{}
	for _, spec := range []secure.Spec{{}, {ServerName: "a"}, {ServerName: "b"}, {CA: cert}, {Cert: cert, Key: key}} {
		made, faults := secure.Compile(spec)
		again, _ := secure.Compile(spec)
		if len(faults) > 0 || made.Digest() != again.Digest() || digests[made.Digest()] || (made == nil) != (spec == secure.Spec{}) {
			t.Errorf("%v: %v", spec, faults)
		}
		digests[made.Digest()] = true
	}
	var none *secure.Settings
	config := &tls.Config{ServerName: "kept"}
	if none.Apply(config); config.ServerName != "kept" || none.Digest() != "" {
		t.Error("no settings say something")
	}
}

func TestExpired(t *testing.T) {
	cert, key := securetest.NewAuthority(t).ClientUntil(t, "late", time.Now().Add(-time.Hour))
	made, faults := secure.Compile(secure.Spec{Cert: cert, Key: key})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if member, at := made.Expired(time.Now()); member != "cert" || at.IsZero() {
		t.Errorf("%q, %s", member, at)
	}
	if member, _ := made.Expired(time.Now().Add(-2 * time.Hour)); member != "" {
		t.Errorf("%q had ended before", member)
	}
}

func TestPool(t *testing.T) {
	pool := x509.NewCertPool()
	if err := secure.Pool(pool, securetest.NewAuthority(t).PEM); err != nil || pool.Equal(x509.NewCertPool()) {
		t.Error(err)
	}
	if err := secure.Pool(pool, "nothing"); err == nil {
		t.Error("nothing passes for an authority")
	}
}

// Keys that take seconds to verify or to sign with are none for a handshake: nobody stops it.
func TestLargeKeysAreRefused(t *testing.T) {
	authority, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certOf := func(bits uint) string {
		n := new(big.Int).Lsh(big.NewInt(1), bits-1)
		template := x509.Certificate{SerialNumber: n, NotAfter: time.Now().Add(time.Hour)}
		template.SerialNumber = big.NewInt(1)
		der, err := x509.CreateCertificate(rand.Reader, &template, &template, &rsa.PublicKey{N: n.Add(n, big.NewInt(1)), E: 65537}, authority)
		if err != nil {
			t.Fatal(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	cert, key := securetest.NewAuthority(t).Client(t, "c")
	large := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: make([]byte, 7<<10)}))
	for want, spec := range map[string]secure.Spec{
		"":                  {CA: certOf(8192), Cert: cert, Key: key},
		"ca 8192":           {CA: certOf(8192) + certOf(8256)},
		"cert of over 8192": {Cert: certOf(60000), Key: key},
		"key is larger":     {Cert: cert, Key: large},
	} {
		_, faults := secure.Compile(spec)
		got := ""
		for _, f := range faults {
			got += f.Member + " " + f.Message
		}
		for _, word := range strings.Fields(want) {
			if !strings.Contains(got, word) {
				t.Errorf("%q: %q", want, got)
			}
		}
		if want == "" && got != "" {
			t.Error(got)
		}
	}
}
