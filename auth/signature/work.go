package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
)

// What verifying takes, in nanoseconds of a slow core. What is short needs no turn: nearly
// all requests. Who writes a source picks its keys, and who floods it the bodies, and
// neither is to take the processors from others (SPEC 16).
const (
	noTurn     = 1 << 20 // about a millisecond
	hashByte   = 1
	curveWork  = 50_000    // a signature of Ed25519 or P-256
	largeCurve = 1_500_000 // of P-384
	largest    = 4_000_000 // of P-521
	rsaWords   = 220       // of RSA: for each product of two words of the modulus, for the largest exponents
)

// ErrBusy says that there was no turn for what the request takes: nothing is said of who
// sent it.
var ErrBusy error = &Error{Reason: Unavailable, Field: "turn"}

// spend counts what is about to be done, and takes a turn for what takes long.
func (r *Request) spend(n int) error {
	before := r.spent
	r.spent += n
	if before <= noTurn && r.spent > noTurn && r.Turn != nil && !r.Turn() {
		return ErrBusy
	}
	return nil
}

// hashes is what hashing the body for each secret takes. Types whose keys are fetched count
// when they have them: nobody holds a turn while a provider is asked.
func (v *Verifier) hashes(r *Request) int {
	n := hashByte * len(r.Body) * max(1, v.secrets)
	switch p := v.proof.(type) {
	case *tokenProof, *truelayer, *transmission, *ofTopic, *asymmetric:
		return 0
	case inflated:
		n = hashByte * int(p.most) * max(1, v.secrets)
	}
	return n
}

// keyWork is what a signature takes to be verified with a key.
func keyWork(key crypto.PublicKey) int {
	switch key := key.(type) {
	case *rsa.PublicKey:
		words := key.Size() / 8
		return words * words * rsaWords
	case *ecdsa.PublicKey:
		switch bits := key.Params().BitSize; {
		case bits > 384:
			return largest
		case bits > 256:
			return largeCurve
		}
	case ed25519.PublicKey:
	}
	return curveWork
}
