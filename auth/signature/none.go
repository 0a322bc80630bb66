package signature

// none lets everybody in. It must be written out, so that nobody has it unawares.
var none = scheme{
	name: "none",
	build: func(*Config, *faults) *Verifier {
		return &Verifier{proof: anybody{}}
	},
}

type anybody struct{}

func (anybody) verify(*Request) error { return nil }
