package signature_test

import (
	"maps"
	"testing"

	"hookgate/auth/signature"
)

// tables2 say how the cases of signatures-2.json are configured: a table for each of
// providers-2.md.
var tables2 = []map[string]func(*vector) signature.Config{bodyAlone, timeAndBody, nearStandard, tokens}

var bodyAlone = map[string]func(*vector) signature.Config{
	"coinbase-commerce": provider("coinbase-commerce"),
	"gocardless":        provider("gocardless"),
	"onfido":            provider("onfido"),
	"stream": func(v *vector) signature.Config {
		return signature.Config{Type: "stream", Secrets: v.secrets(), APIKey: v.Config.APIKey}
	},
	"modern-treasury": provider("modern-treasury"),
	"mailersend":      provider("mailersend"),
	"pusher": func(v *vector) signature.Config { // its secrets have those of the tokens in them
		return signature.Config{Type: "pusher", Secrets: []string{v.Secret}, Key: v.Config.Key, Tokens: v.Config.Tokens}
	},
	"hookdeck": func(v *vector) signature.Config {
		return signature.Config{Type: "hookdeck", Secrets: v.secrets(), CheckSource: v.Config.CheckSource}
	},
	"easypost":       provider("easypost"),
	"adyen-platform": provider("adyen-platform"),
	"sinch-numbers":  provider("sinch-numbers"),
	"gitea":          provider("gitea"),
	"pagerduty":      provider("pagerduty"),
	"gitlab":         provider("gitlab"),
	"linear":         provider("linear"),
}

var timeAndBody = map[string]func(*vector) signature.Config{
	"paddle":     provider("paddle"),
	"workos":     provider("workos"),
	"mux":        provider("mux"),
	"elevenlabs": provider("elevenlabs"),
	"sanity":     provider("sanity"),
	"retell":     provider("retell"),
	"orb":        provider("orb"),
	"metronome":  provider("metronome"),
	"cloudinary": func(v *vector) signature.Config {
		return signature.Config{Type: "cloudinary", Secrets: v.secrets(), Algorithm: v.Config.Algorithm}
	},
	"cashfree": provider("cashfree"),
	"box":      provider("box"),
	"sinch":    provider("sinch"),
	"telnyx":   provider("telnyx"),
	"sendgrid": provider("sendgrid"),
	"lark": func(v *vector) signature.Config {
		return signature.Config{Type: "lark", Secrets: v.secrets(), VerificationToken: v.Config.VerificationToken}
	},
}

var nearStandard = map[string]func(*vector) signature.Config{
	"openai":     provider("openai"),
	"resend":     provider("resend"),
	"clerk":      provider("clerk"),
	"replicate":  provider("replicate"),
	"liveblocks": provider("liveblocks"),
	"dodo":       provider("dodo"),
	"lithic":     provider("lithic"),
	"anthropic":  provider("anthropic"),
	"polar":      provider("polar"),
}

// means2 is means for signatures-2.json, where a signature that is no text of the
// scheme's is malformed: to us it is one that no secret gives.
var means2 = func() map[string][]signature.Reason {
	all := maps.Clone(means)
	all["malformed"] = []signature.Reason{signature.Malformed, signature.Mismatch}
	maps.Copy(all, tokenMeans)
	return all
}()

func TestVectors2(t *testing.T) {
	configured := map[string]func(*vector) signature.Config{}
	for _, table := range tables2 {
		maps.Copy(configured, table)
	}
	ran := map[string]int{}
	for _, c := range vectorsIn(t, "testdata/signatures-2.json") {
		ran[c.Scheme]++
		if _, is := composedTable[c.Scheme]; is { // TestComposedVectors
			continue
		}
		config, is := configured[c.Scheme]
		if !is {
			t.Errorf("%s: scheme %s is not built", c.ID, c.Scheme)
			continue
		}
		t.Run(c.ID, func(t *testing.T) { checkVector(t, compile(t, config(&c)), &c) })
	}
	for scheme := range configured {
		if ran[scheme] == 0 {
			t.Errorf("there is no case of scheme %s", scheme)
		}
	}
}

// checkVector holds a verifier to a case: to the answer of a handshake, if it is one,
// and to what passes.
func checkVector(t *testing.T, v *signature.Verifier, c *vector) {
	t.Helper()
	r := c.request(t)
	checkVerdict(t, c, v.Verify(r), means2)
	a, is := v.Handshake(r)
	if want := c.Answer; is != (want != nil) || is && (a.Status != want.Status || a.ContentType != want.Type || string(a.Body) != want.Body) {
		t.Errorf("%s: a handshake: %t, answered %d %s %q", c.Note, is, a.Status, a.ContentType, a.Body)
	}
}
