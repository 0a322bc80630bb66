package signature_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

const (
	messageSecret = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==" // test-shared-secret of RFC 9421, B.1.5
	messagePublic = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="                             // test-key-ed25519, B.1.4
	messageURL    = "https://example.com/foo?param=Value&Pet=dog"
	messageBody   = `{"hello": "world"}`
	messageDigest = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
	created       = ";created=1700000000"
)

// component is a name in Signature-Input, and the value that is signed for it.
type component struct{ name, value string }

// message writes what a sender of RFC 9421 covers, and signs it with the shared
// secret.
func message(covered []component, params string) (input, mac64 string) {
	var names []string
	text := ""
	for _, c := range covered {
		names = append(names, `"`+c.name+`"`)
		text += `"` + c.name + `": ` + c.value + "\n"
	}
	input = "(" + strings.Join(names, " ") + ")" + params
	return input, macOf(text + `"@signature-params": ` + input)
}

// macOf signs a text as a whole.
func macOf(text string) string {
	secret, err := base64.StdEncoding.DecodeString(messageSecret)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(mac(sha256.New, string(secret), text))
}

func sha256Digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// usual is what the default asks for.
func usual() []component {
	return []component{{"@method", "POST"}, {"@target-uri", messageURL}, {"content-digest", messageDigest}}
}

// posted is the request of RFC 9421, B.2, with a signature.
func posted(input, signature64 string) *signature.Request {
	return messageRequest(pairs{
		{"Host", "example.com"}, {"Date", "Tue, 20 Apr 2021 02:07:55 GMT"}, {"Content-Type", "application/json"},
		{"Content-Digest", messageDigest}, {"Content-Length", "18"},
		{"Signature-Input", "s=" + input}, {"Signature", "s=:" + signature64 + ":"},
	})
}

func messageRequest(header pairs) *signature.Request {
	return &signature.Request{
		Method: "POST", URL: func() string { return messageURL }, Header: header, Body: []byte(messageBody), Now: now,
	}
}

// with sets a header, or takes it away.
func with(r *signature.Request, name, value string) {
	header := slices.Clone(r.Header.(pairs))
	at := slices.IndexFunc(header, func(f [2]string) bool { return f[0] == name })
	switch {
	case at < 0:
		header = append(header, [2]string{name, value})
	case value == "":
		header = slices.Delete(header, at, at+1)
	default:
		header[at][1] = value
	}
	r.Header = header
}

func messageConfig(signed string) signature.Config {
	return signature.Config{Type: "rfc9421", Secrets: []string{"b2xk", messagePublic, messageSecret}, Signed: signed}
}

// RFC 9421, B.2.5 and B.2.6, letter by letter.
func TestMessageExamples(t *testing.T) {
	for name, c := range map[string]struct{ secret, signed, input, signature string }{
		"B.2.5": {messageSecret, "date @authority content-type",
			`sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
			"sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:"},
		"B.2.6": {messagePublic, "date @method @path @authority content-type content-length",
			`sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
			"sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:"},
	} {
		r := posted("", "")
		r.Now = time.Unix(1618884473, 0)
		with(r, "Signature-Input", c.input)
		with(r, "Signature", c.signature)
		config := signature.Config{Type: "rfc9421", Secrets: []string{c.secret}, Signed: c.signed}
		if err := compile(t, config).Verify(r); err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
		config.Secrets = []string{messageSecret, messagePublic}
		if err := compile(t, config).Verify(r); err != nil {
			t.Errorf("%s, one of two secrets: refused: %v", name, err)
		}
		config.Signed = ""
		if got := reason(t, compile(t, config).Verify(r)); got != signature.MissingParameter {
			t.Errorf("%s does not cover the body, and by default is refused for %q", name, got)
		}
	}
}

