package signature_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"hookgate/auth/signature"
)

const (
	snsTopic   = "arn:aws:sns:eu-west-1:123456789012:orders"
	snsCertURL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b.pem"
	snsConfirm = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-west-1:123456789012:orders&Token=2336"
)

// amazon is an SNS of a test: it signs, and gives its certificate out.
type amazon struct {
	key     *rsa.PrivateKey
	chain   []byte
	answers map[string]error // by URL; nil: its certificate
	fetched []string
}

// snsKey is made once: it takes long.
var snsKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newAmazon(t *testing.T) *amazon {
	t.Helper()
	key := snsKey()
	return &amazon{key: key, chain: pemOf(newAuthority(t, nil).sign(t, forSNS, &key.PublicKey)), answers: map[string]error{}}
}

func (a *amazon) fetch(url string) ([]byte, error) {
	a.fetched = append(a.fetched, url)
	return a.chain, a.answers[url]
}

func (a *amazon) verifier(t *testing.T) *signature.Verifier {
	t.Helper()
	return compile(t, signature.Config{Type: "aws-sns", TopicARN: snsTopic, Certificates: signature.NewCertificates(a.fetch, nil)})
}

// request is a message with these members in place of its own; an empty one is left out.
func (a *amazon) request(t *testing.T, change map[string]string) *signature.Request {
	t.Helper()
	m := map[string]string{
		"Type": "Notification", "MessageId": "m1", "TopicArn": snsTopic, "Message": `{"a":1}`, "Timestamp": "2023-11-14T22:13:20.000Z",
		"SignatureVersion": "2", "SigningCertURL": snsCertURL,
	}
	for name, value := range change {
		m[name] = value
	}
	if _, is := change["Signature"]; !is {
		m["Signature"] = a.sign(t, m)
	}
	for name, value := range m {
		if value == "" {
			delete(m, name)
		}
	}
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return &signature.Request{Method: "POST", Body: body, Now: now, Header: pairs{
		{"x-amz-sns-message-type", m["Type"]}, {"x-amz-sns-topic-arn", m["TopicArn"]}, {"Content-Type", "text/plain; charset=UTF-8"}}}
}

func (a *amazon) sign(t *testing.T, m map[string]string) string {
	t.Helper()
	var text strings.Builder
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} {
		if m[name] != "" {
			fmt.Fprintf(&text, "%s\n%s\n", name, m[name])
		}
	}
	hash, sum := crypto.SHA1, sha1.New()
	if m["SignatureVersion"] == "2" {
		hash, sum = crypto.SHA256, sha256.New()
	}
	sum.Write([]byte(text.String()))
	raw, err := rsa.SignPKCS1v15(nil, a.key, hash, sum.Sum(nil))
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

func confirmation(more map[string]string) map[string]string {
	m := map[string]string{"Type": "SubscriptionConfirmation", "Token": "2336", "SubscribeURL": snsConfirm}
	for name, value := range more {
		m[name] = value
	}
	return m
}

func TestSNS(t *testing.T) {
	a := newAmazon(t)
	v := a.verifier(t)
	for name, c := range map[string]struct {
		change map[string]string
		want   signature.Reason
	}{
		"version 2":              {nil, ""},
		"version 1":              {map[string]string{"SignatureVersion": "1"}, ""},
		"with a subject":         {map[string]string{"Subject": "done"}, ""},
		"lines in the message":   {map[string]string{"Message": "a\nMessageId\nb"}, ""},
		"a confirmation":         {confirmation(nil), ""},
		"version 3":              {map[string]string{"SignatureVersion": "3"}, signature.Version},
		"no version":             {map[string]string{"SignatureVersion": ""}, signature.Version},
		"another topic":          {map[string]string{"TopicArn": "arn:aws:sns:eu-west-1:123456789012:others"}, signature.Mismatch},
		"lines in the id":        {map[string]string{"MessageId": "m1\nSubject\nx"}, signature.Malformed},
		"lines in the subject":   {map[string]string{"Subject": "x\nTimestamp\ny"}, signature.Malformed},
		"another type":           {map[string]string{"Type": "Other"}, signature.Malformed},
		"without a signature":    {map[string]string{"Signature": ""}, signature.MissingField},
		"no base64":              {map[string]string{"Signature": "%%%"}, signature.Malformed},
		"a line end in it":       {map[string]string{"Signature": "AAAA\n"}, signature.Malformed},
		"another signature":      {map[string]string{"Signature": base64.StdEncoding.EncodeToString(make([]byte, 256))}, signature.Mismatch},
		"no certificate":         {map[string]string{"SigningCertURL": ""}, signature.Certificate},
		"of another certificate": {map[string]string{"SigningCertURL": "https://example.test/a.pem"}, signature.Certificate},
	} {
		if got := reason(t, v.Verify(a.request(t, c.change))); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
	}
	if !slices.Equal(a.fetched, []string{snsCertURL}) {
		t.Errorf("fetched %q, want the certificate once", a.fetched)
	}
}

