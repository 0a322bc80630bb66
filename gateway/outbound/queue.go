package outbound

import "hookgate/gateway"

// Queue is what outbound needs of a store; storetest holds each store to it.
// What brings deliveries into the queue (a gateway.Change with a Notice, later
// an accepted event) is the business of whoever promises them.
type Queue interface {
	// Lanes gives every lane that has unfinished deliveries.
	Lanes() ([]gateway.LaneKey, error)
	// Window gives the unfinished deliveries of a lane after the given one (the
	// zero Due: from the start), at most so many, in the order (At, ID). They are
	// durable, as everything must be that is sent.
	Window(lane gateway.LaneKey, after gateway.Due, most int) ([]gateway.Due, error)
	// Load gives an unfinished delivery with the events that it carries; else
	// gateway.ErrNotFound.
	Load(tenant, id string) (*gateway.Delivery, []gateway.Event, error)
	// Settle writes down an attempt (nil: none was made) and how the delivery
	// stands after it: ended, or due again at d.NextAttemptAt. was is its place
	// in the window before. It is not synced: a crash repeats the attempt. Of one
	// that is gone, because its tenant was deleted, nothing is written.
	Settle(d *gateway.Delivery, was gateway.Due, a *gateway.Attempt) error
	// Delivery gives a delivery with its attempts; else gateway.ErrNotFound.
	Delivery(tenant, id string) (*gateway.Delivery, []gateway.Attempt, error)
	// Deliveries lists a tenant's deliveries, newest first, those with an id
	// below before ("" for all), at most so many of those that keep says yes to.
	Deliveries(tenant, before string, most int, keep func(*gateway.Delivery) bool) ([]*gateway.Delivery, error)
}
