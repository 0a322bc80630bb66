package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"hookgate/gateway/gatewaytest/program"
)

// openSource is a configuration with sources that anybody may call.
const openSource = `
tenants:
  acme:
    sources:
      s: { verify: { type: none } }
      link: { verify: { type: none }, conversation_key: { in: query, path: chat } }
`

// waitFor opens a wait for a conversation, named by a key or a URL.
func waitFor(t *testing.T, p *program.Program, source, name, value string) (id string) {
	t.Helper()
	a := p.Admin().Must(t, []int{201}, "POST", acmeWaits, fmt.Sprintf(`{"source":%q,%q:%q,"mode":"poll","timeout_seconds":300}`, source, name, value))
	return a.Field("id")
}

// rawAsk sends bytes on a connection of their own and reads one answer.
func rawAsk(t *testing.T, base, text string) (*http.Response, string) {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.WriteString(c, text) }() // what matters is the answer
	r := bufio.NewReader(c)
	for {
		a, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%.60q: %v", text, err)
		}
		body, err := io.ReadAll(a.Body)
		if err != nil {
			t.Fatalf("%.60q: %v", text, err)
		}
		if a.StatusCode != http.StatusContinue {
			return a, string(body)
		}
	}
}

// A link scanner looks with HEAD, a browser asks with OPTIONS: the chat still waits for
// the real one (case c12).
func TestScannersResumeNobody(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: openSource})
	id := waitFor(t, p, "link", "conversation_key", "c1")
	for method, status := range map[string]int{"HEAD": 200, "OPTIONS": 204} {
		for range 2 {
			if a := p.Sender().Must(t, []int{status}, method, "/hooks/acme/link?chat=c1", nil); len(a.Body) != 0 {
				t.Errorf("%s is answered %s", method, a)
			}
		}
	}
	a := p.Sender().Must(t, []int{200}, "POST", "/hooks/acme/link/?chat=c1", `{"paid":true}`)
	if a.Field("outcome") != "resumed" || a.Field("wait_id") != id {
		t.Errorf("the real one is answered %s", a)
	}
	p.Sender().Must(t, []int{405}, "DELETE", "/hooks/acme/link?chat=c1", nil)
}

// Names that their RFC calls case-insensitive are so everywhere (case c02).
func TestNamesHaveNoCase(t *testing.T) {
	t.Parallel()
	up := platformServer(t, "up")
	p := program.Start(t, program.Options{Config: openSource + "routes:\n  bot: { mode: proxy, match: { path: /api, host: Bot.Example.com }, upstreams: [{ url: \"HTTP://" + strings.TrimPrefix(up.URL, "http://") + "\" }] }\n"})
	waitFor(t, p, "s", "conversation_url", "HTTPS://App.Example/c/c1/?x=1")
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(w, `{"conversation_key":"Http://app.example/c/c1"}`)
	_ = w.Close()
	a := p.Sender().Must(t, []int{200}, "POST", "/hooks/acme/s", zipped.Bytes(), "Content-Type: Application/JSON", "Content-Encoding: GZIP")
	if a.Field("outcome") != "resumed" {
		t.Errorf("a callback is answered %s", a)
	}
	const chunks = "EXPECT: 100-Continue\r\nTRANSFER-ENCODING: Chunked\r\nConnection: Keep-Alive\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
	for base, c := range map[string]struct {
		head   string
		status int
	}{
		p.Public:   {"POST /api/x HTTP/1.1\r\nHost: BOT.example.COM:80\r\n", 200},
		p.Internal: {"PUT /v1/tenants/other HTTP/1.1\r\nHost: a.test\r\nAuthorization: bEARER " + program.AdminToken + "\r\n", 201},
	} {
		if a, body := rawAsk(t, base, c.head+chunks); a.StatusCode != c.status {
			t.Errorf("%s: %d %s", c.head, a.StatusCode, body)
		}
	}
}

// Both listeners say which bound a head has passed, and a body's is read by clients that
// send all of it first (case c16).
func TestBoundsOfRequestsAreTold(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: openSource})
	long := strings.Repeat("a", 17_000)
	for _, base := range []string{p.Public, p.Internal} {
		for status, head := range map[int]string{
			431: "GET /hooks/acme/s HTTP/1.1\r\nHost: a.test\r\nAuthorization: " + long + "\r\n\r\n",
			414: "GET /hooks/acme/s?" + long + " HTTP/1.1\r\nHost: a.test\r\n\r\n",
			413: "POST /hooks/acme/s HTTP/1.1\r\nHost: a.test\r\nAuthorization: Bearer " + program.AdminToken + "\r\nContent-Length: 18000000\r\n\r\n" + strings.Repeat("x", 18_000_000),
		} {
			a, body := rawAsk(t, base, head)
			if a.StatusCode != status || a.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(body, fmt.Sprintf(`"status":%d`, status)) || !a.Close {
				t.Errorf("%s: %d %s, close %v, want %d", base, a.StatusCode, body, a.Close, status)
			}
		}
	}
}

// A kept connection rests as long as the configuration says, and no longer (case c17).
func TestIdleConnectionsRest(t *testing.T) {
	t.Parallel()
	p := program.Start(t, program.Options{Config: "public: { idle_timeout: 1h, read_timeout: 100ms }\ninternal: { idle_timeout: 100ms }\n" + openSource})
	for base, keeps := range map[string]bool{p.Public: true, p.Internal: false} {
		c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		_, _ = io.WriteString(c, "GET /hooks/acme/none HTTP/1.1\r\nHost: a.test\r\n\r\n")
		r := bufio.NewReader(c)
		a, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, a.Body)
		patience := 30 * time.Second
		if keeps {
			patience = 500 * time.Millisecond // longer than the read timeout
		}
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, err = r.ReadByte()
		if errors.Is(err, os.ErrDeadlineExceeded) != keeps {
			t.Errorf("%s: %v, kept is to be %v", base, err, keeps)
		}
	}
}

