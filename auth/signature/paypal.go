package signature

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"slices"
	"strconv"
	"strings"
	"time"
)

// paypal signs the transmission's id and time, the webhook's id and the body's
// CRC-32 with the key of a certificate, which each request names by its URL
// (developer.paypal.com/api/rest/webhooks/rest, "Self verification method"). The
// webhook's id stands where other types have a secret: only PayPal can sign with
// it, and only for the webhook that has it.
//
// A CRC keeps no one from finding another body that has the same. So repeats are
// known by the transmission's id, which is signed itself.
var paypal = descriptor{
	name:       "paypal",
	header:     "PAYPAL-TRANSMISSION-SIG",
	timestamp:  "PAYPAL-TRANSMISSION-TIME",
	clock:      rfc3339,
	id:         "PAYPAL-TRANSMISSION-ID",
	barred:     "|",
	window:     fiveMinutes,
	deliveryID: "header:PAYPAL-TRANSMISSION-ID",
}

const (
	paypalAlgorithm = "PAYPAL-AUTH-ALGO"
	paypalCertURL   = "PAYPAL-CERT-URL"
	paypalCertPath  = "/v1/notifications/certs/"
)

// paypalHosts are the only ones that a certificate is fetched from.
var paypalHosts = []string{"api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com"}

var paypalIssuer = issuer{domains: []string{"paypal.com"}}

var paypalScheme = scheme{
	name:  paypal.name,
	reads: []string{"secrets", "tolerance"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{
			proof: &transmission{
				certificates: c.Certificates, allowance: &allowance{},
				window:   paypal.tolerance(c, f),
				webhooks: secrets(c.Secrets, f, paypalWebhook),
			},
			deliveryID: paypal.deliveryID,
		}
	},
}

func paypalWebhook(secret string) (string, error) {
	if len(secret) > 64 || !isPlain(secret, "_-") {
		return "", errors.New("must be the webhook's id, as 1JE4291016473214C")
	}
	return secret, nil
}

// transmission proves by a certificate of PayPal's.
type transmission struct {
	certificates *Certificates
	allowance    *allowance // of the source's requests
	webhooks     []string
	window       time.Duration
}

// verify fetches nothing before all else that can be checked was.
func (p *transmission) verify(r *Request) error {
	id, at, err := p.stamp(r)
	if err != nil {
		return err
	}
	signature, err := p.signature(r)
	if err != nil {
		return err
	}
	url, err := r.header(paypalCertURL)
	if err != nil {
		return err
	}
	if !isPayPalURL(string(url)) {
		return refuse(Certificate, paypalCertURL)
	}
	key, err := p.certificates.key(string(url), &paypalIssuer, p.allowance, r)
	if err != nil {
		return refuseKey(err, paypalCertURL)
	}
	crc := strconv.AppendUint(nil, uint64(crc32.ChecksumIEEE(r.Body)), 10)
	for _, webhook := range p.webhooks {
		sum := sha256.Sum256(bytes.Join([][]byte{id, at, []byte(webhook), crc}, []byte("|")))
		if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) == nil {
			p.allowance.proved(r.client())
			return nil
		}
	}
	return refuse(Mismatch, paypal.header)
}

// stamp gives id and time of the transmission.
func (p *transmission) stamp(r *Request) (id, at []byte, err error) {
	if id, err = r.header(paypal.id); err != nil {
		return nil, nil, err
	}
	if at, err = r.header(paypal.timestamp); err != nil {
		return nil, nil, err
	}
	moment, ok := paypal.clock.read(at)
	switch {
	case !ok:
		return nil, nil, refuse(Malformed, paypal.timestamp)
	case bytes.ContainsAny(id, paypal.barred):
		return nil, nil, refuse(Malformed, paypal.id)
	}
	return id, at, within(p.window, r, moment, paypal.timestamp)
}

// signature reads the signature, in the one text that stands for it.
func (p *transmission) signature(r *Request) ([]byte, error) {
	algorithm, err := r.header(paypalAlgorithm)
	if err != nil {
		return nil, err
	}
	if string(algorithm) != "SHA256withRSA" {
		return nil, refuse(Version, paypalAlgorithm)
	}
	text, err := r.header(paypal.header)
	if err != nil {
		return nil, err
	}
	signature, ok := strictBase64(text)
	if !ok {
		return nil, refuse(Malformed, paypal.header)
	}
	return signature, nil
}

// isPayPalURL tells whether a certificate may be fetched from url: it is compared
// as text, so that no parser can find another host in it.
func isPayPalURL(url string) bool {
	rest, is := strings.CutPrefix(url, "https://")
	host, path, found := strings.Cut(rest, "/")
	name, under := strings.CutPrefix("/"+path, paypalCertPath)
	return is && found && under && len(url) <= certificateURLLength && slices.Contains(paypalHosts, host) &&
		isPlain(name, "_-")
}
