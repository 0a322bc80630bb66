package signature

// gitlab sends the webhook's secret token as it is, and signs nothing
// (docs.gitlab.com/user/project/integrations/webhooks, "Validate payloads by using a
// secret token"). Its newer signing token is Standard Webhooks: the type standard.
//
// The Idempotency-Key is the same when a webhook is sent again; the event's UUID is
// there for releases that do not send it yet.
var gitlab = scheme{
	name:  "gitlab",
	reads: []string{"secrets"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{
			proof:      &credential{name: "X-Gitlab-Token", take: (*Request).header, right: sums(c.Secrets, f)},
			identities: []Identity{{ID: []string{"header:Idempotency-Key", "header:X-Gitlab-Event-UUID"}}},
		}
	},
}
