package signature_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"hookgate/auth/signature"
)

const (
	paypalWebhook = "1JE4291016473214C"
	paypalURL     = "https://api.paypal.com/v1/notifications/certs/CERT-test"
)

// forPayPal is what PayPal's certificates say.
var forPayPal = x509.Certificate{Subject: pkix.Name{CommonName: "messageverificationcerts.paypal.com"}, DNSNames: []string{"messageverificationcerts.paypal.com"}}

// payPalVector makes the configuration of a vector, whose secret is the public key
// of the certificate that is fetched.
func payPalVector(t *testing.T) func(*vector) signature.Config {
	root := newAuthority(t, nil)
	return func(v *vector) signature.Config {
		block, _ := pem.Decode([]byte(v.Secret))
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return signature.Config{
			Type: "paypal", Secrets: []string{"another1", paypalWebhook},
			Certificates: signature.NewCertificates(func(url string) ([]byte, error) {
				if url != paypalURL {
					t.Errorf("%s is fetched", url)
				}
				return pemOf(root.sign(t, forPayPal, key)), nil
			}, root.pool()),
		}
	}
}

// payPal is a PayPal of a test: it signs, and gives its certificates out.
type payPal struct {
	key     *rsa.PrivateKey
	root    *authority
	chain   []byte
	err     error
	fetched []string
}

func newPayPal(t *testing.T) *payPal {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &payPal{key: key, root: newAuthority(t, nil)}
	between := newAuthority(t, p.root)
	p.chain = pemOf(between.sign(t, forPayPal, &key.PublicKey), between.cert)
	return p
}

func (p *payPal) verifier(t *testing.T) *signature.Verifier {
	t.Helper()
	return compile(t, signature.Config{Type: "paypal", Secrets: []string{paypalWebhook}, Certificates: signature.NewCertificates(func(url string) ([]byte, error) {
		p.fetched = append(p.fetched, url)
		return p.chain, p.err
	}, p.root.pool())})
}

