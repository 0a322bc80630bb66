package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"hookgate/gateway"
)

// hidden is the encoding of a body that the caller is not shown.
const hidden = "hidden"

// appendRelay appends what an event shows of a relayed request. Its query and header
// fields may hold credentials: nobody is shown them. So may its path: it goes with
// the body.
func appendRelay(dst []byte, r *gateway.Relayed, encoding string) []byte {
	path := r.Path
	if encoding == hidden {
		path = ""
	}
	dst = gateway.AppendString(append(dst, `,"relay":{"route":`...), r.Route)
	dst = gateway.AppendString(append(dst, `,"method":`...), r.Method)
	dst = gateway.AppendString(append(dst, `,"path":`...), path)
	dst = gateway.AppendString(append(dst, `,"body_encoding":`...), encoding)
	return append(dst, '}')
}

// appendRelayedBody appends a body, which is any bytes: JSON as it came, other text
// as a string, all else in base64. The encoding says which. Text with control
// characters would grow to six times its length: it is none here.
func appendRelayedBody(dst []byte, body gateway.Raw) (_ []byte, encoding string) {
	switch text := utf8.Valid(body); {
	case len(body) == 0:
		return append(dst, "null"...), "none"
	case text && json.Valid(body):
		return append(dst, body...), "json"
	case text && !bytes.ContainsFunc(body, isOddControl):
		return gateway.AppendString(dst, string(body)), "text"
	}
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, body)
	return append(dst, '"'), "base64"
}

func isOddControl(c rune) bool { return c < ' ' && c != '\t' && c != '\r' && c != '\n' }

// replayDeliveries sends deliveries of any lane again: an endpoint's, the platform
// endpoint's, or a relay's.
func replayDeliveries(c *call) (answer, error) {
	var body struct {
		Endpoint string `json:"endpoint"`
		replayBody
	}
	if err := c.optionalBody(&body); err != nil {
		return answer{}, err
	}
	if err := c.steersLane(body.Endpoint); err != nil {
		return answer{}, err
	}
	if !c.hasLane(body.Endpoint) {
		return answer{}, invalid("endpoint", "must be an endpoint of the tenant, _platform, or _route_ and the id of a relay route")
	}
	return c.replay(body.Endpoint, &body.replayBody)
}

// hasLane says whether deliveries of the path's tenant go to what is called so.
func (c *call) hasLane(endpoint string) bool {
	route, relays := gateway.RouteOfLane(endpoint)
	if !relays {
		return endpoint == gateway.PlatformEndpoint || c.tenant.Endpoint(endpoint) != nil
	}
	for _, r := range c.snapshot.Routes() {
		if r.ID == route {
			return r.Relay && r.Spec.Tenant == c.params.tenant
		}
	}
	return false
}

// replay sends deliveries of a lane again.
func (c *call) replay(endpoint string, body *replayBody) (answer, error) {
	f, err := body.filter()
	if err != nil {
		return answer{}, err
	}
	n, err := c.Lanes.Replay(c.params.tenant, endpoint, f)
	if err != nil {
		return answer{}, err
	}
	c.audit("deliveries were replayed", "tenant", c.params.tenant, "endpoint", endpoint, "count", n)
	return show(http.StatusAccepted, struct {
		Count int `json:"count"`
	}{n})
}