// What was signed must be the only thing that a message can say.
func TestSNSReadsStrictly(t *testing.T) {
	a := newAmazon(t)
	v := a.verifier(t)
	right := a.request(t, nil)
	for name, change := range map[string]func(*signature.Request){
		"a member twice": func(r *signature.Request) {
			r.Body = []byte(strings.Replace(string(r.Body), "{", `{"Message":"x",`, 1))
		},
		"no text":             func(r *signature.Request) { r.Body = []byte(strings.Replace(string(r.Body), `"m1"`, `1`, 1)) },
		"text behind":         func(r *signature.Request) { r.Body = append(slices.Clone(r.Body), "{}"...) },
		"no UTF-8":            func(r *signature.Request) { r.Body = []byte(strings.Replace(string(r.Body), "m1", "m\xff", 1)) },
		"no JSON":             func(r *signature.Request) { r.Body = []byte("a=1") },
		"raw delivery":        func(r *signature.Request) { r.Header = pairs{{"x-amz-sns-rawdelivery", "true"}} },
		"another topic's":     func(r *signature.Request) { r.Header.(pairs)[1][1] += "x" },
		"another type's":      func(r *signature.Request) { r.Header.(pairs)[0][1] = "SubscriptionConfirmation" },
		"two types":           func(r *signature.Request) { r.Header = append(r.Header.(pairs), r.Header.(pairs)[0]) },
		"without the topic's": func(r *signature.Request) { r.Header = r.Header.(pairs)[:1] },
	} {
		r := *right
		r.Header = slices.Clone(right.Header.(pairs))
		change(&r)
		if err := v.Verify(&r); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	if err := v.Verify(right); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

// Nothing is fetched from anywhere but SNS.
func TestSNSCertificateURL(t *testing.T) {
	a := newAmazon(t)
	for url, want := range map[string]bool{
		snsCertURL: true,
		"https://sns.us-gov-west-1.amazonaws.com/SimpleNotificationService-1.pem":  true,
		"https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-1.pem":  true,
		"http://sns.eu-west-1.amazonaws.com/a.pem":                                 false,
		"https://sns.s3-eu-west-1.amazonaws.com/a.pem":                             false, // a bucket named "sns"
		"https://sns.s3.amazonaws.com/a.pem":                                       false,
		"https://sns.eu-west-1.amazonaws.com.evil.test/a.pem":                      false,
		"https://evil.test/sns.eu-west-1.amazonaws.com/a.pem":                      false,
		"https://sns.eu-west-1.amazonaws.com@evil.test/a.pem":                      false,
		"https://sns.eu-west-1.amazonaws.com:8443/a.pem":                           false,
		"https://u@sns.eu-west-1.amazonaws.com/a.pem":                              false,
		"https://sns.eu-west-1.amazonaws.com\\@evil.test/a.pem":                    false,
		"https://SNS.EU-WEST-1.AMAZONAWS.COM/a.pem":                                false,
		"https://sns.evil.eu-west-1.amazonaws.com/a.pem":                           false,
		"https://xsns.eu-west-1.amazonaws.com/a.pem":                               false,
		"https://sns.eu-west-1.amazonaws.com/a.pem?x=1":                            false,
		"https://sns.eu-west-1.amazonaws.com/a.pem#x":                              false,
		"https://sns.eu-west-1.amazonaws.com/?x=a.pem":                             false,
		"https://sns.eu-west-1.amazonaws.com/../a.pem":                             false,
		"https://sns.eu-west-1.amazonaws.com/.pem":                                 false,
		"https://sns.eu-west-1.amazonaws.com/a.der":                                false,
		"https://sns.eu-west-1.amazonaws.com/" + strings.Repeat("a", 512) + ".pem": false,
	} {
		a.fetched = nil
		got := reason(t, a.verifier(t).Verify(a.request(t, map[string]string{"SigningCertURL": url})))
		if (got == "") != want || len(a.fetched) > 0 != want || !want && got != signature.Certificate {
			t.Errorf("%s: refused for %q, fetched %q", url, got, a.fetched)
		}
	}
}

// A certificate that cannot be had now lets nobody in, and says that the same request may
// pass later; one that is not there, or not of SNS, is refused for good.
func TestSNSCertificates(t *testing.T) {
	a := newAmazon(t)
	authority := newAuthority(t, nil)
	named := func(names []string, from, until time.Time) []byte {
		return pemOf(authority.sign(t, x509.Certificate{DNSNames: names, NotBefore: from, NotAfter: until}, &a.key.PublicKey))
	}
	good := a.chain
	for name, c := range map[string]struct {
		chain []byte
		err   error
		want  signature.Reason
	}{
		"good":              {good, nil, ""},
		"cannot be had":     {good, errors.New("timeout"), signature.Unavailable},
		"is not there":      {good, fmt.Errorf("404: %w", signature.ErrAbsent), signature.Certificate},
		"of another domain": {named([]string{"sns.evilamazonaws.com"}, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)), nil, signature.Certificate},
		"of no domain":      {named(nil, now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0)), nil, signature.Certificate},
		"over":              {named(forSNS.DNSNames, now.AddDate(-1, 0, 0), now.Add(-time.Second)), nil, signature.Certificate},
		"not yet":           {named(forSNS.DNSNames, now.Add(time.Second), now.AddDate(1, 0, 0)), nil, signature.Certificate},
		"no PEM":            {[]byte("<html>"), nil, signature.Certificate},
	} {
		a.chain, a.answers[snsCertURL] = c.chain, c.err
		v, r := a.verifier(t), a.request(t, nil)
		if got := reason(t, v.Verify(r)); got != c.want {
			t.Errorf("%s: refused for %q, want %q", name, got, c.want)
		}
		if err := v.Verify(r); signature.IsUnavailable(err) != (c.want == signature.Unavailable) {
			t.Errorf("%s: again: %v", name, err)
		}
	}
	unfetched := compile(t, signature.Config{Type: "sns", TopicARN: snsTopic})
	if got := reason(t, unfetched.Verify(a.request(t, nil))); got != signature.Certificate {
		t.Errorf("where nothing can be fetched: refused for %q", got)
	}
}

