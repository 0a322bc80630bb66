// Package signature tells whether a request is from whom it says (SPEC 5 and
// 14), and signs what goes out.
//
// Compile turns what an operator wrote into a Verifier once, with every fault at
// once; Verify then looks at each request:
//
//	field       each field that matters is there, exactly once
//	timestamp   digits only, within the tolerance of the clock
//	content     the signed bytes, in the order of the scheme's template
//	compare     HMAC of the content against the signature, in constant time,
//	            for each secret until one matches
//
// Token, bearer and basic have no content: what came and what is right are
// hashed and the hashes compared, all of them, whatever was wrong.
//
// A scheme is one file. Most are a descriptor: which header, what is signed,
// which hash, how written, which window. The engine in digest.go runs every
// descriptor, and runs it backwards for the Signer, so the next provider is its
// descriptor, a line in schemes.go and one in sender.go, and its vectors in the test. A scheme that
// is no HMAC over a template (Ed25519, a signature within the body) is a prover of
// its own.
//
// The bytes are the received ones, never parsed and written again. No error
// holds a secret, a signature or a part of a body.
package signature
