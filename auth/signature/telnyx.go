package signature

import "crypto/ed25519"

// telnyx signs time and body with Ed25519; the secret is the account's public key, 32
// bytes in base64 (developers.telnyx.com/docs/messaging/messages/receiving-webhooks).
// Who signs as Telnyx does has the private key: its seed and the public key, 64 bytes.
var telnyx = asymmetricFamily{
	descriptor: descriptor{
		name:       "telnyx",
		header:     "Telnyx-Signature-Ed25519",
		timestamp:  "Telnyx-Timestamp",
		clock:      plainSeconds,
		signed:     "{timestamp}|{body}",
		window:     fiveMinutes,
		deliveryID: "data.id",
	},
	decode:  base64Ed25519,
	public:  ed25519Public(func(secret string) (ed25519.PublicKey, error) { return ed25519Half(secret, "") }),
	private: ed25519Private(func(secret string) (ed25519.PrivateKey, error) { return ed25519Pair(secret, "") }),
}
