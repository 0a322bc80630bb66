package signature

import (
	"bytes"
	"crypto/sha256"
	"net/http"
)

// meta is WhatsApp, Messenger and Instagram: the body is signed with the app
// secret (developers.facebook.com/docs/graph-api/webhooks/getting-started).
var meta = descriptor{
	name:       "meta",
	header:     "X-Hub-Signature-256",
	prefix:     "sha256=",
	signed:     "{body}",
	algorithm:  sha256.New,
	encoding:   hexLower,
	identities: metaIdentities,
	reads:      []string{"verify_token"},
	handshake:  metaHandshake,
}

// metaIdentities: up to 1000 updates come in one request, of all kinds. What has no
// id of a message (an account's update, a comment) is never known again, and neither
// is a request that brings it.
var metaIdentities = []Identity{{Each: "entry", In: []Identity{
	{Each: "changes", In: []Identity{whatsApp("messages"), whatsApp("message_echoes"), whatsApp("statuses"), whatsApp("calls")}},
	messenger("messaging"), messenger("standby"),
}}}

// whatsApp is a list of WhatsApp. Under a message's id follow its statuses, in a group
// of each participant (developers.facebook.com/documentation/business-messaging/
// whatsapp/webhooks/reference/messages/status); under a call's id its events. An edit,
// a reaction and a deletion are messages with ids of their own. The type tells a
// message from the "unsupported" that may stand in for it.
func whatsApp(list string) Identity {
	i := Identity{Each: "value." + list, ID: []string{"id"}, With: []string{"type", "timestamp"}}
	switch list {
	case "statuses":
		i.With = []string{"status", "type", "timestamp", "recipient_id", "recipient_participant_id"}
	case "calls":
		i.With = []string{"event", "timestamp"}
	}
	return i
}

// messenger is a list of Messenger or Instagram. A message that is taken back comes
// with its mid again, as do edits and reactions; receipts name other messages' mids,
// or only the moment up to which all was read (developers.facebook.com/docs/
// messenger-platform/reference/webhook-events).
func messenger(list string) Identity {
	return Identity{
		Each: list,
		ID:   []string{"message.mid", "postback.mid", "message_edit", "reaction", "delivery", "read"},
		With: []string{"message.is_deleted", "timestamp", "sender.id", "recipient.id"},
	}
}

// metaHandshake answers `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`
// with the challenge. The request is not signed: the token is its proof. Without
// a token of ours nothing passes, since an empty one counts as missing.
func metaHandshake(c *Config, _ *digest) handshake {
	right := []sum{sumOf(c.VerifyToken)}
	return handshake{
		proves: true,
		asked: func(r *Request) bool {
			if r.Method != http.MethodGet {
				return false
			}
			mode, err := r.parameter("hub.mode")
			return err == nil && bytes.Equal(mode, []byte("subscribe"))
		},
		answer: func(r *Request) (Answer, bool) {
			token, errToken := r.parameter("hub.verify_token")
			got := sha256.Sum256(token)
			challenge, errChallenge := r.parameter("hub.challenge")
			if !among(right, &got) || errToken != nil || errChallenge != nil || len(challenge) > mostChallenge {
				return Answer{Status: http.StatusForbidden}, true
			}
			return echo(string(challenge)), true
		},
	}
}
