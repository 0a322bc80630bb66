package signature

import (
	"encoding/json"
	"slices"
)

// botFramework is Microsoft's bots, in Teams and elsewhere: its connector signs for
// which bot it is and where answers go, and nothing else of the body (learn.microsoft.
// com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication). Each of
// its keys is endorsed for the channels that may use it.
var botFramework = tokenFamily{
	name:       "botframework",
	header:     "Authorization",
	word:       "Bearer",
	algorithms: []string{"RS256"},
	reads:      []string{"app_id", "endorsements"},
	tolerance:  fiveMinutes,
	keysAt:     "https://login.botframework.com/v1/.well-known/keys",
	deliveryID: "id",
	policy: func(c *Config, f *faults) policy {
		f.needs("app_id", c.AppID, "the bot's Microsoft app id")
		return policy{
			rules: []rule{is("iss", Claim, "https://api.botframework.com"), is("aud", Claim, c.AppID)},
			more:  fromChannel,
		}
	},
}

// fromChannel holds the body to what is signed: an answer would go to its serviceUrl,
// with a token of ours.
func fromChannel(t *openToken, key *tokenKey, r *Request) error {
	found, ok := members(r.Body, "serviceUrl", "channelId")
	var at, channel string
	if !ok || json.Unmarshal(found[0], &at) != nil || json.Unmarshal(found[1], &channel) != nil {
		return refuse(Malformed, "body")
	}
	if signed, is := t.claims.text("serviceurl"); !is || string(signed) != at {
		return refuse(Claim, "serviceurl")
	}
	if !slices.Contains(key.endorsements, channel) {
		return refuse(Claim, "endorsements")
	}
	return nil
}
