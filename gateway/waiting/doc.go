// Package waiting keeps the sessions that wait for a callback, and decides who
// ends each of them.
//
//	open     register a wait, or take the callback that was there before it
//	take     give a callback to the wait it fits; else park it, or say why not
//	cancel   end a wait because somebody asked to
//	deeds    resolve a wait by hand, or give it another deadline
//	expire   end a wait because its time is over
//	hold     look on until a wait has ended
//	alias    give a conversation another name, also while it waits
//	learn    the same from events, together with what they promise
//	acquire  take over what the store has of some slots; release gives them up
//
// A wait leaves the state waiting exactly once. Callback, deadline and cancel
// race for it, and what decides is a turn: each of them must have the turn on all
// names of the conversation before it looks, and gives it back after its commit.
// So whoever holds the turn may read the store and change it as if alone, while
// other conversations go on beside it and share its fsync. Nobody waits for one
// turn while holding another: all names are taken at once or none. Only a publish
// for several tenants takes one turn a tenant, always in the order of their ids.
//
// A turn is on names at one source. Who changes which names are one conversation's
// has it on them at every source, and writes the names together with what meets by
// them: an open wait, and a callback that was parked under another name.
//
// The registry in memory decides and the store remembers. One change carries
// everything that an outcome promises (the ended wait, the marks by which its
// repeat will be known, the notice to the platform), and nothing is answered
// before it is durable. After a crash the registry is built again from the store:
// an open wait keeps its deadline, and one whose deadline has passed is never
// resumed any more, however late the timer is.
//
// A hold is a view on a wait, never its owner: who goes away loses nothing.
//
// All of it is so for the slots that this process owns, and for no others: who asks for
// those is told to ask again. A slot is given up when the last turn on it is over, so that
// what was decided is written before another decides; then its waits, what is parked and
// their timers are forgotten here, and holds stay. A commit whose outcome nobody knows
// makes its own slot be forgotten and read anew, and lets the others go on.
package waiting
