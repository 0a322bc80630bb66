// Package calling carries a call of a flow step to a backend, and its answer back
// into the flow.
//
//	admit    the slot is owned, the rate allows it, the budgets have room
//	wait     open the wait that goes with it, with its promise in one commit
//	compose  render: templates over what the step sent: url, query, headers, body;
//	         prepare: the form of the url and of each header; what we add to them
//	send     attempts: ask the breaker, sign, send, rest; one deadline over all
//	check    a whole answer, 2xx, JSON, and what the profile wants of it
//	extract  the variables, and the alias that the wait is to be known by
//	answer   end the wait of a call that failed; the trace, the count, the line
//
// From compose on, a step that finds the call at its end leaves out the others; answer is
// never left out. However the backend takes it, the outcome is a [gateway.Call]: an
// error of [Calls.Call] says that there was no call at all.
//
// # Time
//
// One deadline, from the moment the call was taken, bounds rendering, all attempts
// and the pauses between them. An attempt that could not begin before it is not
// waited for.
//
// # Pending calls
//
// A call that is answered pending is promised: it is stored before that answer, and
// goes in the one commit that stores the notice of its outcome (settle.go). So a
// crash between leaves it in the store, and the next owner of its slot makes it again
// where that does no harm, or says that it was interrupted (acquire.go). Async calls are
// pending from the start; those that may continue become so at their deadline.
// Retries of a pending call run in memory.
//
// # Slots
//
// Calls are made for the slots that this process owns. A slot is owned for a term, and a
// call belongs to the one in which it began: what it stores is stored in that term or not
// at all (term.go). When a slot is given up its pending calls have a moment to end.
//
// # Profiles
//
// The body of a builder's request is a template; chatbot.go and campaign.go write
// those of the other profiles, and chatbot_check.go holds a chatbot's answer to its
// limits.
package calling
