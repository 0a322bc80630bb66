package main

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
	"hookgate/gateway/secure/securetest"
	"hookgate/gateway/transport/transporttest"
)

func inGzip(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(text)
	_ = z.Close()
	return b.Bytes()
}

func inZlib(text []byte) []byte {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(text)
	_ = z.Close()
	return b.Bytes()
}

// c15: answers come in a coding, wherever one is read.
func TestCodedAnswers(t *testing.T) {
	t.Parallel()
	accepts := make(chan string, 64)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accepts <- r.Header.Get("Accept-Encoding")
		answer := []byte(`{"v":1}`)
		coding, code := "GZIP", inGzip
		switch r.URL.Path {
		case "/deflate":
			coding, code = "deflate", inZlib
		case "/chat":
			answer = []byte(`{"responses":[{"type":"text","message":"hello"}],"attributes":{"v":"1"}}`)
		case "/token":
			answer, _ = io.ReadAll(r.Body)
		case "/challenge":
			answer = []byte(r.URL.Query().Get("challenge"))
		case "/bomb":
			answer = make([]byte, 8<<20)
		case "/br":
			coding, code = "br", bytes.Clone
		case "/large":
			w.Header().Set("X-Large", strings.Repeat("x", 40<<10))
		}
		w.Header().Set("Content-Encoding", coding)
		_, _ = w.Write(code(answer))
	}))
	t.Cleanup(backend.Close)
	o := startOut(t, toLoopback)
	for _, path := range []string{"gzip", "deflate", "bomb", "br", "large"} {
		o.put(t, "/webhooks/"+path, `{"url":"`+backend.URL+`/`+path+`","response":{"variables":[{"name":"v","path":"v"}]}}`)
	}
	for _, path := range []string{"gzip", "deflate", "large"} {
		shown := o.run(t, path, `{}`)
		answer, _ := shown["answer"].(map[string]any)
		variables, _ := shown["variables"].(map[string]any)
		if shown["outcome"] != "success" || variables["v"] != 1.0 || answer["body"] != `{"v":1}` {
			t.Errorf("%s: %v", path, shown)
		}
		made := o.admin.Must(t, []int{200}, "POST", "/v1/tenants/acme/webhooks/"+path+"/call", `{}`)
		if !bytes.Contains(made.Body, []byte(`"variables":{"v":1}`)) {
			t.Errorf("%s: %s", path, made)
		}
	}
	if accepted := <-accepts; accepted != "gzip, deflate" {
		t.Errorf("Accept-Encoding: %q", accepted)
	}
	if shown := o.run(t, "bomb", `{}`); shown["reason"] != "too_large" {
		t.Errorf("a bomb: %v", shown["reason"])
	}
	shown := o.run(t, "br", `{}`) // it is JSON all the same
	if detail, _ := shown["detail"].(string); !strings.Contains(detail, "br") {
		t.Errorf("an unknown coding: %v", shown)
	}
	o.put(t, "/webhooks/chat", `{"profile":"chatbot","url":"`+backend.URL+`/chat"}`)
	if shown := o.run(t, "chat", `{"context":{"chatId":"1"}}`); shown["outcome"] != "success" {
		t.Errorf("a chatbot: %v", shown)
	}
	o.put(t, "/endpoints/crm", `{"url":"`+backend.URL+`/token","token":"canary-token-of-it"}`)
	if verified := o.admin.Must(t, []int{200}, "GET", "/v1/tenants/acme/endpoints/crm", nil); !bytes.Contains(verified.Body, []byte(`"verified":true`)) {
		t.Errorf("a handshake: %s", verified)
	}
	if _, d := o.deliver(t, "crm"); d.State != "succeeded" || !strings.Contains(*d.Attempts[0].ResponseBody, `"event"`) {
		t.Errorf("a delivery: %+v", d)
	}
	made := o.admin.Must(t, []int{201}, "POST", "/v1/tokens", `{"scope":"tenant","tenant":"acme","name":"t"}`)
	o.admin.As(made.Field("token")).Must(t, []int{200, 201}, "POST", "/v2/integrations/webhook",
		`{"name":"n","url":"`+backend.URL+`/challenge","token":"t","storyId":"0123456789abcdef01234567"}`)
}

