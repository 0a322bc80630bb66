package configs_test

import (
	"cmp"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
	"hookgate/configs"
	"hookgate/gateway/node"
)

func providersPage(t *testing.T) string {
	t.Helper()
	page, err := os.ReadFile("providers.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// publicP256 is a key as SendGrid shows it.
const publicP256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEHq10SHK+ecVug7TUI+qV+hV98EJIkudA+g4+Jyz0vTAtxRpN8c8r1+jOrlIN8Agkw7p6sfqN2qZbG4ITSeGzeA=="

// Every example of providers.md is a configuration that serve would take.
func TestProvidersExamples(t *testing.T) {
	variable, fence := regexp.MustCompile(`\$\{([A-Z_]+)\}`), regexp.MustCompile("(?s)```yaml\n(.*?)```")
	page := providersPage(t)
	types := map[string]bool{}
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		var environ []string
		for _, m := range variable.FindAllStringSubmatch(block[1], -1) {
			environ = append(environ, m[1]+"="+cmp.Or(map[string]string{"SENDGRID_KEY": publicP256}[m[1]], "made-up"))
		}
		path := filepath.Join(t.TempDir(), "hookgate.yaml")
		if err := os.WriteFile(path, []byte(block[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := configs.Load(configs.Options{Flags: configs.Flags{Config: path}, Environ: environ, Check: node.Check})
		if err != nil {
			t.Errorf("%s\n%v", block[1], err)
			continue
		}
		for _, source := range c.Tenants["acme"].Sources {
			types[source.Verify.Type] = true
		}
	}
	for _, kind := range []string{"stripe", "razorpay", "square", "paypal", "calendly", "meta", "slack", "telegram", "twilio", "lark"} {
		if !types[kind] {
			t.Errorf("there is no example for %s", kind)
		}
	}
}

// The table says of each provider what its scheme does.
func TestProvidersTable(t *testing.T) {
	code := regexp.MustCompile("`([^`]+)`")
	rows := map[string][]string{}
	for line := range strings.Lines(providersPage(t)) {
		cells := strings.Split(line, " |")
		if !strings.HasPrefix(line, "| ") || len(cells) != 9 || !code.MatchString(cells[1]) {
			continue
		}
		rows[code.FindStringSubmatch(cells[1])[1]] = cells
	}
	delete(rows, "type") // the head
	secrets := map[string]string{
		"standard-ed25519": "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=",
		"discord":          "da2a4b1d972e340289ea57d28f2944197a5804a44a216a596fca5d9b60195c61",
		"telegram":         "token", "paypal": "1JE4291016473214C",
		"adyen-platform": "50119161", "telnyx": "bL3OT5Iwn1lulGIJpue8g4hCLrLIuFQ8hgEWznCplIc=",
		"sendgrid": publicP256,
	}
	config := func(kind string) signature.Config {
		c, is := composed[kind]
		if c.Type = kind; !is {
			c.Secrets = []string{cmp.Or(secrets[kind], "c2VjcmV0")}
		}
		return c
	}
	for _, kind := range signature.Schemes() {
		if slices.Contains([]string{"none", "token", "bearer", "basic", "hmac", "mtls", "jwt"}, kind) {
			continue
		}
		cells, is := rows[kind]
		if !is {
			t.Errorf("%s has no row", kind)
			continue
		}
		delete(rows, kind)
		c := config(kind)
		v, faults := signature.Compile(c)
		if len(faults) > 0 {
			t.Fatalf("%s: %v", kind, faults)
		}
		var told []string
		for _, m := range code.FindAllStringSubmatch(cells[6], -1) {
			told = append(told, m[1])
		}
		if known := places(v); !slices.Equal(told, known) {
			t.Errorf("%s: the table knows repeats by %q, the scheme by %q", kind, told, known)
		}
		tolerant := c
		tolerant.Tolerance = time.Hour
		_, unread := signature.Compile(tolerant)
		if timeless := strings.TrimSpace(cells[4]) == "none"; timeless != (len(unread) > 0) {
			t.Errorf("%s: the table's window is %q, the scheme's tolerance: %v", kind, cells[4], unread)
		} else if !timeless && !strings.Contains(cells[4], "its end") && !slices.Contains(private, kind) && slices.Contains(signature.Senders(), kind) {
			checkWindow(t, v, c, cells[4])
		}
	}
	for kind := range rows {
		t.Errorf("%s has a row, and is no scheme", kind)
	}
}

// composed are the configurations that need more than a secret, or one of another form.
var composed = map[string]signature.Config{
	"livekit":               {Secrets: []string{"c2VjcmV0"}, APIKey: "key"},
	"vonage":                {Secrets: []string{"c2VjcmV0"}, APIKey: "key"},
	"atlassian-connect":     {Secrets: []string{"c2VjcmV0"}, TokenConfig: signature.TokenConfig{ClientKey: "key"}},
	"google-pubsub":         {TokenConfig: signature.TokenConfig{Audience: "gate", Email: "push@p.iam.test"}},
	"botframework":          {TokenConfig: signature.TokenConfig{AppID: "app"}},
	"truelayer":             {},
	"pusher":                {Secrets: []string{"c2VjcmV0"}, Key: "app"},
	"lark":                  {Secrets: []string{"c2VjcmV0"}, VerificationToken: "token"},
	"adyen":                 {Secrets: []string{"e0bed520"}},
	"aws-sns":               {TopicARN: "arn:aws:sns:eu-west-1:123456789012:orders"},
	"sns":                   {TopicARN: "arn:aws:sns:eu-west-1:123456789012:orders"},
	"contentful":            {Secrets: []string{strings.Repeat("s", 64)}},
	"braintree":             {Secrets: []string{"s3cret"}, PublicKey: "uwana68n"},
	"sinch-application":     {Secrets: []string{"c2VjcmV0"}, ApplicationKey: "669e3673-4c5e"},
	"cloudevents-handshake": {AllowedOrigins: []string{"eventgrid.azure.net"}},
}

// private lists the types whose senders have another secret than their receivers.
var private = []string{"standard-ed25519", "telnyx", "sendgrid"}

// places lists what a repeat is known by, in order.
func places(v *signature.Verifier) (all []string) {
	for _, known := range v.Identities() {
		all = append(all, known.Places()...)
	}
	return all
}

// bodies are of the types that read them; in lark's is an event with the token "token".
var bodies = map[string]string{
	"linear": `{"webhookTimestamp":1700000000000}`,
	"lark":   `{"encrypt":"aWlpaWlpaWlpaWlpaWlpaRhadAoZtF6bL+xRAH2gCoPBlpsNm8gdxg8nhmoXDoCF"}`,
}

// checkWindow holds a verifier to the window of the table, "5 min".
func checkWindow(t *testing.T, v *signature.Verifier, c signature.Config, cell string) {
	t.Helper()
	window, err := time.ParseDuration(strings.TrimSuffix(strings.TrimSpace(cell), " min") + "m")
	if err != nil {
		t.Fatalf("%s: window %q", c.Type, cell)
	}
	sender, faults := signature.CompileSender(c)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	at := time.Unix(1700000000, 0)
	header := http.Header{}
	body := []byte(bodies[c.Type])
	sender.Sign(signature.Message{ID: "m1", At: at, Body: body}, func(name string, value []byte) { header.Set(name, string(value)) })
	for after, good := range map[time.Duration]bool{window: true, window + time.Second: false, -window: true, -window - time.Second: false} {
		if err := v.Verify(&signature.Request{Header: fields(header), Body: body, Now: at.Add(after)}); (err == nil) != good {
			t.Errorf("%s: %s after it was signed: %v", c.Type, after, err)
		}
	}
}

type fields http.Header

func (f fields) Get(name string) ([]byte, int) {
	values := http.Header(f).Values(name)
	if len(values) == 0 {
		return nil, 0
	}
	return []byte(values[0]), len(values)
}
