package inbound_test

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/server"
	"hookgate/gateway/waiting"
)

// providerSecret is base64, as some of the families want it.
const providerSecret = "c2VjcmV0IG9mIGEgcHJvdmlkZXIh"

// configured says how a provider is configured: for package signature, and in a source.
func configured(kind string) (c signature.Config, v gateway.Verify) {
	c = signature.Config{Type: kind, Secrets: []string{providerSecret}}
	switch kind {
	case "adyen-platform":
		c.Secrets[0] = hex.EncodeToString([]byte(providerSecret))
	case "pusher":
		c.Key = "app"
	case "lark":
		c.VerificationToken = "token"
	case "livekit", "vonage":
		c.APIKey = "key"
	case "atlassian-connect":
		c.ClientKey = "key"
	}
	return c, gateway.Verify{
		Type: kind, Secrets: []gateway.Secret{gateway.Secret(c.Secrets[0])}, Key: c.Key, VerificationToken: gateway.Secret(c.VerificationToken),
		APIKey: c.APIKey, TokenVerify: gateway.TokenVerify{ClientKey: c.ClientKey},
	}
}

// hidden is a body as Lark sends it.
func hidden(event string) string {
	key := sha256.Sum256([]byte(providerSecret))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key has 32 bytes
	}
	padding := aes.BlockSize - len(event)%aes.BlockSize
	text := []byte(strings.Repeat("i", aes.BlockSize) + event + strings.Repeat(string(rune(padding)), padding))
	cipher.NewCBCEncrypter(block, text[:aes.BlockSize]).CryptBlocks(text[aes.BlockSize:], text[aes.BlockSize:])
	return fmt.Sprintf(`{"encrypt":%q}`, base64.StdEncoding.EncodeToString(text))
}

// signed is what a sender of a provider posts to a source of the provider's name.
func (k *kit) signed(kind, public, body string, header map[string]string) post {
	k.t.Helper()
	c, _ := configured(kind)
	sender, faults := signature.CompileSender(c)
	if len(faults) > 0 {
		k.t.Fatal(faults)
	}
	p := post{path: "/hooks/acme/" + kind, kind: asJSON, body: body, header: map[string]string{}}
	for name, value := range header {
		p.header[name] = value
	}
	m := signature.Message{ID: "m1", At: time.Now(), Body: []byte(body), Method: "POST", URL: public + p.path}
	sender.Sign(m, func(name string, value []byte) { p.header[name] = string(value) })
	return p
}

// Every provider that signs with a secret: what it signs is taken, what a stranger
// signs is not, and a repeat is known by the provider's own id, whatever else is
// new in it.
func TestEveryProviderAndItsOwnID(t *testing.T) {
	sources, own := map[string]gateway.Source{}, map[string]string{}
	for _, kind := range signature.Senders() {
		if slices.Contains([]string{"hmac", "standard-ed25519", "telnyx", "sendgrid", "jwt"}, kind) { // they need more to be configured
			continue
		}
		config, verify := configured(kind)
		spec := gateway.Source{Verify: verify}
		if strings.HasPrefix(kind, "hubspot") {
			spec.ConversationKey.Path = "/0/conversation_key"
		}
		sources[kind] = spec
		v, faults := signature.Compile(config)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		own[kind] = v.DeliveryID()
	}
	k := newKit(t, sources)
	// body is a callback that has this id wherever a provider may want it.
	body := func(kind, id string, try int) string {
		b := fmt.Sprintf(`{"conversation_key":"chat1","id":"%[1]s","event_id":"%[1]s","message_token":"%[1]s","message_uuid":"%[1]s","try":%[2]d,"events":[{"webhookEventId":"%[1]s"}],`+
			`"subscriptionId":1,"eventId":"%[1]s","occurredAt":2,"attemptNumber":%[2]d,"entry":[{"changes":[{"value":{"messages":[{"id":"%[1]s"}]}}]}],`+
			`"event":{"id":"%[1]s"},"meta":{"webhook_id":"%[1]s"},"data":{"id":"%[1]s"},"message":{"id":"%[1]s"},"webhookTimestamp":%[3]d,`+
			`"header":{"event_id":"%[1]s","token":"token"}}`, id, try, time.Now().UnixMilli())
		switch {
		case strings.HasPrefix(kind, "hubspot"):
			return "[" + b + "]"
		case kind == "lark":
			return hidden(b)
		}
		return b
	}
	for kind, at := range own {
		header := func(id string) map[string]string {
			if name, is := strings.CutPrefix(at, "header:"); is {
				return map[string]string{name: id}
			}
			return nil
		}
		want := "duplicate"
		if at == "" {
			want = "parked" // another body, and so another callback
		}
		if a := k.send(k.signed(kind, k.url, body(kind, "a", 1), header("a"))); a.outcome != "parked" {
			t.Errorf("%s: the first: %s", kind, a.raw)
		}
		if a := k.send(k.signed(kind, k.url, body(kind, "a", 2), header("a"))); a.outcome != want {
			t.Errorf("%s: again: %s, want %s", kind, a.raw, want)
		}
		forged := k.signed(kind, k.url, body(kind, "b", 1), header("b"))
		forged.body += " "
		if kind == "atlassian-connect" { // it signs the query, and not the body
			forged.path += "?forged=1"
		}
		if a := k.send(forged); a.outcome != "unauthenticated" {
			t.Errorf("%s: forged: %s", kind, a.raw)
		}
	}
}