// Answers that are out of form count by their status: what was received is not sent again.
func TestSloppyReceivers(t *testing.T) {
	t.Parallel()
	o := startOut(t, toLoopback)
	for name, answer := range map[string]string{
		"lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
		"feeds":   "HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
		"reason":  "HTTP/1.1 204\r\n\r\n",
		"two":     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!",
		"early":   "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 200 OK\r\n\r\nok",
	} {
		o.put(t, "/endpoints/"+name, `{"url":"`+rawReceiver(t, answer)+`"}`)
		if _, d := o.deliver(t, name); d.State != "succeeded" || len(d.Attempts) != 1 {
			t.Errorf("%s: %+v", name, d)
		}
	}
	o.put(t, "/endpoints/token", `{"url":"`+rawReceiver(t, "HTTP/1.1 200 OK\nContent-Length: 18\nContent-Length: 18\n\ncanary-token-of-it")+`","token":"canary-token-of-it"}`)
	if verified := o.admin.Must(t, []int{200}, "GET", "/v1/tenants/acme/endpoints/token", nil); !bytes.Contains(verified.Body, []byte(`"verified":true`)) {
		t.Errorf("a handshake: %s", verified)
	}
}

// innerServer answers with the name of the client's certificate.
func innerServer(t *testing.T, inner *securetest.Authority) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := ""
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		_, _ = fmt.Fprintf(w, `{"client":%q}`, name)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(inner.PEM))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{inner.Server(t, "127.0.0.1")}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// c18: a certificate of an inner authority, for one endpoint, webhook or upstream alone.
func TestTLSByTarget(t *testing.T) {
	t.Parallel()
	inner := securetest.NewAuthority(t)
	server := innerServer(t, inner)
	cert, key := inner.Client(t, "hookgate")
	folder := t.TempDir()
	for name, text := range map[string]string{"ca.pem": inner.PEM, "cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files := fmt.Sprintf("{ ca_file: %q, cert_file: %q, key_file: %q }", folder+"/ca.pem", folder+"/cert.pem", folder+"/key.pem")
	o := startOut(t, toLoopback+"routes:\n  bot: { match: { path: /bot }, mode: proxy, upstreams: [{ url: \""+server.URL+"\", tls: "+files+" }] }\n"+
		"tenants: { filed: { endpoints: { crm: { url: \""+server.URL+"\", tls: "+files+" } } } }\n")
	if got := o.Program.Sender().Must(t, []int{200}, "GET", "/bot", nil); got.Field("client") != "hookgate" {
		t.Errorf("an upstream: %s", got)
	}
	if filed := o.admin.Must(t, []int{200}, "GET", "/v1/tenants/filed/endpoints/crm", nil); !bytes.Contains(filed.Body, []byte(quoted(inner.PEM))) || bytes.Contains(filed.Body, []byte("PRIVATE KEY")) {
		t.Errorf("an endpoint of the file: %s", filed)
	}
	o.put(t, "/endpoints/plain", `{"url":"`+server.URL+`"}`)
	if _, d := o.deliver(t, "plain"); *d.Attempts[0].Error != "tls" || !strings.Contains(*d.Attempts[0].Detail, "unknown authority") {
		t.Errorf("without: %+v", d)
	}
	settings := `{"ca":` + quoted(inner.PEM) + `,"cert":` + quoted(cert) + `,"key":` + quoted(key) + `}`
	o.put(t, "/endpoints/own", `{"url":"`+server.URL+`","tls":`+settings+`}`)
	if _, d := o.deliver(t, "own"); d.State != "succeeded" || *d.Attempts[0].ResponseBody != `{"client":"hookgate"}` {
		t.Errorf("with: %+v", d)
	}
	shown := o.admin.Must(t, []int{200}, "GET", "/v1/tenants/acme/endpoints/own", nil)
	if bytes.Contains(shown.Body, []byte("PRIVATE KEY")) || !bytes.Contains(shown.Body, []byte(`"key":"***"`)) {
		t.Errorf("it shows %s", shown)
	}
	o.put(t, "/endpoints/own", string(shown.Body))
	if _, d := o.deliver(t, "own"); d.State != "succeeded" {
		t.Errorf("written back: %+v", d)
	}
	elsewhere := strings.Replace(string(shown.Body), server.URL, "https://other.example.com", 1)
	o.admin.Must(t, []int{422}, "PUT", "/v1/tenants/acme/endpoints/own", elsewhere)
	o.put(t, "/webhooks/w", `{"url":"`+server.URL+`","tls":`+settings+`,"response":{"variables":[{"name":"client","path":"client"}]}}`)
	if made := o.run(t, "w", `{}`); made["variables"].(map[string]any)["client"] != "hookgate" {
		t.Errorf("a webhook: %v", made)
	}
	canaries{"a client's key": strings.Split(key, "\n")[1]}.lookIntoFolder(t, o.Dir, "")
	again, _ := securetest.NewAuthority(t).Client(t, "other") // a certificate that is not the key's
	for body, want := range map[string]string{
		`{"ca":"no PEM"}`: "tls.ca", `{"cert":` + quoted(cert) + `}`: "tls.key", `{"cert":` + quoted(again) + `,"key":` + quoted(key) + `}`: "is not the key of cert",
		`{"ca_file":"/etc/passwd"}`: "tls.ca_file", `{"ca":` + quoted(key) + `}`: "private key", `{"server_name":"a b"}`: "tls.server_name",
	} {
		refused := o.admin.Must(t, []int{422}, "PUT", "/v1/tenants/acme/endpoints/bad", `{"url":"https://a.example.com","tls":`+body+`}`)
		if !strings.Contains(string(refused.Body), want) || bytes.Contains(refused.Body, []byte(strings.Split(key, "\n")[1])) {
			t.Errorf("%.40s: %s", body, refused)
		}
	}
	ended, its := inner.ClientUntil(t, "late", time.Now().Add(-time.Hour))
	o.put(t, "/endpoints/late", `{"url":"https://a.example.com","tls":{"cert":`+quoted(ended)+`,"key":`+quoted(its)+`}}`)
	program.Eventually(t, time.Minute, func() error { // what it writes comes by a pipe
		if !strings.Contains(o.Log.Text(), "a certificate has expired") {
			return errors.New("nobody is warned of a certificate that has ended")
		}
		return nil
	})
}

// All that goes out goes by egress.proxy, and no further than the rules let it.
func TestEgressProxy(t *testing.T) {
	t.Parallel()
	proxy, inner := transporttest.NewProxy(t, nil), securetest.NewAuthority(t)
	server := innerServer(t, inner)
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(plain.Close)
	url := strings.Replace(proxy.URL, "http://", "http://user:canary-proxy-password@", 1)
	config := func(more string) string {
		return "egress:\n  allow: [127.0.0.0/8]\n  ca: |\n    " + strings.ReplaceAll(strings.TrimSpace(inner.PEM), "\n", "\n    ") + "\n  proxy: { url: \"" + url + "\"" + more + " }\n"
	}
	o := startOut(t, config(""))
	o.put(t, "/endpoints/https", `{"url":"`+server.URL+`"}`)
	o.put(t, "/endpoints/http", `{"url":"`+plain.URL+`"}`)
	o.put(t, "/endpoints/inside", `{"url":"http://10.1.2.3/"}`)
	for _, name := range []string{"https", "http"} {
		if _, d := o.deliver(t, name); d.State != "succeeded" || len(proxy.Asked()) != 1 {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if _, d := o.deliver(t, "inside"); *d.Attempts[0].Error != "blocked" || len(proxy.Asked()) != 0 {
		t.Errorf("a private address: %+v", d)
	}
	if auth := proxy.Auth(); !strings.HasPrefix(auth[0], "Basic ") {
		t.Errorf("it was asked with %q", auth[0])
	}
	proxy.Refuse(407)
	o.put(t, "/endpoints/refused", `{"url":"`+strings.Replace(plain.URL, "127.0.0.1", "127.0.0.3", 1)+`"}`)
	if _, d := o.deliver(t, "refused"); *d.Attempts[0].Error != "connect" || !strings.Contains(*d.Attempts[0].Detail, "407") {
		t.Errorf("a proxy that refuses: %+v", d)
	}
	o.Program.Configure(t, config(`, no_proxy: ["127.0.0.1"]`))
	o.admin.Must(t, []int{200}, "POST", "/v1/reload", nil)
	if _, d := o.deliver(t, "http"); d.State != "succeeded" {
		t.Errorf("no_proxy: %+v", d)
	}
	if strings.Contains(o.Log.Text(), "canary-proxy") {
		t.Error("the log has the proxy's password")
	}
}

// An attempt tells what was sent, to where, and what came, with its secrets masked.
func TestAttemptsTellMore(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			_, _ = io.Copy(w, r.Body)
			return
		}
		w.Header().Add("X-Twice", "a")
		w.Header().Add("X-Twice", "b")
		w.WriteHeader(http.StatusTeapot)
	}))
	t.Cleanup(receiver.Close)
	o := startOut(t, toLoopback)
	o.put(t, "", `{"headers":{"X-Tenant":"canary-of-the-tenant"}}`)
	o.put(t, "/endpoints/crm", `{"url":"`+receiver.URL+`","auth":{"type":"bearer","token":"canary-of-auth"},"headers":{"X-Own":"canary-of-own"}}`)
	id, d := o.deliver(t, "crm")
	a := d.Attempts[0]
	for name, want := range map[string]string{"Authorization": "***", "X-Tenant": "***", "X-Own": "***", "webhook-signature": "***", "Content-Type": "application/json", "Hookgate-Attempt": "1"} {
		if a.RequestHeaders[name] != want {
			t.Errorf("%s: %q", name, a.RequestHeaders[name])
		}
	}
	if a.ResponseHeaders["X-Twice"] != "a, b" || "http://"+*a.Address != receiver.URL || a.Detail != nil {
		t.Errorf("%+v", a)
	}
	for query, whole := range map[string]bool{"": false, "&include=bodies": true} {
		listed := o.admin.Must(t, []int{200}, "GET", "/v1/tenants/acme/deliveries?limit=1"+query, nil)
		if bytes.Contains(listed.Body, []byte(`"response_headers"`)) != whole || !bytes.Contains(listed.Body, []byte(`"address":"127.0.0.1:`)) || !bytes.Contains(listed.Body, []byte(id)) {
			t.Errorf("%q: %s", query, listed)
		}
	}
	o.put(t, "/endpoints/gone", `{"url":"http://127.0.0.1:1/"}`)
	if _, d := o.deliver(t, "gone"); *d.Attempts[0].Error != "connect" || !strings.HasSuffix(*d.Attempts[0].Detail, "connection refused") || *d.Attempts[0].Address != "127.0.0.1:1" {
		t.Errorf("%+v", d)
	}
	o.put(t, "/webhooks/w", `{"url":"http://127.0.0.1:1/"}`)
	if shown := o.run(t, "w", `{}`); shown["address"] != "127.0.0.1:1" || !strings.HasSuffix(shown["detail"].(string), "connection refused") {
		t.Errorf("%v", shown)
	}
	canaries{"auth": "canary-of-auth", "own": "canary-of-own", "tenant": "canary-of-the-tenant"}.lookIntoFolder(t, o.Dir, "")
}
