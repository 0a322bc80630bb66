package signature

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
)

// msteams is an outgoing webhook of Microsoft Teams: the body is signed with the
// security token, which is base64 (learn.microsoft.com/microsoftteams/platform/
// webhooks-and-connectors/how-to/add-outgoing-webhook). An activity's id is unique in
// its conversation only (learn.microsoft.com/azure/bot-service/rest-api/
// bot-framework-rest-connector-api-reference, "Activity object"), and an edit of a
// message comes with the message's id.
var msteams = descriptor{
	name:      "msteams",
	header:    "Authorization",
	prefix:    "HMAC ",
	signed:    "{body}",
	algorithm: sha256.New,
	encoding:  base64Std,
	key: func(secret string) ([]byte, error) {
		raw, err := base64.StdEncoding.DecodeString(secret)
		if err != nil {
			return nil, errors.New("is not base64: this scheme's secret is the security token that Teams shows")
		}
		return raw, nil
	},
	identities: []Identity{{ID: []string{"id"}, With: []string{"conversation.id", "type", "timestamp"}}},
}
