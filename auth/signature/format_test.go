package signature_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// formatted is hmac with a format over time and body.
func formatted(format string) signature.Config {
	c := sample("hmac", []byte("s3cret"))
	c.HeaderFormat, c.Signed = format, "{timestamp}.{body}"
	return c
}

// One header may have both, in whatever order and company (SPEC 15).
func TestFormats(t *testing.T) {
	const body = `{"n":1}`
	right, wrong := hexMAC(sent, ".", body), hexMAC("other")
	header := func(value string) pairs { return pairs{{"X-Sig", value}} }
	hold(t, formatted("t={timestamp},v1={signature}"), body, []want{
		{"as it is written", header("t=" + sent + ",v1=" + right), ""},
		{"the other way round", header("v1=" + right + ",t=" + sent), ""},
		{"with spaces", header("t=" + sent + " , v1=" + right), ""},
		{"several, of which one is ours", header("t=" + sent + ",v1=" + wrong + ",v1=" + right + ",v0=x"), ""},
		{"upper case", header("t=" + sent + ",v1=" + strings.ToUpper(right)), ""},
		{"a wrong one", header("t=" + sent + ",v1=" + wrong), signature.Mismatch},
		{"no time", header("v1=" + right), signature.Malformed},
		{"two times", header("t=" + sent + ",t=" + sent + ",v1=" + right), signature.Malformed},
		{"no signature", header("t=" + sent), signature.Malformed},
		{"another time", header("t=1,v1=" + right), signature.Stale},
		{"a time that is none", header("t=x,v1=" + right), signature.Malformed},
		{"nothing", header(""), signature.MissingHeader},
		{"twice", pairs{{"X-Sig", "t=" + sent + ",v1=" + right}, {"X-Sig", "t=" + sent + ",v1=" + right}}, signature.DuplicateHeader},
	})
	for format, value := range map[string]string{
		"{timestamp}:{signature}":                               sent + ":" + right,
		"{timestamp}.{signature}":                               sent + "." + right,
		"{signature};{timestamp}":                               right + ";" + sent,
		"{timestamp},{signature}":                               sent + "," + right,
		"sig {timestamp}/x.{signature}!":                        "sig " + sent + "/x." + right + "!",
		`ts="{timestamp}"; sig="{signature}"`:                   `sig="` + right + `"; ts="` + sent + `"`,
		"HMAC ts={timestamp}&sig={signature}":                   "HMAC ts=" + sent + "&sig=" + right,
		"alg=sha256,t={timestamp},v1={signature}":               "v1=" + right + ",alg=sha256, t=" + sent,
		"t={timestamp} v1={signature}":                          "t=" + sent + "  v1=" + right,
		"t:{timestamp}|s:{signature}":                           "t:" + sent + "|s:" + right,
		"ts={timestamp},signature-{signature}":                  "ts=" + sent + ",signature-" + right,
		"Signature keyId=k1, t={timestamp}, sign={signature}, ": "Signature keyId=k1, t=" + sent + ", sign=" + right,
	} {
		hold(t, formatted(format), body, []want{{format, header(value), ""}, {format + " of another", header(strings.Replace(value, right, wrong, 1)), signature.Mismatch}})
	}
	hold(t, formatted("alg=sha256,t={timestamp},v1={signature}"), body, []want{
		{"without its word", header("t=" + sent + ",v1=" + right), signature.Malformed},
		{"another word", header("alg=md5,t=" + sent + ",v1=" + right), signature.Malformed},
	})
}

