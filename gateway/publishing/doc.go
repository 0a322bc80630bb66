// Package publishing takes in what is to be delivered, up to the 202: events for
// every endpoint that wants their type, and the requests of relay routes. Any node
// may publish for any tenant.
package publishing
