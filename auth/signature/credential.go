package signature

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"strings"
	"unicode"
)

// sum stands for a credential. Hashes have one length, and nobody can steer
// theirs towards another, so the time to compare them tells nothing.
type sum [sha256.Size]byte

func sumOf(credential string) sum { return sha256.Sum256([]byte(credential)) }

// sums hashes secrets that senders bring as they are, and refuses those that no
// sender can bring: the line end of a file that was read is a common one.
func sums(list []string, f *faults) []sum {
	return secrets(list, f, func(secret string) (sum, error) {
		if strings.TrimSpace(secret) != secret || strings.ContainsFunc(secret, unicode.IsControl) {
			return sum{}, errors.New("has white space around it or a control character, which no header can carry")
		}
		return sumOf(secret), nil
	})
}

// credential proves by something that the sender brings as it is.
type credential struct {
	name  string                                        // of the header, or of the parameter
	query bool                                          // it is a parameter
	take  func(r *Request, name string) ([]byte, error) // from where the scheme has it
	right []sum
}

// verify hashes and compares even when nothing came, and against every right one
// even when the first fits: each request costs the same.
func (c *credential) verify(r *Request) error {
	value, err := c.take(r, c.name)
	if got := sha256.Sum256(value); !among(c.right, &got) && err == nil {
		err = refuse(Credential, c.name)
	}
	return err
}

func among(right []sum, got *[sha256.Size]byte) bool {
	found := 0
	for i := range right {
		found |= subtle.ConstantTimeCompare(right[i][:], got[:])
	}
	return found == 1
}

// authorization takes the credentials out of the Authorization header, when its
// scheme is the given one, in lower case (RFC 9110, section 11.4).
func authorization(scheme string) func(*Request, string) ([]byte, error) {
	return func(r *Request, name string) ([]byte, error) {
		value, err := r.header(name)
		if err != nil {
			return nil, err
		}
		if len(value) <= len(scheme) || value[len(scheme)] != ' ' {
			return nil, refuse(Malformed, name)
		}
		for i := range len(scheme) {
			if value[i]|0x20 != scheme[i] {
				return nil, refuse(Malformed, name)
			}
		}
		rest := value[len(scheme)+1:]
		for len(rest) > 0 && rest[0] == ' ' {
			rest = rest[1:]
		}
		return rest, nil
	}
}
