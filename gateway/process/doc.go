// Package process tells one life of the program from all others of its machine, and whether
// one of them has surely ended: a node that is started anew need not wait until the lease of
// who was there before it is over (gateway/cluster).
package process
