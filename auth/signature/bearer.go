package signature

// bearer is `Authorization: Bearer SECRET` (RFC 6750).
var bearer = scheme{
	name:  "bearer",
	reads: []string{"secrets"},
	build: func(c *Config, f *faults) *Verifier {
		return &Verifier{proof: &credential{
			name:  "Authorization",
			take:  authorization("bearer"),
			right: sums(c.Secrets, f),
		}}
	},
}
