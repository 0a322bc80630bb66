// Package audit tells who changed what (SPEC-operations O5, O10).
//
// A line comes to be in one of four ways:
//
//	with a change   resources asks for the line (Log.Line), and stores both in one commit:
//	                there is never a change of the configuration without its line, nor a
//	                line without its change
//	                What the file says has its lines when it is loaded, at a start too:
//	                of what it changed since it was loaded last
//	with a deed     what somebody does by hand to lanes, deliveries, waits and jobs is
//	                stored by whoever does it, in one commit with its line (Log.Commit). What
//	                is not done in the store, a reload or a test of a source, has its line
//	                right after it (Log.Do)
//	of refusals     whoever is refused may come a thousand times a second: such lines are
//	                folded, one a minute for each client and reason (Log.Refused)
//	with an end     a sign-out, a revocation and the deletion of a token or a tenant are done
//	                whatever was written today (Log.Ended): from a reserve, and folded
//	                beyond it. So are a token's sign-ins after its first of a minute
//	                (Log.SignedIn)
//
// A line never has a secret: what resources hands in has marks in their places
// (seal.Mark). It is bounded (Changes), and so is what the tokens of one tenant and of all
// in its tree may have written in a day (budget): who writes more is told to come again
// later. Nothing of anybody's is pushed out before its time: lines expire by their age
// alone, and a flood hides nothing.
//
// Lines outlive the tenant that they are about. They are shown to the operator, and to
// tokens of the tenants that it lay in when the line was written.
package audit