func TestProvidersHandshakes(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	check(t, err)
	sources := map[string]gateway.Source{
		"discord": {Verify: gateway.Verify{Type: "discord", Secrets: []gateway.Secret{gateway.Secret(hex.EncodeToString(public))}}},
	}
	for _, kind := range []string{"zoom", "twitch", "line", "viber", "intercom"} {
		sources[kind] = gateway.Source{Verify: gateway.Verify{Type: kind, Secrets: []gateway.Secret{providerSecret}}}
	}
	k := newKit(t, sources)
	token := hmac.New(sha256.New, []byte(providerSecret))
	token.Write([]byte("qgg8"))
	discord := func(body string) post {
		at := fmt.Sprint(time.Now().Unix())
		return post{path: "/hooks/acme/discord", kind: asJSON, body: body, header: map[string]string{
			"X-Signature-Timestamp": at, "X-Signature-Ed25519": hex.EncodeToString(ed25519.Sign(private, []byte(at+body))),
		}}
	}
	if a := k.send(post{method: "HEAD", path: "/hooks/acme/intercom"}); a.status != 200 {
		t.Errorf("intercom's HEAD: %d", a.status)
	}
	for name, c := range map[string]struct {
		post   post
		status int
		answer string
	}{
		"zoom": {k.signed("zoom", "", `{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8"}}`, nil), 200,
			`{"plainToken":"qgg8","encryptedToken":"` + hex.EncodeToString(token.Sum(nil)) + `"}`},
		"twitch":               {k.signed("twitch", "", `{"challenge":"pogchamp"}`, map[string]string{"Twitch-Eventsub-Message-Type": "webhook_callback_verification"}), 200, "pogchamp"},
		"line":                 {k.signed("line", "", `{"destination":"U8e7","events":[]}`, nil), 200, ""},
		"viber":                {k.signed("viber", "", `{"event":"webhook","message_token":1}`, nil), 200, ""},
		"discord":              {discord(`{"type":1}`), 200, `{"type":1}`},
		"discord, its events":  {discord(`{"type":0}`), 204, ""},
		"discord, interaction": {discord(`{"type":2,"id":"1","conversation_key":"a"}`), 202, ""},
	} {
		a := k.send(c.post)
		if a.status != c.status || c.status != 202 && a.raw != c.answer {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.raw, c.status, c.answer)
		}
		c.post.body += " "
		if a := k.send(c.post); a.status != 401 {
			t.Errorf("%s, unsigned: %d %s", name, a.status, a.raw)
		}
	}
}