// request is a transmission, with these fields in place of its own; an empty one
// is left out.
func (p *payPal) request(t *testing.T, body string, change map[string]string) *signature.Request {
	t.Helper()
	fields := map[string]string{
		"PAYPAL-TRANSMISSION-ID": "69cd13f0", "PAYPAL-TRANSMISSION-TIME": "2023-11-14T22:13:20Z",
		"PAYPAL-CERT-URL": paypalURL, "PAYPAL-AUTH-ALGO": "SHA256withRSA",
	}
	for name, value := range change {
		fields[name] = value
	}
	if _, is := change["PAYPAL-TRANSMISSION-SIG"]; !is {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", fields["PAYPAL-TRANSMISSION-ID"], fields["PAYPAL-TRANSMISSION-TIME"], paypalWebhook, crc32.ChecksumIEEE([]byte(body))))
		sig, err := rsa.SignPKCS1v15(nil, p.key, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		fields["PAYPAL-TRANSMISSION-SIG"] = base64.StdEncoding.EncodeToString(sig)
	}
	r := &signature.Request{Method: "POST", Header: pairs{}, Body: []byte(body), Now: now}
	for name, value := range fields {
		if value != "" {
			r.Header = append(r.Header.(pairs), [2]string{name, value})
		}
	}
	return r
}

func TestPayPal(t *testing.T) {
	p := newPayPal(t)
	v := p.verifier(t)
	for range 3 {
		if err := v.Verify(p.request(t, `{"id":"WH-1"}`, nil)); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(p.fetched, []string{paypalURL}) {
		t.Errorf("fetched %q, want the certificate once", p.fetched)
	}
	if v.DeliveryID() != "header:PAYPAL-TRANSMISSION-ID" {
		t.Errorf("the delivery id is in %q", v.DeliveryID())
	}
	right := p.request(t, `{"id":"WH-1"}`, nil)
	for _, field := range right.Header.(pairs) {
		twice := *right
		twice.Header = append(slices.Clone(right.Header.(pairs)), field)
		if got := reason(t, v.Verify(&twice)); got != signature.DuplicateHeader {
			t.Errorf("a second %s: refused for %q", field[0], got)
		}
		if got := reason(t, v.Verify(p.request(t, `{"id":"WH-1"}`, map[string]string{field[0]: ""}))); got != signature.MissingHeader {
			t.Errorf("no %s: refused for %q", field[0], got)
		}
	}
	// One flipped bit of the body or the signature.
	sig, _ := right.Header.Get("PAYPAL-TRANSMISSION-SIG")
	for bit := uint(0); bit < 8*uint(len(sig)); bit += 7 {
		if v.Verify(p.request(t, `{"id":"WH-1"}`, map[string]string{"PAYPAL-TRANSMISSION-SIG": flip(string(sig), bit)})) == nil {
			t.Fatalf("bit %d of the signature flipped passes", bit)
		}
		if v.Verify(p.request(t, flip(`{"id":"WH-1"}`, bit), map[string]string{"PAYPAL-TRANSMISSION-SIG": string(sig)})) == nil {
			t.Fatalf("bit %d of the body flipped passes", bit)
		}
	}
	for name, c := range map[string]struct {
		change map[string]string
		want   signature.Reason
	}{
		"another algorithm": {map[string]string{"PAYPAL-AUTH-ALGO": "SHA1withRSA"}, signature.Version},
		"stale":             {map[string]string{"PAYPAL-TRANSMISSION-TIME": "2023-11-14T22:08:19Z"}, signature.Stale},
		"future":            {map[string]string{"PAYPAL-TRANSMISSION-TIME": "2023-11-14T22:18:21Z"}, signature.Future},
		"no time":           {map[string]string{"PAYPAL-TRANSMISSION-TIME": "1700000000"}, signature.Malformed},
		"bar in the id":     {map[string]string{"PAYPAL-TRANSMISSION-ID": "a|b"}, signature.Malformed},
		"no base64":         {map[string]string{"PAYPAL-TRANSMISSION-SIG": "%%%"}, signature.Malformed},
		"line end in it":    {map[string]string{"PAYPAL-TRANSMISSION-SIG": string(sig) + "\n"}, signature.Malformed},
		"another's":         {map[string]string{"PAYPAL-TRANSMISSION-SIG": base64.StdEncoding.EncodeToString(make([]byte, 256))}, signature.Mismatch},
	} {
		if got := reason(t, v.Verify(p.request(t, `{"id":"WH-1"}`, c.change))); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
}

// Nothing is fetched from anywhere but PayPal.
func TestPayPalCertificateURL(t *testing.T) {
	p := newPayPal(t)
	for url, want := range map[string]bool{
		paypalURL: true,
		"https://api.sandbox.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77": true,
		"https://api.paypal.com.evil.test/v1/notifications/certs/CERT-test":                     false,
		"https://evil.test/v1/notifications/certs/CERT-test":                                    false,
		"http://api.paypal.com/v1/notifications/certs/CERT-test":                                false,
		"https://api.paypal.com@evil.test/v1/notifications/certs/CERT-test":                     false,
		"https://api.paypal.com:8443/v1/notifications/certs/CERT-test":                          false,
		"https://api.paypal.com\\@evil.test/v1/notifications/certs/CERT-test":                   false,
		"https://API.PAYPAL.COM/v1/notifications/certs/CERT-test":                               false,
		"https://www.paypal.com/v1/notifications/certs/CERT-test":                               false,
		"https://api.paypal.com/v1/notifications/certs/../../oauth2/token":                      false,
		"https://api.paypal.com/v1/notifications/certs/%2e%2e":                                  false,
		"https://api.paypal.com/v1/notifications/certs/CERT?x=1":                                false,
		"https://api.paypal.com/v1/notifications/certs/CERT#x":                                  false,
		"https://api.paypal.com/v1/notifications/certs/":                                        false,
		"https://api.paypal.com/redirect":                                                       false,
		"https://api.paypal.com":                                                                false,
		"https://api.paypal.com/v1/notifications/certs/" + strings.Repeat("A", 512):             false,
	} {
		p.fetched = nil
		got := reason(t, p.verifier(t).Verify(p.request(t, "{}", map[string]string{"PAYPAL-CERT-URL": url})))
		if (got == "") != want || len(p.fetched) > 0 != want || !want && got != signature.Certificate {
			t.Errorf("%s: refused for %q, fetched %q", url, got, p.fetched)
		}
	}
}

// What is fetched is trusted only when the whole chain is, now and for PayPal.
func TestPayPalCertificates(t *testing.T) {
	p := newPayPal(t)
	good := p.chain
	stranger := newAuthority(t, nil)
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	named := func(c x509.Certificate, key crypto.PublicKey) []byte { return pemOf(p.root.sign(t, c, key)) }
	with := func(change func(*x509.Certificate)) x509.Certificate {
		c := forPayPal
		change(&c)
		return c
	}
	for name, c := range map[string]struct {
		chain []byte
		err   error
		pass  bool
	}{
		"good":              {good, nil, true},
		"another authority": {pemOf(stranger.sign(t, forPayPal, &p.key.PublicKey)), nil, false},
		"without its chain": {pemOf(firstOf(t, good)), nil, false},
		"over": {named(with(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = now.AddDate(-2, 0, 0), now.Add(-time.Second)
		}), &p.key.PublicKey), nil, false},
		"not yet": {named(with(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = now.Add(time.Second), now.AddDate(1, 0, 0)
		}), &p.key.PublicKey), nil, false},
		"of another domain":  {named(with(func(c *x509.Certificate) { c.DNSNames = []string{"certs.evilpaypal.com"} }), &p.key.PublicKey), nil, false},
		"of no domain":       {named(with(func(c *x509.Certificate) { c.DNSNames = nil }), &p.key.PublicKey), nil, false},
		"a short key":        {named(forPayPal, &short.PublicKey), nil, false},
		"another key":        {named(forPayPal, &stranger.key.PublicKey), nil, false},
		"no PEM":             {[]byte("<html>"), nil, false},
		"nothing":            {nil, nil, false},
		"a key in PEM":       {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte{1}}), nil, false},
		"a broken one":       {pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}}), nil, false},
		"a chain of hundred": {slices.Repeat(good, 50), nil, false},
		"is not there":       {good, fmt.Errorf("404: %w", signature.ErrAbsent), false},
		"cannot be fetched":  {good, errors.New("timeout"), false},
	} {
		p.chain, p.err = c.chain, c.err
		why := signature.Certificate
		if name == "cannot be fetched" { // it may be good
			why = signature.Unavailable
		}
		got := reason(t, p.verifier(t).Verify(p.request(t, "{}", nil)))
		if c.pass != (got == "") || !c.pass && got != why {
			t.Errorf("%s: refused for %q", name, got)
		}
	}
	unfetched := compile(t, signature.Config{Type: "paypal", Secrets: []string{paypalWebhook}})
	if got := reason(t, unfetched.Verify(p.request(t, "{}", nil))); got != signature.Certificate {
		t.Errorf("where nothing can be fetched: refused for %q", got)
	}
}

