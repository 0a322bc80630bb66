package signature_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"hookgate/auth/signature"
)

// What Trial adds passes the verifier of the same configuration.
func TestTrialPasses(t *testing.T) {
	secret := signature.NewSecret()
	for name, c := range map[string]signature.Config{
		"standard": {Secrets: []string{secret}, Tolerance: time.Minute},
		"stripe":   {Secrets: []string{"s3cret-s3cret"}},
		"github":   {Secrets: []string{"s3cret-s3cret", "another"}},
		"hmac":     {Header: "X-Sig", Signed: "{timestamp}.{body}", TimestampHeader: "X-At", Secrets: []string{"s3cret-s3cret"}, Tolerance: time.Minute},
		"square":   {Secrets: []string{"s3cret-s3cret"}},
		"meta":     {Secrets: []string{"s3cret-s3cret"}, VerifyToken: "hello"},
		"jwt":      {Secrets: []string{"0123456789abcdef0123456789abcdef"}},
		"rfc9421":  {Secrets: []string{"0123456789abcdef0123456789abcdef"}, Algorithm: "hmac-sha256"},
		"bearer":   {Secrets: []string{"s3cret-s3cret"}},
		"basic":    {Username: "u", Password: "p:w"},
		"telegram": {Secrets: []string{"s3cret-s3cret"}},
		"gitlab":   {Secrets: []string{"s3cret-s3cret"}},
		"token":    {In: "query", Name: "key", Secrets: []string{"a b&c"}},
		"none":     {},
	} {
		t.Run(name, func(t *testing.T) {
			c.Type = name
			v, faults := signature.Compile(c)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			now := time.Now()
			m := signature.Message{ID: "m1", At: now, Body: []byte(`{"a":1}`), Method: "POST", URL: "https://hooks.example.com/hooks/a/b"}
			header, query, ok := signature.Trial(c, m)
			if !ok {
				t.Fatal("cannot be tried")
			}
			fields, parameters := http.Header{}, url.Values{}
			for _, f := range header {
				fields.Add(f[0], f[1])
			}
			for _, p := range query {
				parameters.Add(p[0], p[1])
			}
			err := v.Verify(&signature.Request{
				Method: m.Method, URL: func() string { return m.URL }, Body: m.Body, Now: now, Header: tried(fields),
				Query: signature.Parameters(m.URL + "?" + parameters.Encode()),
			})
			if err != nil {
				t.Errorf("%v, with %v %v", err, header, query)
			}
		})
	}
	for _, c := range []signature.Config{
		{Type: "paypal"}, {Type: "mtls", Names: []string{"a"}}, {Type: "adyen", Secrets: []string{"00"}}, {Type: "telnyx", Secrets: []string{"bad"}}, {Type: "nothing"},
	} {
		if _, _, ok := signature.Trial(c, signature.Message{}); ok {
			t.Errorf("%s can be tried", c.Type)
		}
	}
}

type tried http.Header

func (f tried) Get(name string) ([]byte, int) {
	values := http.Header(f).Values(name)
	if len(values) == 0 {
		return nil, 0
	}
	return []byte(values[0]), len(values)
}