const signingSecret = "c2VjcmV0IG9mIGEgcHJvdmlkZXIh"

func signedWith(text string) string {
	h := hmac.New(sha256.New, []byte(signingSecret))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// signedURLs are requests of schemes that sign the URL, which is called to stand before
// the path.
func signedURLs(called string) map[string][]string {
	now := time.Now()
	twilio := hmac.New(sha1.New, []byte(signingSecret))
	twilio.Write([]byte(called + "/hooks/acme/twilio" + "conversation_keyk1"))
	digest := sha256.Sum256([]byte(asText))
	cover := `("@method" "@target-uri" "content-digest");created=` + fmt.Sprint(now.Unix()) + `;keyid="k";alg="hmac-sha256"`
	contentDigest := "sha-256=:" + base64.StdEncoding.EncodeToString(digest[:]) + ":"
	base := "\"@method\": POST\n\"@target-uri\": " + called + "/hooks/acme/rfc9421\n\"content-digest\": " + contentDigest + "\n\"@signature-params\": " + cover
	secret, _ := base64.StdEncoding.DecodeString(signingSecret)
	message := hmac.New(sha256.New, secret)
	message.Write([]byte(base))
	return map[string][]string{
		"twilio":  {"conversation_key=k1", "Content-Type: application/x-www-form-urlencoded", "X-Twilio-Signature: " + base64.StdEncoding.EncodeToString(twilio.Sum(nil))},
		"square":  {asText, "X-Square-Hmacsha256-Signature: " + signedWith(called+"/hooks/acme/square"+asText)},
		"hubspot": {asText, fmt.Sprintf("X-HubSpot-Request-Timestamp: %d", now.UnixMilli()), "X-HubSpot-Signature-V3: " + signedWith("POST"+called+"/hooks/acme/hubspot"+asText+fmt.Sprint(now.UnixMilli()))},
		"rfc9421": {asText, "Content-Digest: " + contentDigest, "Signature-Input: s=" + cover, "Signature: s=:" + base64.StdEncoding.EncodeToString(message.Sum(nil)) + ":"},
	}
}

const asText = `{"conversation_key":"k1"}`

const signingSources = `
tenants:
  acme:
    sources:
      twilio: { verify: { type: twilio, secrets: [` + signingSecret + `] } }
      square: { verify: { type: square, secrets: [` + signingSecret + `] } }
      hubspot: { verify: { type: hubspot, secrets: [` + signingSecret + `] } }
      rfc9421: { verify: { type: rfc9421, algorithm: hmac-sha256, secrets: [` + signingSecret + `] } }
`

// callSigned sends each, and wants it taken or refused.
func callSigned(t *testing.T, p *program.Program, called string, want int, fields ...string) {
	t.Helper()
	for source, request := range signedURLs(called) {
		a := p.Sender().Must(t, nil, "POST", "/hooks/acme/"+source, request[0], append(request[1:], fields...)...)
		if a.Status != want && (want == 401 || a.Status != 200) {
			t.Errorf("%s, signed over %s: %s, want %d", source, called, a, want)
		}
	}
}

// The URL that is signed is the one that is called, however public.url is written, and
// without it what proxies that are trusted say (case c04).
func TestSignedURLs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config, env, called, other string
		fields                     []string
	}{
		"a final slash": {config: `public: { url: "https://h.example/" }`, called: "https://h.example", other: "https://i.example"},
		"a path":        {config: `public: { url: "HTTPS://H.example:443/gw/" }`, called: "https://h.example/gw", other: "https://h.example"},
		"environment":   {env: "HOOKGATE_PUBLIC_URL=https://h.example/gw/", called: "https://h.example/gw", other: "https://h.example/gw/"},
		"proxies": {config: `public: { trusted_proxies: ["127.0.0.1"] }`, called: "https://h.example/gw", other: "http://h.example",
			fields: []string{"X-Forwarded-Proto: https", "X-Forwarded-Host: h.example", "X-Forwarded-Prefix: /gw", "X-Forwarded-For: 192.0.2.1"}},
		"Forwarded": {config: `public: { trusted_proxies: ["127.0.0.0/8"] }`, called: "https://h.example:8443", other: "https://i.example:8443",
			fields: []string{`Forwarded: for=192.0.2.1;proto=https;host="h.example:8443"`}},
	} {
		t.Run(name, func(t *testing.T) {
			o := program.Options{Config: c.config + signingSources}
			if c.env != "" {
				o.Env = []string{c.env}
			}
			p := program.Start(t, o)
			callSigned(t, p, c.called, 202, c.fields...)
			callSigned(t, p, c.other, 401, c.fields...)
			if c.fields != nil {
				callSigned(t, p, p.Public, 202)
				return
			}
			a := p.Admin().Must(t, []int{200}, "GET", "/v1/tenants/acme/sources/twilio", nil)
			if a.Field("url") != c.called+"/hooks/acme/twilio" {
				t.Errorf("the url that is given out is %s", a.Field("url"))
			}
		})
	}
	p := program.Start(t, program.Options{Config: signingSources})
	callSigned(t, p, "https://h.example", 401, "X-Forwarded-Proto: https", "X-Forwarded-Host: h.example", "Forwarded: proto=https;host=h.example")
}
