package signature

// opener gives what a provider's body hides, which is JSON; false where it hides nothing
// that can be read.
type opener func(body []byte) (opened []byte, ok bool)

// Open gives what a verified body says, where the scheme's senders hide it (Lark
// encrypts, Dropbox Sign puts it into a form): paths look there, and so does what a repeat is known by. Of a body that
// hides nothing is is false.
func (v *Verifier) Open(body []byte) (opened []byte, is bool) {
	if v.open == nil {
		return nil, false
	}
	return v.open(body)
}
