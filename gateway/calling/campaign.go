package calling

import (
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// campaignMembers are those of the body of profile campaign; the last two go along
// when the call gives them.
var campaignMembers = [...]string{"campaignId", "label", "phoneNumber", "date", "response", "option", "keyword"}

const (
	campaignFixed = 5
	campaignDate  = 3
	campaignTime  = "2006-01-02T15:04:05.00Z" // UTC (SPEC 8)
)

// appendCampaign writes the body of profile campaign (SPEC 8, 14) from the context,
// and beside it the further members of the webhook, which replace none of these.
func appendCampaign(dst []byte, q *Request, now time.Time) []byte {
	given := membersOf(q.Context, campaignMembers[:])
	given[campaignDate] = campaignMoment(q.Context, now).UTC().Format(`"` + campaignTime + `"`)
	dst = append(dst, '{')
	for i, name := range campaignMembers {
		switch {
		case given[i] != "":
			dst = appendNamed(dst, name, given[i])
		case i < campaignFixed:
			dst = appendNamed(dst, name, "null")
		}
	}
	if extra := q.Webhook.Extra; len(extra) > 0 {
		gjson.ParseBytes(extra).ForEach(func(name, value gjson.Result) bool {
			if i := slices.Index(campaignMembers[:], name.Str); i < 0 || i >= campaignFixed && given[i] == "" {
				dst = appendNamed(dst, name.Str, value.Raw)
			}
			return true
		})
	}
	return append(dst, '}')
}

// dateOf reads the date of a context in any form that a variable may have (SPEC 14).
var dateOf = sync.OnceValue(func() *mapping.Program {
	program, faults := mapping.Compile(nil, []gateway.Variable{{Name: "date", Path: "date", Type: "date"}}, mapping.Bounds{})
	if faults != nil {
		panic(faults[0].String()) // it is the same for everybody
	}
	return program
})

// campaignMoment gives the date of a context; now where it has none that is one.
func campaignMoment(context gateway.Raw, now time.Time) time.Time {
	if len(context) == 0 {
		return now
	}
	var v mapping.Values
	date := dateOf()
	date.Set.Read(&mapping.Document{Body: mapping.JSON, Raw: context}, &v)
	found, _ := date.Rules.AppendVariables(nil, &v, anyAnswer)
	at, err := time.Parse(gateway.TimeFormat, gjson.GetBytes(found, "date").Str)
	if err != nil {
		return now
	}
	return at
}
