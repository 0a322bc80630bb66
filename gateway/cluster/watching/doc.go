// Package watching looks on until waits have ended, whichever node decides them: what holds a
// client at one node goes on while the owner of the wait changes, or dies.
//
//	Watch    here, where the wait is this node's, or at its owner
//	tend     four times a second: whose owner has changed is looked on at the next one;
//	         now and then each owner is told the whole list, so that what got lost is found
//	ServeWatch, ServeEnded   what nodes tell each other: at these we look on; these have ended
//
// A node that looks on at another asks once, and is told: no request and no connection is
// there for a wait that is held, of which there are ten thousands. What is told and what is
// asked may get lost; then the next list finds it, some seconds late.
//
//	watching.go  who looks on        tend.go   when owners change
//	far.go       at another node     near.go   for another node
//	message.go   what is said
package watching
