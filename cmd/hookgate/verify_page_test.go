package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"hookgate/gateway/gatewaytest"
	"hookgate/gateway/gatewaytest/program"
)

// receivedSecret is the secret of the page's receivers.
const receivedSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// receivedEndpoint signs with another secret too, as while two overlap.
const receivedEndpoint = toLoopback + `
tenants:
  acme:
    endpoints: { crm: { url: %q, sign: { type: standard, secrets: [whsec_dGhlIG5leHQgb25lLCBvZiB0d28gc2VjcmV0cw==, ` + receivedSecret + `] } } }
`

// language is how a receiver of the page is run: its block, then what asks it, which
// reads a list of {headers, body} with the body as base64, and prints for each how many
// events it took.
type language struct {
	run    []string // the program, with the arguments before the file
	file   string
	before string // of the block
	ask    string // after it
	needs  string // a program that ends well where the library of its first block is there
}

var languages = map[string]language{
	"js": {[]string{"node"}, "receive.js", "", `
for (const asked of JSON.parse(require("fs").readFileSync(0))) {
  try { console.log("took", receive(asked.headers, Buffer.from(asked.body, "base64")).length); } catch (e) { console.log("refused", String(e)); }
}
`, `require("standardwebhooks")`},
	"python": {[]string{"python3"}, "receive.py", "", `
import sys as _sys, json as _json, base64 as _base64
for _asked in _json.load(_sys.stdin):
    try:
        print("took", len(receive(_asked["headers"], _base64.b64decode(_asked["body"]))))
    except Exception as e:
        print("refused", repr(e))
`, "import standardwebhooks.webhooks"},
	"php": {[]string{"php", "-d", "display_errors=stderr"}, "receive.php", "<?php\n", `
foreach (json_decode(file_get_contents("php://stdin"), true) as $asked) {
    try { echo "took " . count(receive($asked["headers"], base64_decode($asked["body"]))) . "\n"; } catch (\Throwable $e) { echo "refused " . $e->getMessage() . "\n"; }
}
`, `<?php exit(stream_resolve_include_path("vendor/autoload.php") ? 0 : 1);`},
	"ruby": {[]string{"ruby"}, "receive.rb", "", `
require "json"
JSON.parse($stdin.read).each do |asked|
  puts "took #{receive(asked["headers"], asked["body"].unpack1("m0")).length}"
rescue StandardError => e
  puts "refused #{e.class}"
end
`, `require "standardwebhooks"`},
}

// The page's receivers take what a gateway delivers, and refuse what is not from it: in
// each language that is installed here, with the public library where that is, and
// without it.
func TestVerifyPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../configs/docs/verify.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := map[string][]string{}
	for _, m := range regexp.MustCompile("(?s)```(js|go|python|php|ruby)\n(.*?)```\n").FindAllStringSubmatch(string(text), -1) {
		blocks[m[1]] = append(blocks[m[1]], m[2])
	}
	tries := delivered(t)
	for name, l := range languages {
		for i, block := range blocks[name] {
			t.Run(name+[]string{"", " without a library"}[i], func(t *testing.T) {
				if i == 0 && !l.has(t) {
					t.Skipf("the library of Standard Webhooks for %s is not installed", name)
				}
				asked, err := json.Marshal(tries)
				if err != nil {
					t.Fatal(err)
				}
				out, err := l.start(t, l.before+block+l.ask, asked)
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				got := strings.Split(strings.TrimSpace(out), "\n")
				for i, one := range tries {
					if i >= len(got) || !strings.HasPrefix(got[i], one.want) {
						t.Errorf("%s: want %q of\n%s", one.what, one.want, out)
					}
				}
			})
		}
		if len(blocks[name]) == 0 {
			t.Errorf("the page has no receiver in %s", name)
		}
	}
	t.Run("go", func(t *testing.T) {
		if self, err := os.ReadFile("verify_page_test.go"); err != nil || len(blocks["go"]) != 1 || !strings.Contains(string(self), "\n"+blocks["go"][0]) {
			t.Errorf("the page's receiver in Go is not the one of this test: %v", err)
		}
		for _, one := range tries {
			header := http.Header{}
			for name, value := range one.Headers {
				header.Set(name, value)
			}
			events, err := receive(header, one.Body)
			if got := fmt.Sprintf("took %d", len(events)); (err != nil || got != one.want) && one.want != "refused" || err == nil && one.want == "refused" {
				t.Errorf("%s: %s, %v, want %q", one.what, got, err, one.want)
			}
		}
	})
}

