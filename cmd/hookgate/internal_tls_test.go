package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/secure/securetest"
)

// The internal listener speaks TLS, and lets nobody in without a certificate where it has
// authorities; healthcheck finds its way by the configuration alone.
func TestInternalTLS(t *testing.T) {
	t.Parallel()
	ca, dir := securetest.NewAuthority(t), t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	authority := file("ca.pem", ca.PEM)
	clientCert, clientKey := ca.Client(t, "prober")
	cert, key := file("client.pem", clientCert), file("client.key", clientKey)
	pair := ca.Server(t, "127.0.0.1")
	der, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	own := file("own.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
	ownKey := file("own.key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	for _, c := range []struct {
		name, config string
		checks       map[string]int // by its arguments, with the exit code
	}{
		{"TLS", fmt.Sprintf("internal: { tls: { cert: %q, key: %q } }\n", own, ownKey), map[string]int{
			"": 0, "--server https://ADDR --ca " + authority: 0, "--server https://ADDR": 1, "--server http://ADDR": 1,
		}},
		{"of those who are known", fmt.Sprintf("internal: { tls: { cert: %q, key: %q, client_ca: %q } }\n", cert, key, authority), map[string]int{
			"": 0, "--cert " + cert + " --key " + key: 0, "--server https://ADDR --ca " + authority: 1,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := program.Launch(t, program.Options{Config: c.config})
			if err := p.Listening(t); err != nil {
				t.Fatalf("%v\n%s", err, p.Log.Text())
			}
			addr := strings.TrimPrefix(p.Internal, "http://")
			for args, want := range c.checks {
				var all []string
				if args == "" || strings.HasPrefix(args, "--cert") {
					all = []string{"--config", p.File}
				}
				all = append(all, strings.Fields(strings.ReplaceAll(args, "ADDR", addr))...)
				out, log, code := runs(t, []string{"HOOKGATE_INTERNAL_ADDR=" + addr}, append([]string{"healthcheck"}, all...)...)
				if code != want || (code == 0) != (out == `{"status":"ok"}`+"\n") {
					t.Errorf("%q: exit code %d, want %d: %s%s", args, code, want, out, log)
				}
			}
		})
	}
}

// After SIGTERM a process that is to be noticed is not ready, says why, and serves on; then
// it ends as ever.
func TestDrainDelay(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: "drain: { delay: 8s }\n" + oneSource})
	p.Signal(t, syscall.SIGTERM)
	ready := p.Admin().As("")
	program.Eventually(t, 10*time.Second, func() error {
		if a := ready.Must(t, nil, "GET", "/readyz", nil); a.Status != 503 || a.Field("code") != "draining" || !strings.Contains(string(a.Body), `"errors":[{"path":"process","message":"is stopping"}]`) {
			return fmt.Errorf("it is %s", a)
		}
		return nil
	})
	p.Sender().Must(t, []int{202}, "POST", "/hooks/acme/payments", `{"conversation_key":"k"}`, sourceToken)
	p.Admin().Must(t, []int{200}, "GET", "/v1/tenants", nil)
	if code := p.Wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// A supervisor is told when the file is loaded again, and when that is over; a process
// without a file says that there is nothing to load.
func TestReloadIsTold(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "notify")
	supervisor, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = supervisor.Close() }()
	if err := supervisor.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	told := func() string {
		t.Helper()
		text := make([]byte, 256)
		n, err := supervisor.Read(text)
		if err != nil {
			t.Fatal(err)
		}
		return string(text[:n])
	}
	p := program.Start(t, program.Options{Config: oneSource, Env: []string{"NOTIFY_SOCKET=" + path}})
	if got := told(); got != "READY=1" {
		t.Errorf("at start it is told %q", got)
	}
	p.Admin().Must(t, []int{http.StatusOK}, "POST", "/v1/reload", nil)
	if got := told(); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") {
		t.Errorf("a reload is told as %q", got)
	}
	if got := told(); got != "READY=1" {
		t.Errorf("its end is told as %q", got)
	}
	without := program.Start(t, program.Options{})
	if a := without.Admin().Must(t, []int{422}, "POST", "/v1/reload", nil); a.Field("code") != "reload_failed" || !strings.Contains(a.Field("detail"), "there is no configuration file to load") {
		t.Errorf("without a file: %s", a)
	}
}