func firstOf(t *testing.T, chain []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(chain)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A kept certificate is not trusted for longer than any of its chain.
func TestPayPalForgetsWhatIsOver(t *testing.T) {
	p := newPayPal(t)
	short := forPayPal
	short.NotBefore, short.NotAfter = now.Add(-time.Hour), now.Add(time.Minute)
	p.chain = pemOf(p.root.sign(t, short, &p.key.PublicKey))
	v := p.verifier(t)
	if err := v.Verify(p.request(t, "{}", nil)); err != nil {
		t.Fatal(err)
	}
	later := p.request(t, "{}", map[string]string{"PAYPAL-TRANSMISSION-TIME": "2023-11-14T22:15:20Z"})
	later.Now = now.Add(2 * time.Minute)
	if got := reason(t, v.Verify(later)); got != signature.Certificate || len(p.fetched) != 2 {
		t.Errorf("after its end: refused for %q, fetched %d times", got, len(p.fetched))
	}
}

// Strangers who name certificates make few fetches, and those who come together
// make one.
func TestPayPalFetchesLittle(t *testing.T) {
	p := newPayPal(t)
	p.err = signature.ErrAbsent
	v := p.verifier(t)
	for i := range 100 {
		r := p.request(t, "{}", map[string]string{"PAYPAL-CERT-URL": fmt.Sprintf("%s-%d", paypalURL, i), "PAYPAL-TRANSMISSION-SIG": "AAAA"})
		r.Client = clientAt(fmt.Sprintf("192.0.2.%d", i))
		want := signature.Certificate
		if i >= 3 {
			want = signature.Unavailable
		}
		if got := reason(t, v.Verify(r)); got != want {
			t.Fatalf("%d is refused for %q, want %q", i, got, want)
		}
	}
	if len(p.fetched) != 3 {
		t.Errorf("%d fetches for one block in one moment, want 3", len(p.fetched))
	}
	for i := range 100 {
		r := p.request(t, "{}", map[string]string{"PAYPAL-CERT-URL": fmt.Sprintf("%s-%d", paypalURL, 100+i), "PAYPAL-TRANSMISSION-SIG": "AAAA"})
		r.Client = clientAt(fmt.Sprintf("198.51.%d.1", i))
		_ = v.Verify(r)
	}
	if len(p.fetched) != 103 {
		t.Errorf("%d fetches in one moment, want one for each of 100 blocks more", len(p.fetched))
	}
	for i := range 200 { // of the same blocks, and of those that come too late
		r := p.request(t, "{}", map[string]string{"PAYPAL-CERT-URL": fmt.Sprintf("%s-%d", paypalURL, 200+i), "PAYPAL-TRANSMISSION-SIG": "AAAA"})
		r.Client = clientAt(fmt.Sprintf("198.51.%d.1", i))
		_ = v.Verify(r)
	}
	if len(p.fetched) != 120 {
		t.Errorf("%d fetches for one source in one moment, want 120", len(p.fetched))
	}
	p.err = nil
	minute := p.request(t, "{}", nil)
	minute.Now = now.Add(time.Minute)
	if err := v.Verify(minute); err != nil {
		t.Errorf("a minute later: %v", err)
	}

	entered, leave, n := make(chan struct{}), make(chan struct{}), 0
	v = compile(t, signature.Config{Type: "paypal", Secrets: []string{paypalWebhook}, Certificates: signature.NewCertificates(func(string) ([]byte, error) {
		n++ // the race detector would see a second one
		close(entered)
		<-leave
		return p.chain, nil
	}, p.root.pool())})
	done := make(chan error)
	const many = 8
	for range many {
		r := p.request(t, "{}", nil)
		go func() { done <- v.Verify(r) }()
	}
	<-entered
	close(leave)
	for range many {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n != 1 {
		t.Errorf("%d fetches of one certificate", n)
	}
}

// A fetch that panics lets those who wait go, and the next one may try.
func TestPayPalFetchPanics(t *testing.T) {
	p := newPayPal(t)
	first := true
	v := compile(t, signature.Config{Type: "paypal", Secrets: []string{paypalWebhook}, Certificates: signature.NewCertificates(func(string) ([]byte, error) {
		if first {
			first = false
			panic("fetch")
		}
		return p.chain, nil
	}, p.root.pool())})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is swallowed")
			}
		}()
		_ = v.Verify(p.request(t, "{}", nil))
	}()
	if err := v.Verify(p.request(t, "{}", nil)); err != nil {
		t.Error(err)
	}
}

