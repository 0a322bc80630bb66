package signature_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"hookgate/auth/signature"
)

func TestMetaHandshake(t *testing.T) {
	with := compile(t, signature.Config{Type: "meta", Secrets: []string{"app"}, VerifyToken: "tok"})
	without := compile(t, signature.Config{Type: "meta", Secrets: []string{"app"}})
	for name, c := range map[string]struct {
		v      *signature.Verifier
		method string
		query  string
		status int // 0: no handshake
		body   string
	}{
		"right":             {with, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42", 200, "42"},
		"wrong token":       {with, "GET", "hub.mode=subscribe&hub.verify_token=to&hub.challenge=42", 403, ""},
		"no token":          {with, "GET", "hub.mode=subscribe&hub.challenge=42", 403, ""},
		"empty token":       {with, "GET", "hub.mode=subscribe&hub.verify_token=&hub.challenge=42", 403, ""},
		"token twice":       {with, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.verify_token=tok&hub.challenge=42", 403, ""},
		"challenge twice":   {with, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42&hub.challenge=43", 403, ""},
		"no challenge":      {with, "GET", "hub.mode=subscribe&hub.verify_token=tok", 403, ""},
		"huge challenge":    {with, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=" + strings.Repeat("4", 1025), 403, ""},
		"none of ours":      {without, "GET", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42", 403, ""},
		"none, empty":       {without, "GET", "hub.mode=subscribe&hub.verify_token=&hub.challenge=42", 403, ""},
		"POST":              {with, "POST", "hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42", 0, ""},
		"another mode":      {with, "GET", "hub.mode=unsubscribe&hub.verify_token=tok&hub.challenge=42", 0, ""},
		"mode twice":        {with, "GET", "hub.mode=subscribe&hub.mode=subscribe&hub.verify_token=tok&hub.challenge=42", 0, ""},
		"without its query": {with, "GET", "", 0, ""},
	} {
		values, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		r := &signature.Request{Method: c.method, Query: queryOf(values), Header: pairs{}, Now: now}
		a, is := c.v.Handshake(r)
		if is != (c.status != 0) || a.Status != c.status || string(a.Body) != c.body {
			t.Errorf("%s: %t, %d %q, want %d %q", name, is, a.Status, a.Body, c.status, c.body)
		}
		if err := c.v.Verify(r); err == nil {
			t.Errorf("%s: an unsigned request verifies", name)
		}
	}
}

func TestSlackHandshake(t *testing.T) {
	const secret = "8f742231b10e8888abcd99yyyzzz85a5"
	v := compile(t, signature.Config{Type: "slack", Secrets: []string{secret}})
	for name, c := range map[string]struct {
		body, signedWith string
		answer           string // empty: no handshake
		verifies         bool
	}{
		"right":       {`{"token":"x","challenge":"3eZb","type":"url_verification"}`, secret, "3eZb", true},
		"unsigned":    {`{"token":"x","challenge":"3eZb","type":"url_verification"}`, "guess", "", false},
		"an event":    {`{"type":"event_callback","event":{"text":"\"url_verification\"","x":"url_verification"}}`, secret, "", true},
		"a form":      {`payload={"type":"url_verification"}`, secret, "", true},
		"huge":        {`{"type":"url_verification","challenge":"` + strings.Repeat("c", 1025) + `"}`, secret, "", true},
		"other event": {`{"type":"event_callback"}`, secret, "", true},
	} {
		r := &signature.Request{
			Method: "POST", Body: []byte(c.body), Now: now,
			Header: pairs{{"X-Slack-Request-Timestamp", "1700000000"},
				{"X-Slack-Signature", "v0=" + hex.EncodeToString(mac(sha256.New, c.signedWith, "v0:1700000000:", c.body))}},
		}
		a, is := v.Handshake(r)
		if is != (c.answer != "") || string(a.Body) != c.answer || is && (a.Status != http.StatusOK || !strings.HasPrefix(a.ContentType, "text/plain")) {
			t.Errorf("%s: answered %t, %d %q, want %q", name, is, a.Status, a.Body, c.answer)
		}
		if got := v.Verify(r) == nil; got != c.verifies {
			t.Errorf("%s: verifies: %t, want %t", name, got, c.verifies)
		}
	}
}

func TestOthersHaveNoHandshake(t *testing.T) {
	v := compile(t, signature.Config{Type: "none"})
	if a, is := v.Handshake(&signature.Request{Method: "GET", Header: pairs{}}); is {
		t.Errorf("answered %+v", a)
	}
}

// signed is a request as the senders of c's type make it.
func signed(t *testing.T, c signature.Config, body string, more ...[2]string) *signature.Request {
	t.Helper()
	m := signature.Message{ID: "m1", At: now, Body: []byte(body), Method: "POST", URL: called}
	return &signature.Request{
		Method: "POST", URL: func() string { return called },
		Header: append(headersOf(compileSender(t, c), m), more...), Body: m.Body, Now: now,
	}
}

// The handshakes that are signed like any request: answered when they are, with
// what the provider wants, and not taken for one when they only look so.
func TestSignedHandshakes(t *testing.T) {
	challenge := [2]string{"Twitch-Eventsub-Message-Type", "webhook_callback_verification"}
	for name, c := range map[string]struct {
		kind, body string
		header     [][2]string
		status     int // 0: no handshake
		answer     string
	}{
		"zoom": {"zoom", `{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event":"endpoint.url_validation","event_ts":1}`, nil, 200,
			`{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"` + hex.EncodeToString(mac(sha256.New, "s3cret", "qgg8vlvZRS6UYooatFL8Aw")) + `"}`},
		"zoom, a text to sign": {"zoom", `{"payload":{"plainToken":"v0:1700000000:{}"},"event":"endpoint.url_validation"}`, nil, 0, ""},
		"zoom, no token":       {"zoom", `{"payload":{},"event":"endpoint.url_validation"}`, nil, 0, ""},
		"zoom, huge":           {"zoom", `{"payload":{"plainToken":"` + strings.Repeat("a", 1025) + `"},"event":"endpoint.url_validation"}`, nil, 0, ""},
		"zoom, another event":  {"zoom", `{"event":"x","payload":{"plainToken":"\"endpoint.url_validation\"","x":"endpoint.url_validation"}}`, nil, 0, ""},
		"twitch":               {"twitch", `{"challenge":"pogchamp","subscription":{}}`, [][2]string{challenge}, 200, "pogchamp"},
		"twitch, twice":        {"twitch", `{"challenge":"pogchamp"}`, [][2]string{challenge, challenge}, 0, ""},
		"twitch, notification": {"twitch", `{"challenge":"pogchamp"}`, [][2]string{{challenge[0], "notification"}}, 0, ""},
		"twitch, none":         {"twitch", `{"subscription":{}}`, [][2]string{challenge}, 0, ""},
		"twitch, huge":         {"twitch", `{"challenge":"` + strings.Repeat("a", 1025) + `"}`, [][2]string{challenge}, 0, ""},
		"line":                 {"line", `{"destination":"U8e742f61d673b39c7fff3cecb7536ef0","events":[]}`, nil, 200, ""},
		"line, an event":       {"line", `{"destination":"U8e","events":[{"type":"message"}]}`, nil, 0, ""},
		"line, no events":      {"line", `{"destination":"U8e"}`, nil, 0, ""},
		"line, null":           {"line", `{"events":null}`, nil, 0, ""},
		"viber":                {"viber", `{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}`, nil, 200, ""},
		"viber, a message":     {"viber", `{"event":"message","message_token":1}`, nil, 0, ""},
	} {
		config := signature.Config{Type: c.kind, Secrets: []string{"s3cret"}}
		r := signed(t, config, c.body, c.header...)
		a, is := compile(t, config).Handshake(r)
		if is != (c.status != 0) || a.Status != c.status || string(a.Body) != c.answer || (a.ContentType == "") != (c.answer == "") {
			t.Errorf("%s: %t, %d %q %q, want %d %q", name, is, a.Status, a.ContentType, a.Body, c.status, c.answer)
		}
		if err := compile(t, config).Verify(r); err != nil {
			t.Errorf("%s: a signed request is refused: %v", name, err)
		}
		other := signature.Config{Type: c.kind, Secrets: []string{"another"}}
		if a, is := compile(t, other).Handshake(r); is {
			t.Errorf("%s: a stranger is answered %+v", name, a)
		}
	}
}

// Zoom's token is signed with the secret that the request is signed with.
func TestZoomAnswersWithTheSecretOfTheRequest(t *testing.T) {
	r := signed(t, signature.Config{Type: "zoom", Secrets: []string{"old"}}, `{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}`)
	a, is := compile(t, signature.Config{Type: "zoom", Secrets: []string{"new", "old"}}).Handshake(r)
	if want := hex.EncodeToString(mac(sha256.New, "old", "abc")); !is || !strings.Contains(string(a.Body), want) {
		t.Errorf("answered %t, %s; want %s in it", is, a.Body, want)
	}
}

// Intercom's HEAD proves nothing, and gets nothing.
func TestIntercomHandshake(t *testing.T) {
	v := compile(t, signature.Config{Type: "intercom", Secrets: []string{"s3cret"}})
	head := &signature.Request{Method: "HEAD", Header: pairs{}, Now: now}
	if a, is := v.Handshake(head); !is || a.Status != http.StatusOK || len(a.Body) > 0 || a.ContentType != "" {
		t.Errorf("HEAD: %t, %+v", is, a)
	}
	if err := v.Verify(head); err == nil {
		t.Error("an unsigned HEAD verifies")
	}
	for _, method := range []string{"GET", "POST", "head"} {
		if a, is := v.Handshake(&signature.Request{Method: method, Header: pairs{}, Now: now}); is {
			t.Errorf("%s is answered %+v", method, a)
		}
	}
}

func TestDiscordHandshake(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := compile(t, signature.Config{Type: "discord", Secrets: []string{hex.EncodeToString(public)}})
	for body, want := range map[string]struct {
		status int // 0: no handshake
		answer string
	}{
		`{"type":1}`: {200, `{"type":1}`},
		`{"id":"1","token":"t","type": 1,"version":1}`:          {200, `{"type":1}`},
		`{"version":1,"application_id":"1","type":0}`:           {204, ""},
		`{"version":1,"type":1,"event":{"type":"APPLICATION"}}`: {0, ""},
		`{"type":2,"data":{"name":"x"}}`:                        {0, ""},
		`{"data":{"type":1}}`:                                   {0, ""},
		`{"type":"1"}`:                                          {0, ""},
		`{"type":1,"e\u0076ent":{}}`:                            {0, ""},
	} {
		sig := hex.EncodeToString(ed25519.Sign(private, []byte("1700000000"+body)))
		r := &signature.Request{Method: "POST", Body: []byte(body), Now: now,
			Header: pairs{{"X-Signature-Ed25519", sig}, {"X-Signature-Timestamp", "1700000000"}}}
		if a, is := v.Handshake(r); is != (want.status != 0) || a.Status != want.status || string(a.Body) != want.answer {
			t.Errorf("%s: %t, %d %q", body, is, a.Status, a.Body)
		}
		if err := v.Verify(r); err != nil {
			t.Errorf("%s: a signed request is refused: %v", body, err)
		}
		r.Body = append(r.Body, ' ')
		if a, is := v.Handshake(r); is {
			t.Errorf("%s: unsigned, and answered %+v", body, a)
		}
	}
}
