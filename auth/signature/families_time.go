package signature

import (
	"crypto/sha1"
	"crypto/sha256"
	"time"
)

// timeFamilies sign a time and the body.
var timeFamilies = []descriptor{
	{ // developer.paddle.com/webhooks/signature-verification
		name: "paddle", header: "Paddle-Signature", prefix: "h1=", list: ';', stamp: "ts=",
		clock: plainSeconds, window: fiveMinutes, signed: "{timestamp}:{body}",
		algorithm: sha256.New, encoding: hexLower, deliveryID: "event_id",
	},
	{ // workos.com/docs/events/data-syncing/webhooks
		name: "workos", header: "WorkOS-Signature", prefix: "v1=", list: ',', shape: timeFirst, blanks: true, stamp: "t=",
		clock: milliseconds, window: 3 * time.Minute, signed: "{timestamp}.{body}",
		algorithm: sha256.New, encoding: hexLower, deliveryID: "id",
	},
	{ // www.mux.com/docs/core/verify-webhook-signatures
		name: "mux", header: "Mux-Signature", prefix: "v1=", list: ',', stamp: "t=",
		clock: plainSeconds, window: fiveMinutes, signed: "{timestamp}.{body}",
		algorithm: sha256.New, encoding: hexLower, deliveryID: "id",
	},
	{ // elevenlabs.io/docs/eleven-agents/workflows/post-call-webhooks
		name: "elevenlabs", header: "ElevenLabs-Signature", prefix: "v0=", list: ',', shape: onceEach, stamp: "t=",
		clock: plainSeconds, window: 30 * time.Minute, signed: "{timestamp}.{body}",
		algorithm: sha256.New, encoding: hexLower,
	},
	{ // www.sanity.io/docs/content-lake/webhook-best-practices
		name: "sanity", header: "sanity-webhook-signature", prefix: "v1=", list: ',', shape: timeFirst, blanks: true, stamp: "t=",
		clock: milliseconds, window: fiveMinutes, signed: "{timestamp}.{body}",
		algorithm: sha256.New, encoding: base64URL, deliveryID: "header:idempotency-key",
	},
	{ // docs.retellai.com/features/secure-webhook; 13 digits end what is signed
		name: "retell", header: "X-Retell-Signature", prefix: "d=", list: ',', shape: timeFirst, stamp: "v=",
		clock: milliseconds, window: fiveMinutes, signed: "{body}{timestamp}",
		algorithm: sha256.New, encoding: hexLower, upperHex: true,
	},
	{ // docs.withorb.com/integrations-and-exports/webhooks
		name: "orb", header: "X-Orb-Signature", prefix: "v1=", list: ' ', timestamp: "X-Orb-Timestamp",
		clock: isoUTC, window: fiveMinutes, signed: "v1:{timestamp}:{body}",
		algorithm: sha256.New, encoding: hexLower, deliveryID: "id",
	},
	{ // docs.metronome.com/developer-resources/configure-webhooks; Date counts for nothing
		name: "metronome", header: "Metronome-Webhook-Signature", timestamp: "X-Metronome-Date",
		clock: httpDate, window: fiveMinutes, signed: "{timestamp}\n{body}",
		algorithm: sha256.New, encoding: hexLower, deliveryID: "id",
	},
	{ // cloudinary.com/documentation/notification_signatures; SHA-256 where the account is set to it
		name: "cloudinary", header: "X-Cld-Signature", timestamp: "X-Cld-Timestamp",
		clock: tenDigits, window: 2 * time.Hour, signed: "{body}{timestamp}{secret}",
		algorithm: sha1.New, plain: true, encoding: hexLower, reads: []string{"algorithm"}, configure: cloudinaryHash,
	},
	{ // www.cashfree.com/docs/api-reference/vrs/webhook-signature-verification
		name: "cashfree", header: "x-webhook-signature", timestamp: "x-webhook-timestamp",
		clock: milliseconds, window: fiveMinutes, signed: "{timestamp}{body}",
		algorithm: sha256.New, encoding: base64Std,
	},
	{ // developer.box.com/guides/webhooks/v2/signatures-v2; two keys, for their rotation
		name: "box", header: "BOX-SIGNATURE-PRIMARY", also: "BOX-SIGNATURE-SECONDARY", either: true,
		timestamp: "BOX-DELIVERY-TIMESTAMP", clock: isoOffset, window: 10 * time.Minute,
		fixed:  []fixed{{"BOX-SIGNATURE-VERSION", "1", Version}, {"BOX-SIGNATURE-ALGORITHM", "HmacSHA256", Version}},
		signed: "{body}{timestamp}", algorithm: sha256.New, encoding: base64Std, deliveryID: "header:BOX-DELIVERY-ID",
	},
	{ // developers.sinch.com/docs/conversation/callbacks; the nonce ends with the last full stop but one
		name: "sinch", header: "x-sinch-webhook-signature", timestamp: "x-sinch-webhook-signature-timestamp",
		clock: plainSeconds, window: fiveMinutes, id: "x-sinch-webhook-signature-nonce", barred: ".",
		fixed:  []fixed{{"x-sinch-webhook-signature-algorithm", "HmacSHA256", Version}},
		signed: "{body}.{id}.{timestamp}", algorithm: sha256.New, encoding: base64Std, deliveryID: "message.id",
	},
	lark,
}

// cloudinaryHash takes the hash that the account is set to.
func cloudinaryHash(d *descriptor, c *Config, f *faults) {
	switch c.Algorithm {
	case "", "sha1":
	case "sha256":
		d.algorithm = sha256.New
	default:
		f.word("algorithm", c.Algorithm, "sha1", "sha256")
	}
}
