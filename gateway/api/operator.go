package api

import (
	"hookgate/auth"
	"hookgate/gateway"
)

// What goes to the platform (its notices, and the requests of relay routes) goes
// between the operator and its platform, over a tenant's own lanes. The tenant's
// tokens see that it went and how that ended: neither what it carries nor what the
// platform answers, and they steer none of it (SPEC 16, "Rights").

// ofOperator says whether a lane leads to the platform.
func ofOperator(lane string) bool {
	_, relays := gateway.RouteOfLane(lane)
	return relays || lane == gateway.PlatformEndpoint
}

// seesLane says whether the caller is shown what went over a lane.
func (c *call) seesLane(lane string) bool { return !ofOperator(lane) || c.by.Allows(auth.ReadPlatform) }

// seesEvent says whether the caller is shown an event's body.
func (c *call) seesEvent(e *gateway.Event) bool {
	return e.Relay == nil && !e.IsNotice() || c.by.Allows(auth.ReadPlatform)
}

// steersLane refuses those who may not steer a lane.
func (c *call) steersLane(lane string) error {
	if !ofOperator(lane) || c.by.Allows(auth.ManagePlatform) {
		return nil
	}
	return gateway.Errorf(gateway.CodeForbidden, "a token of scope %s may not steer what goes to the platform", c.by.Scope)
}