// Who signs the URL signs the one that it was told: public.url, with path and query
// as they were sent.
func TestURLAsSigned(t *testing.T) {
	const public = "https://hooks.example.com/gate"
	sources := map[string]gateway.Source{
		"square": {Verify: gateway.Verify{Type: "square", Secrets: []gateway.Secret{providerSecret}}},
		"twilio": {Verify: gateway.Verify{Type: "twilio", Secrets: []gateway.Secret{providerSecret}}},
	}
	for _, c := range []struct{ public, signed string }{{public, public}, {"", ""}} {
		k := newKitAt(t, c.public, server.Options{}, sources)
		if c.signed == "" {
			c.signed = k.url
		}
		const query = "?b=%20x&a=%2F&b=1"
		sign := func(algorithm string, text string) string {
			mac := hmac.New(sha256.New, []byte(providerSecret))
			if algorithm == "sha1" {
				mac = hmac.New(sha1.New, []byte(providerSecret))
			}
			mac.Write([]byte(text))
			return base64.StdEncoding.EncodeToString(mac.Sum(nil))
		}
		body := `{"conversation_key":"chat1"}`
		square := post{path: "/hooks/acme/square" + query, kind: asJSON, body: body, header: map[string]string{
			"X-Square-HmacSha256-Signature": sign("sha256", c.signed+"/hooks/acme/square"+query+body)}}
		if a := k.send(square); a.outcome != "parked" {
			t.Errorf("square at %q: %s", c.public, a.raw)
		}
		twilio := post{path: "/hooks/acme/twilio" + query, kind: "application/x-www-form-urlencoded", body: "From=%2B1415&conversation_key=chat1", header: map[string]string{
			"X-Twilio-Signature": sign("sha1", c.signed+"/hooks/acme/twilio"+query+"From+1415conversation_keychat1"), "I-Twilio-Idempotency-Token": "t1"}}
		if a := k.send(twilio); a.outcome != "parked" {
			t.Errorf("twilio at %q: %s", c.public, a.raw)
		}
		if a := k.send(twilio); a.outcome != "duplicate" {
			t.Errorf("twilio again: %s", a.raw)
		}
		square.path = strings.Replace(square.path, "%20", "+", 1)
		if a := k.send(square); a.outcome != "unauthenticated" {
			t.Errorf("square, the same query written in another way: %s", a.raw)
		}
	}
}

// Mailgun signs a token alone: it is good for one event.
func TestMailgunTokenIsGoodForOneEvent(t *testing.T) {
	k := newKit(t, map[string]gateway.Source{"mailgun": {
		Verify: gateway.Verify{Type: "mailgun", Secrets: []gateway.Secret{providerSecret}}, ConversationKey: gateway.KeyPlace{Path: `/event-data/user-variables/key`}}})
	at := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, []byte(providerSecret))
	mac.Write([]byte(at + "tok1"))
	event := func(key string) answer {
		return k.send(post{path: "/hooks/acme/mailgun", kind: asJSON, body: fmt.Sprintf(
			`{"signature":{"timestamp":"%s","token":"tok1","signature":"%x"},"event-data":{"user-variables":{"key":"%s"}}}`, at, mac.Sum(nil), key)})
	}
	if a := event("chat1"); a.outcome != "parked" {
		t.Fatal(a.raw)
	}
	if a := event("chat2"); a.outcome != "duplicate" {
		t.Errorf("another event with the same token: %s", a.raw)
	}
}