// tried is a request to a receiver of the page, and what it should print.
type tried struct {
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`

	what, want string
}

// delivered gives what a gateway delivered, as it came and in ways that are to be refused.
func delivered(t *testing.T) []tried {
	t.Helper()
	r := gatewaytest.NewReceiver(t)
	p := program.Start(t, program.Options{Config: fmt.Sprintf(receivedEndpoint, r.URL+"/crm")})
	p.Admin().Must(t, []int{202}, "POST", "/v1/tenants/acme/events", `{"events":[{"event":{"type":"note"},"text":"Zoë \u00e4 \"/\" 1.50"}]}`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got, err := r.Await(ctx, func(q gatewaytest.Received) bool { return q.Path == "/crm" })
	if err != nil {
		t.Fatal(err)
	}
	as := func(what, want string, body []byte, change map[string]string) tried {
		headers := map[string]string{}
		for _, name := range []string{"Webhook-Id", "Webhook-Timestamp", "Webhook-Signature", "Content-Type"} {
			headers[name] = got.Header.Get(name)
			if value, is := change[name]; is {
				headers[name] = value
			}
			if headers[name] == "" {
				delete(headers, name)
			}
		}
		return tried{headers, body, what, want}
	}
	if n := len(strings.Fields(got.Header.Get("Webhook-Signature"))); n != 2 {
		t.Fatalf("%d signatures, want 2", n)
	}
	other := bytes.Replace(bytes.Clone(got.Body), []byte("1.50"), []byte("9.50"), 1)
	old := time.Now().Add(-time.Hour)
	key, err := standardwebhooks.NewWebhook(receivedSecret)
	if err != nil {
		t.Fatal(err)
	}
	stale, err := key.Sign(got.Header.Get("Webhook-Id"), old, got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return []tried{
		as("as it came", "took 1", got.Body, nil),
		as("another body", "refused", other, nil),
		as("another id", "refused", got.Body, map[string]string{"Webhook-Id": "evt_of_another"}),
		as("an hour old", "refused", got.Body, map[string]string{"Webhook-Timestamp": fmt.Sprint(old.Unix()), "Webhook-Signature": stale}),
		as("without a signature", "refused", got.Body, map[string]string{"Webhook-Signature": ""}),
		as("a signature of nothing", "refused", got.Body, map[string]string{"Webhook-Signature": "v1"}),
	}
}

// has says whether the library of a language's first block is there.
func (l language) has(t *testing.T) bool {
	t.Helper()
	_, err := l.start(t, l.needs, nil)
	return err == nil
}

// start runs a text of the language, and gives what it prints.
func (l language) start(t *testing.T, text string, asked []byte) (string, error) {
	t.Helper()
	path := installed(t, l.run[0])
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, l.file), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), path, slices.Concat(l.run[1:], []string{l.file})...)
	c.Dir, c.Stdin, c.Env = dir, bytes.NewReader(asked), os.Environ()
	if npm, err := exec.LookPath("npm"); err == nil && l.run[0] == "node" && os.Getenv("NODE_PATH") == "" { // node looks into no global folder by itself
		if folder, err := exec.CommandContext(t.Context(), npm, "root", "-g").Output(); err == nil {
			c.Env = append(c.Env, "NODE_PATH="+strings.TrimSpace(string(folder)))
		}
	}
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, errs.String())
	}
	return string(out), err
}

func receive(header http.Header, body []byte) ([]json.RawMessage, error) {
	webhook, err := standardwebhooks.NewWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		return nil, err
	}
	if err := webhook.Verify(body, header); err != nil {
		return nil, err
	}
	var envelope struct{ Events []json.RawMessage }
	err = json.Unmarshal(body, &envelope)
	return envelope.Events, err
}
