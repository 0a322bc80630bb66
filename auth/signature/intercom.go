package signature

import (
	"crypto/sha1"
	"net/http"
)

// intercom signs the body with the app's client secret
// (developers.intercom.com/docs/webhooks/setting-up-webhooks, "Signed
// notifications"). It is SHA-1: as a MAC it is not broken, and Intercom has no other.
var intercom = descriptor{
	name:       "intercom",
	header:     "X-Hub-Signature",
	prefix:     "sha1=",
	signed:     "{body}",
	algorithm:  sha1.New,
	encoding:   hexLower,
	deliveryID: "id",
	handshake:  intercomHandshake,
}

// intercomHandshake answers the HEAD by which Intercom tries the URL out when it is
// configured. It is not signed, and the answer says no more than that this is a URL
// for Intercom.
func intercomHandshake(*Config, *digest) handshake {
	return handshake{
		proves: true,
		asked:  func(r *Request) bool { return r.Method == http.MethodHead },
		answer: func(*Request) (Answer, bool) { return Answer{Status: http.StatusOK}, true },
	}
}
