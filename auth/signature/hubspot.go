package signature

import (
	"crypto/sha256"
	"strings"
)

// hubspot is version 3 of HubSpot's signatures (developers.hubspot.com/docs/apps/
// developer-platform/build-apps/authentication/request-validation). A request
// brings up to a hundred events. An event's id is not promised to be its own
// (developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide, "Webhooks
// payloads"), but with subscription, object, property and time it is; a repeat
// differs in attemptNumber alone.
var hubspot = descriptor{
	name:       "hubspot",
	header:     "X-HubSpot-Signature-v3",
	timestamp:  "X-HubSpot-Request-Timestamp",
	clock:      milliseconds,
	signed:     "{method}{url}{body}{timestamp}",
	asSigned:   hubspotURL,
	algorithm:  sha256.New,
	encoding:   base64Std,
	window:     fiveMinutes,
	identities: hubspotEvents,
}

// Versions 1 and 2 sign no time, and hash the secret before the text instead of
// using HMAC: who sees one request can send it again, and can make a signature for
// its body with more bytes behind it. So they pass only where a source asks for
// them by name, never because a request says that it is of that version.
var (
	hubspotV1 = descriptor{
		name:       "hubspot-v1",
		header:     "X-HubSpot-Signature",
		signed:     "{secret}{body}",
		plain:      true,
		algorithm:  sha256.New,
		encoding:   hexLower,
		identities: hubspotEvents,
	}
	hubspotV2 = descriptor{
		name:       "hubspot-v2",
		header:     "X-HubSpot-Signature",
		signed:     "{secret}{method}{url}{body}",
		plain:      true,
		algorithm:  sha256.New,
		encoding:   hexLower,
		identities: hubspotEvents,
	}
)

var hubspotEvents = []Identity{{
	Each: "$",
	ID:   []string{"eventId"},
	With: []string{"subscriptionId", "occurredAt", "objectId", "propertyName"},
}}

// hubspotURL undoes the percent-encoding of these characters, and of no others:
// so does HubSpot before it signs.
func hubspotURL(url string) string {
	if !strings.Contains(url, "%") {
		return url
	}
	return hubspotDecoder.Replace(url)
}

// A Replacer of pairs of different lengths looks at each place once: what it has
// decoded is not decoded again.
var hubspotDecoder = func() *strings.Replacer {
	var pairs []string
	for _, c := range []byte(":/?@!$'()*,;") {
		const upper, lower = "0123456789ABCDEF", "0123456789abcdef"
		pairs = append(pairs,
			"%"+upper[c>>4:c>>4+1]+upper[c&15:c&15+1], string(c),
			"%"+lower[c>>4:c>>4+1]+lower[c&15:c&15+1], string(c))
	}
	return strings.NewReplacer(pairs...)
}()
