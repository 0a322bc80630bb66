// Package signature tells whether a request is from whom it says (SPEC 5 and
// 14), and signs what goes out.
//
// Compile turns what an operator wrote into a Verifier once, with every fault at
// once; Verify then looks at each request:
//
//	field       each field that matters is there, exactly once
//	timestamp   in the one form of the scheme, within the tolerance of the clock
//	content     the signed bytes, in the order of the scheme's template
//	compare     HMAC of the content against the signature, in constant time,
//	            for each secret until one matches
//
// Token, bearer, basic and telegram have no content: what came and what is right
// are hashed and the hashes compared, all of them, whatever was wrong.
//
// Most schemes are a descriptor: which header, what is signed, which keyed hash, how
// written, which clock and window. The engine in digest.go runs every descriptor, and
// runs it backwards for the Signer, so the next provider is its descriptor, in one of
// the lists of families or in a file of its own, its cases in the tests, and its row in
// configs/providers.md. What more must hold of a request, after its signature (a time
// within the body, a token), is a prover around the engine. Those that sign with a
// private key are families of their own, in asymmetric.go. A scheme that is neither (a
// signature within the body, a form, a certificate, components of the sender's choice)
// is a prover of its own.
//
// Nothing here does I/O. PayPal signs with a certificate that is named by a URL:
// Certificates asks for it by a function from outside, and keeps it. Nor is TLS
// spoken here: mtls judges what the connection's handshake has proved.
//
// A provider that tries a URL out has a handshake beside its descriptor: it is
// answered after its own check, and is no callback.
//
// A provider that hides what it says has an opener: who reads a verified body asks it.
//
// The bytes are the received ones, never parsed and written again. No error
// holds a secret, a signature or a part of a body.
package signature