func TestPayPalWebhookIDs(t *testing.T) {
	for _, id := range []string{"", "a|b", "a b", strings.Repeat("A", 65)} {
		if _, faults := signature.Compile(signature.Config{Type: "paypal", Secrets: []string{id}}); len(faults) != 1 || faults[0].Field != "secrets[0]" {
			t.Errorf("%q: faults %v", id, faults)
		}
	}
}

func clientAt(address string) func() netip.Addr {
	return func() netip.Addr { return netip.MustParseAddr(address) }
}

// Strangers who use up what one source may fetch stop neither another source nor, from
// other addresses, the provider; and what is known needs no fetch.
func TestPayPalStrangersUseUpNothing(t *testing.T) {
	p := newPayPal(t)
	absent := map[string]bool{}
	certificates := signature.NewCertificates(func(url string) ([]byte, error) {
		p.fetched = append(p.fetched, url)
		if absent[url] {
			return nil, signature.ErrAbsent
		}
		return p.chain, nil
	}, p.root.pool())
	source := func() *signature.Verifier {
		return compile(t, signature.Config{Type: "paypal", Secrets: []string{paypalWebhook}, Certificates: certificates})
	}
	attacked, other := source(), source()
	from := func(url, client string) *signature.Request {
		r := p.request(t, "{}", map[string]string{"PAYPAL-CERT-URL": url})
		r.Client = clientAt(client)
		return r
	}
	if err := attacked.Verify(from(paypalURL, "203.0.113.1")); err != nil {
		t.Fatal(err)
	}
	flood := func(n int, client func(i int) string) {
		for i := range n {
			url := fmt.Sprintf("%s-%s-%d", paypalURL, strings.ReplaceAll(client(0), ".", "-"), i)
			absent[url] = true
			_ = attacked.Verify(from(url, client(i)))
		}
	}
	flood(100, func(int) string { return "192.0.2.1" })
	if err := attacked.Verify(from(paypalURL+"-next", "203.0.113.1")); err != nil {
		t.Errorf("the provider's new certificate beside a stranger: %v", err)
	}
	flood(100, func(i int) string { return fmt.Sprintf("198.51.%d.1", i) })
	if err := attacked.Verify(from(paypalURL, "203.0.113.1")); err != nil {
		t.Errorf("the known certificate beside a crowd of strangers: %v", err)
	}
	if err := attacked.Verify(from(paypalURL+"-third", "203.0.113.1")); err != nil {
		t.Errorf("a new one beside the crowd, from where others were verified: %v", err)
	}
	if err := attacked.Verify(from(paypalURL+"-fourth", "203.0.114.1")); err != nil {
		t.Errorf("a new one beside the crowd, from elsewhere: %v", err)
	}
	flood(200, func(i int) string { return fmt.Sprintf("198.52.%d.1", i) })
	if err := attacked.Verify(from(paypalURL+"-fifth", "203.0.115.1")); !signature.IsUnavailable(err) {
		t.Errorf("a new one beside the whole world, from elsewhere: %v", err)
	}
	if err := other.Verify(from(paypalURL+"-fifth", "203.0.115.1")); err != nil {
		t.Errorf("the other source: %v", err)
	}
	if err := attacked.Verify(from(paypalURL+"-fifth", "203.0.115.1")); err != nil {
		t.Errorf("what the other source had fetched: %v", err)
	}
}

