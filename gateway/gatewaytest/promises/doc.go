// Package promises judges what the clients of a gateway saw, while the gateway
// was killed and started again.
//
//	History       everything that was asked and answered, each with its moments
//	Conversation  its part for one conversation: opens, sends, cancels, views, notices
//	Check         the laws; what breaks one is named, with the conversation's story
//	Feed          the same for events: what was published, what endpoints got, and laws
//	              of its own
//	Calls         the same for calls: what was asked for, what the backend got, and
//	              what the platform was told
//	Relays        the same for relay routes: what providers sent, and what upstreams got
//
// The laws of callbacks, after SPEC 5, 6, 8 and 14:
//
//	kept         what was answered 200, 201 or 202 is there after every restart
//	one outcome  a wait ends once, and every view of it agrees
//	one wait     a conversation has one open wait at a time
//	deadline     nothing is resumed after its deadline, nothing times out before it,
//	             and nothing outlives it while the gateway runs
//	explained    no wait, outcome or notice without somebody who asked for it
//	idempotency  one Idempotency-Key, one wait
//	taken once   one callback, by its delivery id too, resumes one wait at most
//	parked       what was parked is taken by the next wait that fits
//	met          what was parked under a name resumes the wait that is open when the
//	             name is learned
//	named        a name that was learned stands for its conversation from then on
//	passed by    no callback passes by a wait that is open for it
//	remembered   after a wait has ended, its callbacks are told so
//	duplicate    all answers to one delivery id name the same callback
//	refused      a callback that was refused or ignored has no effect
//	notice       each outcome reaches the platform, signed, under one webhook-id
//	answer       nothing is answered that the load did not provoke
//
// An answer that was lost, because the kill cut its connection, leaves both
// outcomes legal: the request may have been done, or not. What was seen of it
// afterwards still has to agree with itself.
//
// Checking one conversation at a time is enough: keys, delivery ids and
// idempotency keys of the load belong to one conversation each. The ids that the
// gateway makes are compared over all of them.
package promises