// Times are written in four ways, signatures in three.
func TestUnitsAndEncodings(t *testing.T) {
	const body = `{"n":1}`
	whole := now.UTC()
	for unit, texts := range map[string][]string{
		"": {sent}, "s": {sent}, "ms": {sent + "000", sent + "999"}, "us": {sent + "000000"},
		"iso": {whole.Format(time.RFC3339), whole.Format("2006-01-02T15:04:05.000Z"), whole.Format("2006-01-02T15:04:05"), whole.In(time.FixedZone("", 7200)).Format(time.RFC3339)},
	} {
		c := sample("hmac", []byte("s3cret"))
		c.TimestampHeader, c.TimestampUnit, c.Signed = "X-Time", unit, "{timestamp}{body}"
		for _, text := range texts {
			hold(t, c, body, []want{{unit + " " + text, pairs{{"X-Time", text}, {"X-Sig", hexMAC(text, body)}}, ""}})
		}
		for _, text := range []string{"", "-1", "1700000000.5", "17000000000000000000", "yesterday", sent + "0", sent + "0000"} {
			v := compile(t, c)
			r := &signature.Request{Header: pairs{{"X-Time", text}, {"X-Sig", hexMAC(text, body)}}, Body: []byte(body), Now: now}
			if v.Verify(r) == nil {
				t.Errorf("unit %q takes %q", unit, text)
			}
		}
	}
	for encoding, e := range map[string]*base64.Encoding{"base64": base64.StdEncoding, "base64url": base64.URLEncoding} {
		for n := range 8 { // some have + and / in them
			text := body + strings.Repeat(" ", n)
			sum := mac(sha256.New, "s3cret", text)
			for algorithm, raw := range map[string][]byte{"": sum} {
				c := sample("hmac", []byte("s3cret"))
				c.Encoding, c.Algorithm = encoding, algorithm
				padded, bare := e.EncodeToString(raw), e.WithPadding(base64.NoPadding).EncodeToString(raw)
				hold(t, c, text, []want{
					{encoding + " padded", pairs{{"X-Sig", padded}}, ""},
					{encoding + " without", pairs{{"X-Sig", bare}}, ""},
					{encoding + " with too much", pairs{{"X-Sig", padded + "="}}, signature.Mismatch},
					{encoding + " in hex", pairs{{"X-Sig", hex.EncodeToString(raw)}}, signature.Mismatch},
					{encoding + " cut", pairs{{"X-Sig", bare[:len(bare)-1]}}, signature.Mismatch},
				})
			}
		}
	}
}

func TestFormatFaults(t *testing.T) {
	for format, field := range map[string]string{
		"t={timestamp}":                                      "format",
		"v1={signature}":                                     "format",
		"{timestamp}{signature}":                             "format",
		"{timestamp}a{signature}":                            "format", // an a may be in either
		"t={timestamp},v1={signature},{signature}":           "format",
		"t={timestamp},v1={signature},{id}":                  "format",
		"t={timestamp},v1={signature}}":                      "format",
		"t={timestamp},\nv1={signature}":                     "format",
		strings.Repeat("x", 300) + "{timestamp}:{signature}": "format",
	} {
		if _, faults := signature.Compile(formatted(format)); len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%q: %v", format, faults)
		}
	}
	for field, change := range map[string]func(*signature.Config){
		"prefix":           func(c *signature.Config) { c.Prefix = "v1=" },
		"timestamp_header": func(c *signature.Config) { c.TimestampHeader = "X-Time" },
		"signed":           func(c *signature.Config) { c.Signed = "{body}" },
		"timestamp_unit":   func(c *signature.Config) { c.TimestampUnit = "min" },
		"encoding":         func(c *signature.Config) { c.Encoding = "base32" },
	} {
		c := formatted("t={timestamp},v1={signature}")
		change(&c)
		if _, faults := signature.Compile(c); len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%s: %v", field, faults)
		}
	}
	alone := sample("hmac", []byte("s3cret"))
	alone.TimestampUnit = "ms"
	if _, faults := signature.Compile(alone); len(faults) != 1 || faults[0].Field != "timestamp_unit" {
		t.Errorf("a unit of no time: %v", faults)
	}
}

// FuzzFormat: whatever format is taken, what it writes it reads, and a wrong signature in
// the place of the right one does not pass.
func FuzzFormat(f *testing.F) {
	for _, format := range []string{"t={timestamp},v1={signature}", "{timestamp}:{signature}", "{signature}.{timestamp}", `a="{timestamp}"; b="{signature}"; c`, "x {signature}, y {timestamp}", `"{timestamp}"{signature}"`, ".{signature}.{timestamp}"} {
		for n := range 3 {
			f.Add(format, uint(n), `{"n":1}`)
		}
	}
	f.Fuzz(func(t *testing.T, format string, which uint, body string) {
		c := formatted(format)
		c.Encoding = []string{"hex", "base64", "base64url"}[which%3]
		c.TimestampUnit = []string{"s", "ms", "us", "iso"}[which/3%4]
		sender, faults := signature.CompileSender(c)
		v, more := signature.Compile(c)
		if (len(faults) > 0) != (len(more) > 0) {
			t.Fatalf("%q: who signs says %v, who verifies %v", format, faults, more)
		}
		if len(faults) > 0 {
			return
		}
		m := signature.Message{ID: "i", At: now, Body: []byte(body)}
		r := &signature.Request{Header: headersOf(sender, m), Body: m.Body, Now: now}
		if err := v.Verify(r); err != nil {
			t.Fatalf("%q, written as %v: %v", format, r.Header, err)
		}
		r.Body = []byte(body + "x")
		if v.Verify(r) == nil {
			t.Fatalf("%q passes another body", format)
		}
	})
}