// What is not there is not asked for again and again, what could not be asked for is.
func TestPayPalRemembersFailures(t *testing.T) {
	p := newPayPal(t)
	v := p.verifier(t)
	at := func(after time.Duration) *signature.Request {
		r := p.request(t, "{}", map[string]string{"PAYPAL-TRANSMISSION-TIME": now.Add(after).UTC().Format(time.RFC3339)})
		r.Now = now.Add(after)
		return r
	}
	for _, step := range []struct {
		after   time.Duration
		err     error
		want    signature.Reason
		fetched int
	}{
		{0, errors.New("timeout"), signature.Unavailable, 1},
		{4 * time.Second, nil, signature.Unavailable, 1},
		{5 * time.Second, signature.ErrAbsent, signature.Certificate, 2},
		{9 * time.Minute, nil, signature.Certificate, 2},
		{11 * time.Minute, nil, "", 3},
	} {
		p.err = step.err
		if got := reason(t, v.Verify(at(step.after))); got != step.want || len(p.fetched) != step.fetched {
			t.Errorf("after %s: refused for %q, %d fetches; want %q, %d", step.after, got, len(p.fetched), step.want, step.fetched)
		}
	}
}

// A certificate near its end is renewed before it, and no request waits or fails.
func TestPayPalRenews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPayPal(t)
		ending := func(at time.Time) []byte {
			c := forPayPal
			c.NotBefore, c.NotAfter = now.AddDate(-1, 0, 0), at
			return pemOf(p.root.sign(t, c, &p.key.PublicKey))
		}
		p.chain = ending(now.Add(time.Hour))
		v := p.verifier(t)
		verify := func(after time.Duration) error {
			r := p.request(t, "{}", map[string]string{"PAYPAL-TRANSMISSION-TIME": now.Add(after).UTC().Format(time.RFC3339)})
			r.Now = now.Add(after)
			err := v.Verify(r)
			synctest.Wait()
			return err
		}
		if err := verify(0); err != nil {
			t.Fatal(err)
		}
		p.err = errors.New("timeout")
		if err := verify(61 * time.Minute); err == nil {
			t.Error("it is trusted after its end")
		}
		p.err, p.chain = nil, ending(now.AddDate(0, 0, 2))
		if err := verify(62 * time.Minute); err != nil {
			t.Fatal(err)
		}
		p.fetched, p.err = nil, errors.New("timeout")
		for _, after := range []time.Duration{30 * time.Hour, 30*time.Hour + time.Minute, 31*time.Hour + time.Minute} {
			if err := verify(after); err != nil {
				t.Error(err)
			}
		}
		if len(p.fetched) != 2 {
			t.Errorf("near its end it is asked for %d times, want once an hour", len(p.fetched))
		}
		p.err, p.chain = nil, ending(now.AddDate(1, 0, 0))
		for _, after := range []time.Duration{33 * time.Hour, 72 * time.Hour} {
			if err := verify(after); err != nil {
				t.Errorf("after %s: %v", after, err)
			}
		}
	})
}
