package main

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"hookgate/gateway/gatewaytest/program"
)

// browser is somebody who looks at the console without a script: it has cookies, and
// follows no redirect by itself.
type browser struct {
	t    testing.TB
	base string
	http http.Client
}

// paper is a page as it came.
type paper struct {
	status int
	header http.Header
	text   string
}

func newBrowser(t testing.TB, base string) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t: t, base: base, http: http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// signedIn is a browser that has signed in with a token.
func signedIn(t testing.TB, p *program.Program, token string) *browser {
	t.Helper()
	b := newBrowser(t, p.Internal)
	if got := b.post("/console/login", url.Values{"token": {token}}); got.status != http.StatusSeeOther {
		t.Fatalf("signing in: %d %s", got.status, got.text)
	}
	return b
}

func (b *browser) send(method, path string, form url.Values, fields ...string) paper {
	b.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	a, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = a.Body.Close() }()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return paper{a.StatusCode, a.Header, string(text)}
}

func (b *browser) get(path string) paper { b.t.Helper(); return b.send("GET", path, nil) }

func (b *browser) post(path string, form url.Values) paper {
	b.t.Helper()
	return b.send("POST", path, form)
}

// want gets a page that must be there.
func (b *browser) want(status int, path string) paper {
	b.t.Helper()
	got := b.get(path)
	if got.status != status {
		b.t.Fatalf("GET %s: %d, want %d\n%s", path, got.status, status, got.text)
	}
	return got
}

var tags = regexp.MustCompile(`<[^>]*>`)

// words are what a page says.
func (p paper) words() string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(p.text, " "))), " ")
}

func (p paper) has(t testing.TB, all ...string) {
	t.Helper()
	words := p.words()
	for _, one := range all {
		if !strings.Contains(words, one) {
			t.Errorf("the page does not say %q:\n%s", one, words)
		}
	}
}

func (p paper) hasNot(t testing.TB, all ...string) {
	t.Helper()
	for _, one := range all {
		if strings.Contains(p.text, one) {
			t.Errorf("the page has %q:\n%s", one, p.text)
		}
	}
}

// key gives the key of the forms of a page.
func (p paper) key(t testing.TB) string {
	t.Helper()
	found := regexp.MustCompile(`name="key" value="([0-9a-f]+)"`).FindStringSubmatch(p.text)
	if found == nil {
		t.Fatalf("the page has no form:\n%s", p.text)
	}
	return found[1]
}
