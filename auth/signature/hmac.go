package signature

// generic is the HMAC of a sender that we have no name for, as the operator
// describes it.
var generic = scheme{
	name:  "hmac",
	reads: []string{"header", "algorithm", "encoding", "prefix", "signed", "timestamp_header", "tolerance", "secrets"},
	build: func(c *Config, f *faults) *Verifier {
		g := newDigest(describe(c, f), c, f)
		if g.template.count(partID) > 0 {
			f.add("signed", "has {id}, which is for signing: use {header:Name} of the sender's id header")
		}
		if c.Tolerance != 0 && c.TimestampHeader == "" {
			f.add("tolerance", "needs timestamp_header")
		}
		checkTimestamp(c, g.template, f)
		return &Verifier{proof: g}
	},
}

// describe makes the descriptor of what an operator wrote for hmac.
func describe(c *Config, f *faults) descriptor {
	d := descriptor{
		header:    c.Header,
		prefix:    c.Prefix,
		timestamp: c.TimestampHeader,
		clock:     seconds,
		signed:    or(c.Signed, "{body}"),
		algorithm: algorithms[or(c.Algorithm, "sha256")],
		encoding:  encodings[or(c.Encoding, "hex")],
		upperHex:  or(c.Encoding, "hex") == "hex", // unknown senders write it either way
		window:    fiveMinutes,
	}
	f.headerName("header", c.Header)
	if d.algorithm == nil {
		f.add("algorithm", "is %q: must be sha1, sha256 or sha512", c.Algorithm)
		d.algorithm = algorithms["sha256"] // goes on only to find the other faults
	}
	if d.encoding.write == nil {
		f.add("encoding", "is %q: must be hex or base64", c.Encoding)
	}
	for _, b := range []byte(c.Prefix) {
		if b < ' ' || b == 0x7f {
			f.add("prefix", "has a control character, which no header can carry")
			break
		}
	}
	if c.TimestampHeader != "" {
		f.headerName("timestamp_header", c.TimestampHeader)
	}
	return d
}

// checkTimestamp holds that a timestamp is both sent and signed: one alone
// protects from nothing.
func checkTimestamp(c *Config, signed template, f *faults) {
	switch in := signed.count(partTimestamp) > 0; {
	case signed == nil: // its own fault is told already
	case in && c.TimestampHeader == "":
		f.add("timestamp_header", "is missing: signed has {timestamp}")
	case !in && c.TimestampHeader != "":
		f.add("signed", "has no {timestamp}, so the one in timestamp_header could be changed by anyone")
	}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
