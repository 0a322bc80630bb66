package signature

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"regexp"
	"strings"
	"sync"
)

// sns is Amazon SNS: names and values of the body's members are signed with the key of a
// certificate, which each message names by its URL (docs.aws.amazon.com/sns/latest/dg/
// sns-verify-signature-of-message.html). SNS signs for anyone: that a message is of our
// topic is what makes it ours. The certificate comes alone, as its host gives it.
var (
	snsScheme = snsOf("aws-sns")
	snsAlias  = snsOf("sns")
	snsIssuer = issuer{domains: []string{"amazonaws.com", "amazonaws.com.cn"}, alone: true}
)

const (
	snsKind    = "x-amz-sns-message-type"
	snsTopic   = "x-amz-sns-topic-arn"
	snsCertURL = "SigningCertURL"
	snsField   = "Signature"

	snsNotification = "Notification"
	snsSubscribe    = "SubscriptionConfirmation"
	snsUnsubscribe  = "UnsubscribeConfirmation"
)

func snsOf(name string) scheme {
	return scheme{
		name:  name,
		reads: []string{"topic_arn"},
		build: func(c *Config, f *faults) *Verifier {
			if !snsTopicForm().MatchString(c.TopicARN) {
				f.add("topic_arn", "must be the topic's ARN, as arn:aws:sns:eu-west-1:123456789012:orders: without it anybody's topic would pass")
			}
			p := &ofTopic{certificates: c.Certificates, allowance: &allowance{}, topic: c.TopicARN}
			return &Verifier{proof: p, deliveryID: "MessageId", handshake: p.handshake()}
		},
	}
}

var (
	// snsTopicForm is compiled for the first source of SNS: its 256 repetitions are a third
	// of a megabyte.
	snsTopicForm = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,256}$`)
	})
	// snsHost begins a URL of SNS. A region ends in a number and begins with letters: so
	// that no bucket of S3 that is named "sns" passes for one (sns.s3-eu-west-1.…).
	snsHost = regexp.MustCompile(`^https://sns\.[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(\.cn)?/`)
)

// ofTopic proves by a certificate of SNS.
type ofTopic struct {
	certificates *Certificates
	allowance    *allowance // of the source's requests
	topic        string
}

// snsMessage is what a body says.
type snsMessage struct {
	kind, id, topic, subject, text, at, token, subscribe string
	version, signature, cert                             string
}

func readSNS(body []byte) (m snsMessage, ok bool) {
	found, ok := texts(body, "Type", "MessageId", "TopicArn", "Subject", "Message", "Timestamp", "Token", "SubscribeURL",
		"SignatureVersion", "Signature", snsCertURL)
	if !ok {
		return m, false
	}
	for i, to := range []*string{&m.kind, &m.id, &m.topic, &m.subject, &m.text, &m.at, &m.token, &m.subscribe, &m.version, &m.signature, &m.cert} {
		*to = found[i]
	}
	return m, true
}

// verify fetches nothing before all else that can be checked was.
func (p *ofTopic) verify(r *Request) error {
	m, ok := readSNS(r.Body)
	if !ok {
		return refuse(Malformed, "body")
	}
	if err := p.isOurs(r, &m); err != nil {
		return err
	}
	hash, sum, err := m.sum()
	if err != nil {
		return err
	}
	signature, ok := strictBase64([]byte(m.signature))
	if !ok {
		return refuse(Malformed, snsField)
	}
	if !isSNSCertificate(m.cert) {
		return refuse(Certificate, snsCertURL)
	}
	key, err := p.certificates.key(m.cert, &snsIssuer, p.allowance, r)
	if err != nil {
		return refuseKey(err, snsCertURL)
	}
	if rsa.VerifyPKCS1v15(key, hash, sum, signature) != nil {
		return refuse(Mismatch, snsField)
	}
	p.allowance.proved(r.client())
	return nil
}

// isOurs checks that a message is of our topic, and that its fields say so too: others
// may have looked at them alone.
func (p *ofTopic) isOurs(r *Request, m *snsMessage) error {
	for _, field := range [...]struct{ name, want string }{{snsKind, m.kind}, {snsTopic, m.topic}} {
		value, err := r.header(field.name)
		if err != nil {
			return err
		}
		if string(value) != field.want {
			return refuse(Mismatch, field.name)
		}
	}
	if m.topic != p.topic {
		return refuse(Mismatch, snsTopic)
	}
	if m.signature == "" {
		return refuse(MissingField, snsField)
	}
	return nil
}

// sum gives the hash of what is signed.
func (m *snsMessage) sum() (crypto.Hash, []byte, error) {
	text, ok := m.signed()
	if !ok {
		return 0, nil, refuse(Malformed, "Type")
	}
	switch m.version {
	case "1":
		sum := sha1.Sum([]byte(text))
		return crypto.SHA1, sum[:], nil
	case "2":
		sum := sha256.Sum256([]byte(text))
		return crypto.SHA256, sum[:], nil
	}
	return 0, nil, refuse(Version, "SignatureVersion")
}

// signed gives names and values as they are signed. A line feed ends each, so that no
// value but the message, which is first, may have one.
func (m *snsMessage) signed() (string, bool) {
	pairs := []string{"Message", m.text, "MessageId", m.id}
	switch m.kind {
	case snsNotification:
		if m.subject != "" {
			pairs = append(pairs, "Subject", m.subject)
		}
		pairs = append(pairs, "Timestamp", m.at)
	case snsSubscribe, snsUnsubscribe:
		pairs = append(pairs, "SubscribeURL", m.subscribe, "Timestamp", m.at, "Token", m.token)
	default:
		return "", false
	}
	if strings.Contains(m.id+m.subject+m.at+m.token+m.subscribe, "\n") {
		return "", false
	}
	return strings.Join(append(pairs, "TopicArn", m.topic, "Type", m.kind, ""), "\n"), true
}

// isSNSCertificate tells whether a certificate may be fetched from url: it is compared as
// text, so that no parser can find another host in it.
func isSNSCertificate(url string) bool {
	host := snsHost.FindString(url)
	name, pem := strings.CutSuffix(url[len(host):], ".pem")
	return host != "" && pem && len(url) <= certificateURLLength && isPlain(name, "_-")
}
