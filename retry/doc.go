// Package retry decides how often and how soon something that failed is tried
// again. Its decisions are pure: the clock, the dice and the store are the
// caller's.
//
//	outcome     one word for how an attempt went
//	policy      whether there is another attempt, and after what pause
//	retryafter  what the receiver asked for, in either form
package retry