// The certificate is renewed before its end, beside the requests.
func TestSNSForgetsWhatIsOver(t *testing.T) {
	a := newAmazon(t)
	short := x509.Certificate{DNSNames: forSNS.DNSNames, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Minute)}
	a.chain = pemOf(newAuthority(t, nil).sign(t, short, &a.key.PublicKey))
	v := a.verifier(t)
	if err := v.Verify(a.request(t, nil)); err != nil {
		t.Fatal(err)
	}
	later := a.request(t, nil)
	later.Now = now.Add(2 * time.Minute)
	if got := reason(t, v.Verify(later)); got != signature.Certificate || len(a.fetched) != 2 {
		t.Errorf("after its end: refused for %q, fetched %d times", got, len(a.fetched))
	}
}

// A subscription to our topic is confirmed by a GET of its URL, and only when the message
// is signed; that one ended is heard without one.
func TestSNSConfirms(t *testing.T) {
	a := newAmazon(t)
	for name, c := range map[string]struct {
		change  map[string]string
		err     error
		is      bool
		status  int
		fetched []string
	}{
		"confirmed":              {confirmation(nil), nil, true, 200, []string{snsCertURL, snsConfirm}},
		"SNS does not answer":    {confirmation(nil), errors.New("timeout"), true, 503, []string{snsCertURL, snsConfirm}},
		"SNS knows no such":      {confirmation(nil), signature.ErrAbsent, true, 503, []string{snsCertURL, snsConfirm}},
		"ended":                  {confirmation(map[string]string{"Type": "UnsubscribeConfirmation"}), nil, true, 200, []string{snsCertURL}},
		"forged":                 {confirmation(map[string]string{"Signature": base64.StdEncoding.EncodeToString(make([]byte, 256))}), nil, false, 0, []string{snsCertURL}},
		"another topic":          {confirmation(map[string]string{"TopicArn": snsTopic + "x"}), nil, false, 0, nil},
		"a notification":         {nil, nil, false, 0, nil},
		"another host":           {confirmation(map[string]string{"SubscribeURL": "https://evil.test/?Action=ConfirmSubscription&Token=1"}), nil, true, 503, []string{snsCertURL}},
		"a host of S3":           {confirmation(map[string]string{"SubscribeURL": "https://sns.s3-eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"}), nil, true, 503, []string{snsCertURL}},
		"over http":              {confirmation(map[string]string{"SubscribeURL": "http://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"}), nil, true, 503, []string{snsCertURL}},
		"another action":         {confirmation(map[string]string{"SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=DeleteTopic&Token=1"}), nil, true, 503, []string{snsCertURL}},
		"what could end a query": {confirmation(map[string]string{"SubscribeURL": snsConfirm + "#\r\nX: y"}), nil, false, 0, nil},
	} {
		a.fetched, a.answers[snsConfirm] = nil, c.err
		answer, is := a.verifier(t).Handshake(a.request(t, c.change))
		if is != c.is || answer.Status != c.status || !slices.Equal(a.fetched, c.fetched) || len(answer.Body) > 0 {
			t.Errorf("%s: answered %t %d %q, fetched %q", name, is, answer.Status, answer.Body, a.fetched)
		}
		if answer.Refused() {
			t.Errorf("%s: counted as a failure to verify", name)
		}
	}
}

// Who sends one confirmation again and again makes few fetches of it.
func TestSNSConfirmsLittle(t *testing.T) {
	a := newAmazon(t)
	v, r := a.verifier(t), a.request(t, confirmation(nil))
	for range 20 {
		v.Handshake(r)
	}
	if len(a.fetched) > 4 {
		t.Errorf("%d fetches for one block in one moment", len(a.fetched))
	}
}

func TestSNSTopics(t *testing.T) {
	for _, topic := range []string{"", "orders", "arn:aws:sqs:eu-west-1:123456789012:orders", "arn:aws:sns:eu-west-1:12:orders", "arn:aws:sns:eu-west-1:123456789012:*"} {
		if _, faults := signature.Compile(signature.Config{Type: "aws-sns", TopicARN: topic}); len(faults) != 1 || faults[0].Field != "topic_arn" {
			t.Errorf("%q: faults %v", topic, faults)
		}
	}
}
