package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// certify writes a certificate for a host that ends then, and its key.
func certify(t *testing.T, dir, name, host string, end time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host}, NotBefore: end.AddDate(-1, 0, 0), NotAfter: end}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{name + ".crt": {Type: "CERTIFICATE", Bytes: cert}, name + ".key": {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(filepath.Join(dir, file), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// checked runs check on a configuration in a folder.
func checked(t *testing.T, dir, config string) (stdout, stderr string, ok bool) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "hookgate.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	c := program.Command(t, nil, "check", "hookgate.yaml")
	var out, errs bytes.Buffer
	c.Dir, c.Stdout, c.Stderr = dir, &out, &errs
	err := c.Run()
	return out.String(), errs.String(), err == nil
}

// c23: check opens what serve would open. Each thing that serve could not open is a
// mistake with its place; what clients would mind is told, and is none.
func TestCheckOpensWhatServeOpens(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	certify(t, dir, "good", "hooks.example.com", now.AddDate(0, 6, 0))
	certify(t, dir, "old", "hooks.example.com", now.AddDate(0, 0, -1))
	certify(t, dir, "ending", "hooks.example.com", now.AddDate(0, 0, 3))
	if err := os.WriteFile(filepath.Join(dir, "text"), []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	const where = "hookgate.yaml:2:"
	tls := func(cert, key string) string {
		return "public: { url: \"https://hooks.example.com\", tls: {\n  cert: " + cert + ", key: " + key + " } }\n"
	}
	for name, c := range map[string]struct{ config, mistake, warning string }{
		"all is well":         {config: tls("good.crt", "good.key")},
		"no certificate":      {config: tls("none.crt", "good.key"), mistake: where + "9: public.tls.cert: cannot be read: open none.crt: no such file or directory"},
		"no key":              {config: tls("good.crt", "none.key"), mistake: where + "24: public.tls.key: cannot be read: open none.key: no such file or directory"},
		"neither":             {config: tls("none.crt", "none.key"), mistake: "public.tls.key: cannot be read"},
		"no PEM":              {config: tls("text", "good.key"), mistake: where + "9: public.tls.cert: is no certificate in PEM"},
		"a key for a cert":    {config: tls("good.key", "good.key"), mistake: where + "9: public.tls.cert: is no certificate in PEM"},
		"another's key":       {config: tls("good.crt", "old.key"), mistake: where + "24: public.tls.key: is not the key of the certificate: private key does not match public key"},
		"no key in it":        {config: tls("good.crt", "text"), mistake: where + "24: public.tls.key: is not the key of the certificate"},
		"it has expired":      {config: tls("old.crt", "old.key"), warning: where + "9: public.tls.cert: has expired on "},
		"it expires":          {config: tls("ending.crt", "ending.key"), warning: where + "9: public.tls.cert: expires on "},
		"for another host":    {config: strings.Replace(tls("good.crt", "good.key"), "//hooks.", "//www.", 1), warning: "public.tls.cert: is not for the host of public.url, www.example.com"},
		"one address for all": {config: "public:\n  addr: \":8080\"\ninternal:\n  addr: \"127.0.0.1:8080\"\n", mistake: "hookgate.yaml:4:9: internal.addr: is the address of the public listener too"},
		"any free ports":      {config: "public:\n  addr: \":0\"\ninternal:\n  addr: \":0\"\n"},
	} {
		stdout, stderr, ok := checked(t, dir, c.config)
		if ok != (c.mistake == "") || !strings.Contains(stdout, c.mistake) {
			t.Errorf("%s: ok %v, it says\n%s%s", name, ok, stdout, stderr)
		}
		if !strings.Contains(stderr, c.warning) || c.warning == "" && stderr != "" {
			t.Errorf("%s: it warns\n%s", name, stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "hookgate-data")); !os.IsNotExist(err) {
		t.Errorf("check made a data folder: %v", err)
	}
}

// A gateway that runs on the folder does not notice that its file is checked, and keeps
// its lock; a folder without its key is told.
func TestCheckBesideARunningGateway(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	p := program.Start(t, program.Options{Dir: dir, Config: oneSource})
	file := oneSource + "store: { dir: " + dir + " }\n"
	for range 3 {
		if stdout, stderr, ok := checked(t, t.TempDir(), file); !ok || stderr != "" {
			t.Fatalf("beside the running one: %s%s", stdout, stderr)
		}
	}
	second := program.Launch(t, program.Options{Dir: dir})
	if code := second.Wait(t); code != 1 || !strings.Contains(second.Log.Text(), "in use by another hookgate") {
		t.Errorf("a second one: exit code %d\n%s", code, second.Log.Text())
	}
	p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", `{"conversation_key":"k"}`, sourceToken)
	p.Terminate(t)
	if err := os.Remove(filepath.Join(dir, "master.key")); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	stdout, _, ok := checked(t, t.TempDir(), file)
	if ok || !strings.Contains(stdout, "store.dir: the master key of the data folder") || !strings.Contains(stdout, "put it back, or set HOOKGATE_MASTER_KEY") {
		t.Errorf("without its key: %s", stdout)
	}
	if contents(t, dir) != before {
		t.Error("check touched the folder")
	}
}
