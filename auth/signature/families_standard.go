package signature

import "strings"

// standardFamilies sign as Standard Webhooks and Svix do: what is other is the name, and
// of some what the secret's text stands for.
var standardFamilies = []descriptor{
	near(standard, "openai", openAIKey),     // platform.openai.com/docs/guides/webhooks
	near(standard, "replicate", strictKey),  // replicate.com/docs/topics/webhooks/verify-webhook
	near(standard, "liveblocks", strictKey), // liveblocks.io/docs/platform/webhooks
	near(standard, "dodo", strictKey),       // docs.dodopayments.com/developer-resources/webhooks
	near(standard, "lithic", strictKey),     // docs.lithic.com/docs/events-api
	near(standard, "anthropic", strictKey),  // docs.claude.com/en/docs/build-with-claude/webhooks
	near(standard, "polar", nil),            // polar.sh/docs/integrate/webhooks/delivery
	near(svix, "resend", strictKey),         // resend.com/docs/dashboard/webhooks/verify-webhooks-requests
	near(svix, "clerk", strictKey),          // clerk.com/docs/webhooks/sync-data
}

// near is a family under another name, with other secrets; nil: the secret's own bytes.
func near(d descriptor, name string, key func(secret string) ([]byte, error)) descriptor {
	d.name, d.key = name, key
	return d
}

// openAIKey reads the key of a secret: base64 behind "whsec_", else the text itself.
func openAIKey(secret string) ([]byte, error) {
	if strings.HasPrefix(secret, whsecPrefix) {
		return strictKey(secret)
	}
	return []byte(secret), nil
}
