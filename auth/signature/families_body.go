package signature

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"golang.org/x/text/unicode/norm"
)

// bodyFamilies sign the body alone: who saw a request can send it again, so that only
// the window of its repeats keeps it from being taken twice. What is more to tell of one
// stands in a file of its own.
var bodyFamilies = []descriptor{
	{ // docs.cdp.coinbase.com/commerce/docs/webhooks-security
		name: "coinbase-commerce", header: "X-CC-Webhook-Signature", signed: "{body}",
		algorithm: sha256.New, encoding: hexLower, deliveryID: "event.id",
	},
	{ // developer.gocardless.com/getting-started/staying-up-to-date-with-webhooks
		name: "gocardless", header: "Webhook-Signature", signed: "{body}",
		algorithm: sha256.New, encoding: hexLower, upperHex: true, deliveryID: "meta.webhook_id",
	},
	{ // documentation.onfido.com/api/latest, "Verifying webhook signatures"
		name: "onfido", header: "X-SHA2-Signature", signed: "{body}",
		algorithm: sha256.New, encoding: hexLower, upperHex: true,
	},
	stream,
	{ // docs.moderntreasury.com/platform/reference/webhooks
		name: "modern-treasury", header: "X-Signature", signed: "{body}",
		algorithm: sha256.New, encoding: hexLower,
	},
	{ // developers.mailersend.com/api/v1/webhooks.html, "Security"
		name: "mailersend", header: "Signature", signed: "{body}",
		algorithm: sha256.New, encoding: hexLower, deliveryID: "data.id",
	},
	pusher,
	hookdeck,
	{ // docs.easypost.com/guides/webhooks-guide: the secret is put into the form NFKD first
		name: "easypost", header: "X-Hmac-Signature", prefix: "hmac-sha256-hex=", signed: "{body}",
		algorithm: sha256.New, encoding: hexLower, deliveryID: "id",
		key: func(secret string) ([]byte, error) { return norm.NFKD.Bytes([]byte(secret)), nil },
	},
	{ // docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures
		name: "adyen-platform", header: "HmacSignature", signed: "{body}",
		algorithm: sha256.New, encoding: base64Std, key: hexSecret,
	},
	{ // developers.sinch.com/docs/numbers/api-reference/numbers/tag/Numbers-Callbacks
		name: "sinch-numbers", header: "X-Sinch-Signature", signed: "{body}",
		algorithm: sha1.New, encoding: hexLower, deliveryID: "eventId",
	},
	{ // docs.gitea.com/usage/webhooks
		name: "gitea", header: "X-Gitea-Signature", signed: "{body}",
		algorithm: sha256.New, encoding: hexLower, upperHex: true, deliveryID: "header:X-Gitea-Delivery",
	},
	pagerduty,
	linear,
}

// hexSecret reads a key that is written in hex.
func hexSecret(secret string) ([]byte, error) {
	key, err := hex.DecodeString(secret)
	if err != nil {
		return nil, errors.New("is not hex: this scheme's secret is the HMAC key as the provider shows it")
	}
	return key, nil
}
