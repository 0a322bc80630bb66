package signature

// token is a secret in a header or a query parameter of the operator's choice.
var token = scheme{
	name:  "token",
	reads: []string{"in", "name", "secrets"},
	build: func(c *Config, f *faults) *Verifier {
		proof := &credential{name: c.Name, right: sums(c.Secrets, f)}
		switch c.In {
		case "header":
			proof.take = (*Request).header
			f.headerName("name", c.Name)
		case "query":
			proof.take, proof.query = (*Request).parameter, true
			if c.Name == "" {
				f.add("name", "is missing: set the name of a query parameter")
			}
		default:
			f.word("in", c.In, "header", "query")
		}
		return &Verifier{proof: proof}
	},
}