func TestMessageComponents(t *testing.T) {
	for name, c := range map[string]struct {
		called string
		component
		want signature.Reason
	}{
		"method":              {messageURL, component{"@method", "POST"}, ""},
		"method's case":       {messageURL, component{"@method", "post"}, signature.Mismatch},
		"target":              {messageURL, component{"@target-uri", messageURL}, ""},
		"target's path":       {messageURL, component{"@target-uri", "https://example.com/bar?param=Value&Pet=dog"}, signature.Mismatch},
		"target without path": {"HTTPS://Example.com:443?a=1", component{"@target-uri", "https://example.com/?a=1"}, ""},
		"authority":           {"https://EXAMPLE.com/", component{"@authority", "example.com"}, ""},
		"port of https":       {"https://example.com:443/", component{"@authority", "example.com"}, ""},
		"port of http":        {"http://example.com:80/", component{"@authority", "example.com"}, ""},
		"port of the other":   {"http://example.com:443/", component{"@authority", "example.com:443"}, ""},
		"port":                {"https://example.com:8443/", component{"@authority", "example.com:8443"}, ""},
		"IPv6":                {"https://[2001:DB8::443]:443/", component{"@authority", "[2001:db8::443]"}, ""},
		"another authority":   {messageURL, component{"@authority", "example.org"}, signature.Mismatch},
		"scheme":              {"HTTP://example.com/", component{"@scheme", "http"}, ""},
		"another scheme":      {"http://example.com/", component{"@scheme", "https"}, signature.Mismatch},
		"request target":      {messageURL, component{"@request-target", "/foo?param=Value&Pet=dog"}, ""},
		"path":                {"https://example.com/a%2Fb/?x=/y", component{"@path", "/a%2Fb/"}, ""},
		"empty path":          {"https://example.com", component{"@path", "/"}, ""},
		"query":               {"https://example.com/?a=b%20?c", component{"@query", "?a=b%20?c"}, ""},
		"empty query":         {"https://example.com/path?", component{"@query", "?"}, ""},
		"no query":            {"https://example.com/path", component{"@query", "?"}, ""},
		"another query":       {messageURL, component{"@query", "?param=value&Pet=dog"}, signature.Mismatch},
		"header":              {messageURL, component{"content-type", "application/json"}, ""},
		"no URL":              {"", component{"@path", "/"}, signature.Malformed},
		"URL without host":    {"https:///x", component{"@path", "/x"}, signature.Malformed},
		"URL with a line end": {"https://example.com/a\nb", component{"@path", "/a\nb"}, signature.Malformed},
	} {
		r := posted(message([]component{c.component}, created))
		r.URL = func() string { return c.called }
		if got := reason(t, compile(t, messageConfig(c.name)).Verify(r)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
}

// An operator's name is covered by that name and by no other that says the same.
func TestMessageCoversAll(t *testing.T) {
	parts := []component{{"@scheme", "https"}, {"@authority", "example.com"}, {"@path", "/foo"}, {"@query", "?param=Value&Pet=dog"}}
	for signed, want := range map[string]signature.Reason{
		"@path":                           "",
		"@query @PATH":                    "",
		"@path @query @authority @scheme": "",
		"@target-uri":                     signature.MissingParameter,
		"@request-target":                 signature.MissingParameter,
		"@path @method":                   signature.MissingParameter,
		"@path date":                      signature.MissingParameter,
		"":                                signature.MissingParameter,
	} {
		if got := reason(t, compile(t, messageConfig(signed)).Verify(posted(message(parts, created)))); got != want {
			t.Errorf("signed %q: refused for %q, want %q", signed, got, want)
		}
	}
}

func TestMessageTime(t *testing.T) {
	for params, want := range map[string]signature.Reason{
		";created=1700000000":                                "",
		";created=1699999700":                                "",
		";created=1700000300":                                "",
		";created=1699999699":                                signature.Stale,
		";created=1700000301":                                signature.Future,
		";created=1700000000;expires=1700000000":             "",
		";expires=1700000001;created=1699999990":             "",
		";created=1699999990;expires=1699999999":             signature.Stale,
		";created=1700000000;expires=-1":                     signature.Malformed,
		";created=-1700000000":                               signature.Malformed,
		";created=1700000000.0":                              signature.Malformed,
		`;created="1700000000"`:                              signature.Malformed,
		";created":                                           signature.Malformed,
		";created=1700000000;created=1700000000":             signature.Malformed,
		";expires=1700000001":                                signature.MissingParameter,
		"":                                                   signature.MissingParameter,
		`;created=1700000000;alg="hmac-sha256"`:              "",
		`;created=1700000000;alg="ed25519"`:                  signature.Mismatch,
		`;created=1700000000;alg="rsa-pss-sha512"`:           signature.Version,
		`;created=1700000000;alg="HMAC-SHA256"`:              signature.Version,
		`;created=1700000000;alg=hmac-sha256`:                signature.Malformed,
		`;nonce="n\"\\";created=1700000000;keyid="";tag="t"`: "",
		`;created=1700000000;x=:AA==:;y=1.5;z;w=?0;v=a/b:c`:  "",
	} {
		if got := reason(t, compile(t, messageConfig("")).Verify(posted(message(usual(), params)))); got != want {
			t.Errorf("%s: refused for %q, want %q", params, got, want)
		}
	}
	config := messageConfig("")
	config.Tolerance = time.Hour
	if err := compile(t, config).Verify(posted(message(usual(), ";created=1699996400"))); err != nil {
		t.Errorf("within an hour: %v", err)
	}
}

// Whatever is signed as it is written, but not written in the one form that we read.
func TestMessageReadsStrictly(t *testing.T) {
	v := compile(t, messageConfig("@method"))
	const line = "\"@method\": POST\n"
	more := func(n int) string { return strings.Repeat(" ", n) }
	for input, want := range map[string]signature.Reason{
		`("@method")` + created:                                       "",
		` ("@method")` + created:                                      signature.Malformed,
		`( "@method")` + created:                                      signature.Malformed,
		`("@method" )` + created:                                      signature.Malformed,
		`("@method"); created=1700000000`:                             signature.Malformed,
		`("@method")` + created + ";":                                 signature.Malformed,
		`("@method")` + created + ",":                                 signature.Malformed,
		`("@method")` + created + " ":                                 "",
		`("@method"` + created:                                        signature.Malformed,
		`"@method"` + created:                                         signature.Malformed,
		`(@method)` + created:                                         signature.Malformed,
		`("@method" "@method")` + created:                             signature.Malformed,
		`("@method";req)` + created:                                   signature.Version,
		`("@method";x=1;y="z")` + created:                             signature.Version,
		`("@method";X)` + created:                                     signature.Malformed,
		`("@Method")` + created:                                       signature.Version,
		`("@method" "Date")` + created:                                signature.Version,
		`("@method" "@status")` + created:                             signature.Version,
		`("@method" "@signature-params")` + created:                   signature.Version,
		`("@method" "")` + created:                                    signature.Version,
		`("@method" "a\"b")` + created:                                signature.Version,
		`("@method" "a b")` + created:                                 signature.Version,
		`("@method" "a` + "\n" + `b")` + created:                      signature.Malformed,
		`("@method" "date";sf)` + created:                             signature.Version,
		`("@method" "date";bs)` + created:                             signature.Version,
		`("@method" "date";tr)` + created:                             signature.Version,
		`("@method" "date";key="a")` + created:                        signature.Version,
		`("@method" "@query-param";name="Pet")` + created:             signature.Version,
		`("@method" "x-none")` + created:                              signature.MissingHeader,
		`("@method")` + created + `;n=1234567890123456`:               signature.Malformed,
		`("@method")` + created + `;n=1.2345`:                         signature.Malformed,
		`("@method")` + created + `;n=-`:                              signature.Malformed,
		`("@method")` + created + `;n="a`:                             signature.Malformed,
		`("@method")` + created + `;n="\a"`:                           signature.Malformed,
		`("@method")` + created + `;n="ü"`:                            signature.Malformed,
		`("@method")` + created + `;n=:A`:                             signature.Malformed,
		`("@method")` + created + `;n=?2`:                             signature.Malformed,
		`("@method")` + created + `;n=`:                               signature.Malformed,
		`("@method")` + created + `;n=("a")`:                          signature.Malformed,
		`("@method")` + created + `;N=1`:                              signature.Malformed,
		`("@method")` + created + `;n="` + more(4096) + `"`:           signature.Malformed,
		`("@method"` + strings.Repeat(` "@path"`, 30) + `)` + created: signature.Malformed,
		`("@method" "` + strings.Repeat("a", 2000) + `")` + created:   signature.MissingHeader,
		`()` + created:                                                signature.MissingParameter,
		``:                                                            signature.Malformed,
	} {
		r := posted(input, macOf(line+`"@signature-params": `+strings.TrimSuffix(input, " ")))
		if got := reason(t, v.Verify(r)); got != want {
			t.Errorf("%.120s: refused for %q, want %q", input, got, want)
		}
	}
}

func TestMessageHeaders(t *testing.T) {
	input, sig := message(usual(), created)
	fifth := ""
	for _, label := range []string{"a", "b", "c", "d"} {
		fifth += label + "=()" + created + ", "
	}
	short, shortSig := message(usual()[:1], created)
	for name, c := range map[string]struct {
		input, signature string
		want             signature.Reason
	}{
		"one":                    {"s=" + input, "s=:" + sig + ":", ""},
		"another label":          {"s=" + input, "t=:" + sig + ":", signature.Malformed},
		"label in upper case":    {"S=" + input, "S=:" + sig + ":", signature.Malformed},
		"no label":               {input, ":" + sig + ":", signature.Malformed},
		"label with a star":      {"*s_1-.=" + input, "*s_1-.=:" + sig + ":", ""},
		"no signature":           {"s=" + input, "", signature.MissingHeader},
		"no input":               {"", "s=:" + sig + ":", signature.MissingHeader},
		"empty signature":        {"s=" + input, "s=::", signature.Mismatch},
		"text for bytes":         {"s=" + input, `s="` + sig + `"`, signature.Malformed},
		"signature with more":    {"s=" + input, "s=:" + sig + ":;x=1", signature.Malformed},
		"signature without pad":  {"s=" + input, "s=:" + strings.TrimRight(sig, "=") + ":", signature.Mismatch},
		"URL's base64":           {"s=" + input, "s=:" + strings.NewReplacer("+", "-", "/", "_").Replace(sig) + "_:", signature.Malformed},
		"line end in it":         {"s=" + input, "s=:" + sig[:8] + "\n" + sig[8:] + ":", signature.Malformed},
		"two labels, last right": {"p=" + short + ", s=" + input, "p=:" + shortSig + ":, s=:" + sig + ":", ""},
		"two labels, bad first":  {`p=("x";sf),s=` + input, "p=:AAAA: ,\ts=:" + sig + ":", ""},
		"order of labels":        {"s=" + input + ", p=()", "p=:AAAA:,s=:" + sig + ":", ""},
		"right, then garbage":    {"s=" + input + ", p=(", "s=:" + sig + ":", signature.Malformed},
		"garbage behind two":     {"s=" + input + ", p=(), q=(", "s=:" + sig + ":", signature.Malformed},
		"two right, short":       {"s=" + short + ", t=" + short, "s=:" + shortSig + ":, t=:" + shortSig + ":", signature.MissingParameter},
		"swapped":                {"p=" + short + ", s=" + input, "s=:" + shortSig + ":, p=:" + sig + ":", signature.MissingParameter},
		"label twice":            {"s=" + input + ", s=" + input, "s=:" + sig + ":", signature.Malformed},
		"signature twice":        {"s=" + input, "s=:" + sig + ":, s=:" + sig + ":", signature.Malformed},
		"five labels":            {fifth + "s=" + input, "s=:" + sig + ":", ""},
		"six labels":             {fifth + "s=" + input + ", e=()", "s=:" + sig + ":", signature.Malformed},
	} {
		r := posted("", "")
		with(r, "Signature-Input", c.input)
		with(r, "Signature", c.signature)
		if got := reason(t, compile(t, messageConfig("")).Verify(r)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
	for _, name := range []string{"Signature", "Signature-Input", "Content-Digest"} {
		r := posted(input, sig)
		value, _ := r.Header.Get(name)
		r.Header = append(r.Header.(pairs), [2]string{name, string(value)})
		if got := reason(t, compile(t, messageConfig("")).Verify(r)); got != signature.DuplicateHeader {
			t.Errorf("two %s: refused for %q", name, got)
		}
	}
}

// A header that only the sender chose to cover is held to the same rule, and its
// name is the sender's word: no error repeats it.
func TestMessageCoversMore(t *testing.T) {
	for value, want := range map[string]signature.Reason{
		"v": "", "": signature.MissingHeader, "a\nb": signature.Malformed, "ü": signature.Malformed, "a\tb": "",
	} {
		r := posted(message(append(usual(), component{"x-more", value}), created))
		if value != "" {
			with(r, "X-More", " "+value+"\t")
		}
		err := compile(t, messageConfig("")).Verify(r)
		if got := reason(t, err); got != want {
			t.Errorf("%q: refused for %q, want %q", value, got, want)
		}
		if err != nil && strings.Contains(err.Error(), "x-more") {
			t.Errorf("the error repeats the sender's word: %v", err)
		}
		if value == "v" {
			r.Header = append(r.Header.(pairs), [2]string{"x-more", "v"})
			if got := reason(t, compile(t, messageConfig("")).Verify(r)); got != signature.DuplicateHeader {
				t.Errorf("two of it: refused for %q", got)
			}
		}
	}
}

func TestMessageContentDigest(t *testing.T) {
	sum := sha512.Sum512([]byte("another"))
	another := "sha-512=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
	short := sha256Digest(messageBody)
	for digest, want := range map[string]signature.Reason{
		messageDigest:                            "",
		short:                                    "",
		short + ", " + messageDigest:             "",
		"md5=:AAAA:, " + short:                   "",
		another:                                  signature.Mismatch,
		short + ", " + another:                   signature.Mismatch,
		another + "," + short:                    signature.Mismatch,
		"md5=:Sd/dVLAcvNLSq16eXua5uQ==:":         signature.Version,
		"sha-256=::":                             signature.Mismatch,
		strings.ReplaceAll(short, "=:", ":"):     signature.Malformed,
		strings.ReplaceAll(short, ":", `"`):      signature.Malformed,
		strings.ToUpper(short[:7]) + short[7:]:   signature.Malformed,
		short + ", " + short:                     signature.Malformed,
		short + ";x=1":                           signature.Malformed,
		short + ",":                              signature.Malformed,
		"a=::,b=::,c=::,d=::,e=::," + short:      signature.Malformed,
		strings.Replace(short, "=:", "=", 1):     signature.Malformed,
		"sha-256=:" + hex.EncodeToString(sum[:]): signature.Malformed,
	} {
		for _, signed := range []string{"", "@method"} { // it is checked wherever it is covered
			covered := usual()
			covered[2].value = digest
			r := posted(message(covered, created))
			with(r, "Content-Digest", digest)
			if got := reason(t, compile(t, messageConfig(signed)).Verify(r)); got != want {
				t.Errorf("%s: refused for %q, want %q", digest, got, want)
			}
		}
	}
	r := posted(message(usual()[:2], created))
	with(r, "Content-Digest", another)
	if err := compile(t, messageConfig("@method @target-uri")).Verify(r); err != nil {
		t.Errorf("who asks for no digest does not get one: %v", err)
	}
}

func TestMessageBoundsComponents(t *testing.T) {
	for n, want := range map[int]signature.Reason{24: "", 25: signature.Malformed} {
		var covered []component
		r := posted("", "")
		for i := range n {
			name := "x-" + strings.Repeat("i", i)
			covered = append(covered, component{name, "v"})
			with(r, name, "v")
		}
		input, sig := message(covered, created)
		with(r, "Signature-Input", "s="+input)
		with(r, "Signature", "s=:"+sig+":")
		if got := reason(t, compile(t, messageConfig("x-i")).Verify(r)); got != want {
			t.Errorf("%d components: refused for %q, want %q", n, got, want)
		}
	}
}
