package signature

// generic is the HMAC of a sender that we have no name for, as the operator
// describes it.
var generic = scheme{
	name: "hmac",
	reads: []string{
		"header", "algorithm", "encoding", "prefix", "signed", "timestamp_header", "timestamp_unit", "format", "tolerance", "secrets",
	},
	build: func(c *Config, f *faults) *Verifier {
		g := newDigest(describe(c, f), c, f)
		if g.template.count(partID) > 0 {
			f.add("signed", "has {id}, which is for signing: use {header:Name} of the sender's id header")
		}
		if c.Tolerance != 0 && !brings(c) {
			f.add("tolerance", "needs timestamp_header or format")
		}
		checkTimestamp(c, g.template, f)
		return &Verifier{proof: g}
	},
}

// brings tells whether a time comes with what is signed.
func brings(c *Config) bool { return c.TimestampHeader != "" || c.HeaderFormat != "" }

// describe makes the descriptor of what an operator wrote for hmac.
func describe(c *Config, f *faults) descriptor {
	written := or(c.Encoding, "hex")
	d := descriptor{
		header:    c.Header,
		prefix:    c.Prefix,
		timestamp: c.TimestampHeader,
		clock:     units[or(c.TimestampUnit, "s")],
		signed:    or(c.Signed, "{body}"),
		algorithm: algorithms[or(c.Algorithm, "sha256")],
		encoding:  encodings[written],
		upperHex:  written == "hex", // unknown senders write it either way
		padless:   written != "hex",
		window:    fiveMinutes,
	}
	f.headerName("header", c.Header)
	f.bounded("prefix", c.Prefix, mostAround)
	f.bounded("signed", c.Signed, mostSigned)
	if d.algorithm == nil {
		f.word("algorithm", c.Algorithm, "sha1", "sha256", "sha512")
		d.algorithm = algorithms["sha256"] // goes on only to find the other faults
	}
	if d.encoding.write == nil {
		f.word("encoding", c.Encoding, "hex", "base64", "base64url")
	}
	for _, b := range []byte(c.Prefix) {
		if b < ' ' || b == 0x7f {
			f.add("prefix", "has a control character, which no header can carry")
			break
		}
	}
	d.describeTime(c, alphabets[written], f)
	return d
}

// describeTime says how a time comes with the signature.
func (d *descriptor) describeTime(c *Config, alphabet string, f *faults) {
	if d.clock.read == nil {
		f.word("timestamp_unit", c.TimestampUnit, "s", "ms", "us", "iso")
	}
	if c.TimestampUnit != "" && !brings(c) {
		f.add("timestamp_unit", "needs timestamp_header or format")
	}
	if c.TimestampHeader != "" {
		f.headerName("timestamp_header", c.TimestampHeader)
	}
	if c.HeaderFormat == "" {
		return
	}
	if c.Prefix != "" {
		f.add("prefix", "is within format: remove it")
	}
	if c.TimestampHeader != "" {
		f.add("timestamp_header", "is where format has no {timestamp}: remove one of them")
	}
	p, err := parseFormat(c.HeaderFormat, alphabet)
	if err != nil {
		f.add("format", "%v", err)
	}
	d.format = p
}

// checkTimestamp holds that a timestamp is both sent and signed: one alone
// protects from nothing.
func checkTimestamp(c *Config, signed template, f *faults) {
	switch in := signed.count(partTimestamp) > 0; {
	case signed == nil: // its own fault is told already
	case in && !brings(c):
		f.add("timestamp_header", "is missing: signed has {timestamp}")
	case !in && c.HeaderFormat != "":
		f.add("signed", "has no {timestamp}, so the one in the header could be changed by anyone")
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
