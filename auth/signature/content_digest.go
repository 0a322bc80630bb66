package signature

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
)

// contentDigest is the header that stands for the body where only headers are signed
// (RFC 9530, section 2), as a component of a signature.
const contentDigest = "content-digest"

// digestOfBody checks the body, as it was received, against every digest that the
// header has by an algorithm still held to be safe: one at least.
func digestOfBody(r *Request) error {
	value, err := r.header(contentDigest)
	if err != nil {
		return err
	}
	digests, ok := byteSequences(value)
	if !ok {
		return refuse(Malformed, contentDigest)
	}
	checked, same := 0, 1
	for i := range digests.count {
		value := digests.values[i]
		switch string(digests.names[i]) {
		case "sha-256":
			sum := sha256.Sum256(r.Body)
			same &= isBase64Of(sum[:], value)
		case "sha-512":
			sum := sha512.Sum512(r.Body)
			same &= isBase64Of(sum[:], value)
		default:
			continue
		}
		checked++
	}
	switch {
	case checked == 0:
		return refuse(Version, contentDigest)
	case same == 0:
		return refuse(Mismatch, contentDigest)
	}
	return nil
}

func isBase64Of(sum, text []byte) int {
	var room [2 * sha512.Size]byte
	want := room[:base64.StdEncoding.EncodedLen(len(sum))]
	base64.StdEncoding.Encode(want, sum)
	return subtle.ConstantTimeCompare(want, text)
}