// What comes in a batch is a repeat only as a whole; what follows a message under its
// id is none (SPEC 16, "Bounds and rights": a second that is new must not be lost
// behind a first that is known).
func TestBatchesAndFollowersAreNoRepeats(t *testing.T) {
	sources := map[string]gateway.Source{}
	for kind, path := range map[string]string{"meta": "entry[0].key", "line": "key", "viber": "key", "hubspot": "/0/key"} {
		sources[kind] = gateway.Source{Verify: gateway.Verify{Type: kind, Secrets: []gateway.Secret{providerSecret}}, ConversationKey: gateway.KeyPlace{Path: path}}
	}
	k := newKit(t, sources)
	for _, c := range []struct{ kind, body, want string }{
		{"meta", `{"entry":[{"key":"a","changes":[{"value":{"messages":[{"id":"m1"}]}}]}]}`, "parked"},
		{"meta", `{"entry":[{"key":"a","changes":[{"value":{"messages":[ {"id":"m1","text":{}}]}}]}]}`, "duplicate"},
		{"meta", `{"entry":[{"key":"a","changes":[{"value":{"messages":[{"id":"m1"},{"id":"m2"}]}}]}]}`, "parked"},
		{"meta", `{"entry":[{"key":"a","changes":[{"value":{"messages":[{"id":"m1"},{"id":"m3"}]}}]}]}`, "parked"},
		{"meta", `{"entry":[{"key":"a","changes":[{"value":{"statuses":[{"id":"m1","status":"sent"}]}}]}]}`, "parked"},
		{"meta", `{"entry":[{"key":"a","changes":[{"value":{"statuses":[{"id":"m1","status":"read"}]}}]}]}`, "parked"},
		{"meta", `{"entry":[{"key":"a","changes":[{"value":{"statuses":[{"status":"read", "id":"m1"}]}}]}]}`, "duplicate"},
		{"meta", `{"entry":[{"key":"a","changes":[{"value":{"messages":[{"id":"m1"}]}},{"value":{"event":"VERIFIED_ACCOUNT"}}]}]}`, "parked"},
		{"line", `{"key":"a","events":[{"webhookEventId":"e1"},{"webhookEventId":"e2"}]}`, "parked"},
		{"line", `{"key":"a","events":[{"webhookEventId":"e1"},{"webhookEventId":"e3"}]}`, "parked"},
		{"line", `{"key":"a","events":[{"webhookEventId":"e1","deliveryContext":{"isRedelivery":true}},{"webhookEventId":"e2"}]}`, "duplicate"},
		{"viber", `{"key":"a","event":"delivered","message_token":1}`, "parked"},
		{"viber", `{"key":"a","event":"seen","message_token":1}`, "parked"},
		{"viber", `{"key":"a","event":"seen","message_token":1,"again":true}`, "duplicate"},
		{"hubspot", `[{"key":"a","eventId":1},{"eventId":2}]`, "parked"},
		{"hubspot", `[{"key":"a","eventId":1},{"eventId":3}]`, "parked"},
		{"hubspot", `[{"key":"a","eventId":1,"attemptNumber":1},{"eventId":3}]`, "duplicate"},
	} {
		if a := k.send(k.signed(c.kind, k.url, c.body, nil)); a.outcome != c.want {
			t.Errorf("%s: %s: %s, want %s", c.kind, c.body, a.raw, c.want)
		}
	}
}

// The secret that Telegram sends along is kept nowhere.
func TestTelegramSecretIsNotKept(t *testing.T) {
	const secret = "a-secret_token"
	k := newKit(t, map[string]gateway.Source{"bot": {Verify: gateway.Verify{Type: "telegram", Secrets: []gateway.Secret{secret}}}})
	a := k.send(post{path: "/hooks/acme/bot", kind: asJSON, body: `{"update_id":1,"conversation_key":"chat1"}`,
		header: map[string]string{"X-Telegram-Bot-Api-Secret-Token": secret, "X-Kind": "update"}})
	if a.outcome != "parked" {
		t.Fatal(a.raw)
	}
	opened, err := k.sessions.Open(context.Background(), waiting.OpenRequest{
		Source: k.directory.Current().Tenant("acme").Source("bot"), Key: "chat1", Timeout: time.Minute, Mode: gateway.ModePoll,
		Variables: gateway.Raw(`[{"name":"kind","path":"header:X-Kind"},{"name":"secret","path":"header:X-Telegram-Bot-Api-Secret-Token"}]`),
	})
	check(t, err)
	if got := string(opened.Wait.Variables); got != `{"kind":"update"}` {
		t.Errorf("variables %s", got)
	}
}
