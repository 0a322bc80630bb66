package signature

import (
	"encoding/base64"
	"slices"
)

// Trial gives what a sender would add to a message so that it passes the verifier of c:
// header fields and parameters of the query. ok is false where that takes what only the
// sender has: a private key, a certificate, or a body of its own making.
func Trial(c Config, m Message) (header, query [][2]string, ok bool) {
	own := c
	own.Tolerance, own.VerifyToken = 0, "" // which only who verifies reads
	if own.Type == "none" {
		return nil, nil, true
	}
	if slices.Contains(Senders(), own.Type) || composerOf(own.Type) != nil {
		signer, faults := CompileSender(own)
		if len(faults) > 0 {
			return nil, nil, false
		}
		signer.Sign(m, func(name string, value []byte) { header = append(header, [2]string{name, string(value)}) })
		return header, nil, len(header) > 0
	}
	v, faults := Compile(c)
	if len(faults) > 0 {
		return nil, nil, false
	}
	shown, is := v.proof.(*credential)
	if !is {
		return nil, nil, false
	}
	value := ""
	switch {
	case own.Type == basic.name:
		value = "Basic " + base64.StdEncoding.EncodeToString([]byte(own.Username+":"+own.Password))
	case len(own.Secrets) == 0:
		return nil, nil, false
	case own.Type == bearer.name:
		value = "Bearer " + own.Secrets[0]
	default:
		value = own.Secrets[0]
	}
	if shown.query {
		return nil, [][2]string{{shown.name, value}}, true
	}
	return [][2]string{{shown.name, value}}, nil, true
}
