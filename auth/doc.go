// Package auth says who asks the internal listener, and what for.
//
// A request carries a token (package token). Whoever keeps the tokens turns it
// into a [Principal]; the API asks Principal.Allows for the class of action, a
// question without a tenant tree, and only then whether the tenant lies within
// the principal's reach, which the directory knows. The first "no" is 403, the
// second 404 (SPEC 3: a tenant that the caller may not see does not exist).
//
// The folders below are the other halves of trust: token makes and compares
// tokens, seal keeps secrets at rest, signature verifies callbacks and signs
// what goes out.
package auth
