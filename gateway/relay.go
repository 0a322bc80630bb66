package gateway

import "strings"

// EventRelay is the type of the event that a relayed request is stored as.
const EventRelay = "relay"

// RelayedRequest is a request of a relay route as its upstream is to get it
// (SPEC 9): the original, but for what belongs to one connection.
type RelayedRequest struct {
	Method string
	Target string        // path and query, byte for byte, below the path of the upstream's URL
	Header []HeaderField // in the order in which they came
}

// Relayed is what the event of a relayed request knows of it beside the body. The
// query and the header fields may hold credentials: they are sealed, and opened for
// an attempt alone.
type Relayed struct {
	Route  string // the route's id
	Method string
	Path   string // of the target, without its query
	Sealed []byte // target and header fields
}

// routeLane begins the names of routes' lanes. No endpoint can have such an id.
const routeLane = "_route_"

// RouteLane is the name under which the deliveries of a relay route are listed, in
// the place of an endpoint's id.
func RouteLane(route string) string { return routeLane + route }

// RouteOfLane gives the route's id back; false for another lane.
func RouteOfLane(endpoint string) (route string, ok bool) {
	return strings.CutPrefix(endpoint, routeLane)
}
