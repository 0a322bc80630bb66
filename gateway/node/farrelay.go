package node

import (
	"encoding/json"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/proxy"
	"hookgate/gateway/publishing"
	"hookgate/gateway/relayed"
)

// The messages of a request of a relay route travel in parts: what is said of them, what they
// have of their request, and the body of each. What came from outside goes byte for byte: in
// a text of JSON all bytes that are no UTF-8 would be one, and of two messages whose ids
// differ in such a byte the second would count as a repeat.
type farRelay struct {
	Route  string               `json:"route"`
	Method string               `json:"method"`
	Window time.Duration        `json:"window,omitempty"`
	Span   *gateway.SpanContext `json:"span,omitempty"`
	Of     []farMessage         `json:"of"`
}

// farMessage is what is said of one message.
type farMessage struct {
	Key            string   `json:"key,omitempty"`
	Keys           []string `json:"keys,omitempty"`
	IDs            [][]byte `json:"ids,omitempty"`
	IdempotencyKey []byte   `json:"idempotency_key,omitempty"`
}

// packRelay gives the messages of one request as they travel.
func packRelay(all []proxy.RelayRequest) []byte {
	q := relayRequest(&all[0])
	about, size := farRelay{Route: q.Route, Method: q.Request.Method, Window: q.Window, Span: q.Span}, 0
	for i := range all {
		one := &all[i]
		m := farMessage{Key: one.Key, Keys: one.Keys, IdempotencyKey: []byte(one.IdempotencyKey)}
		for _, id := range one.IDs {
			m.IDs = append(m.IDs, []byte(id))
		}
		about.Of, size = append(about.Of, m), size+len(one.Body)+4
	}
	said, came := messageOf(about), relayed.Append(nil, &q.Request)
	message := peers.AppendPart(make([]byte, 0, 8+len(said)+len(came)+size), said)
	message = peers.AppendPart(message, came)
	for i := range all {
		message = peers.AppendPart(message, all[i].Body)
	}
	return message
}

// unpackRelay makes of what came the messages, but for their tenant, which is the route's.
func unpackRelay(message []byte) (route string, all []publishing.RelayRequest, err error) {
	parts, err := peers.CutParts(message)
	if err != nil || len(parts) < 2 {
		return "", nil, peers.ErrCut
	}
	var about farRelay
	if err := json.Unmarshal(parts[0], &about); err != nil {
		return "", nil, err
	}
	request := gateway.RelayedRequest{Method: about.Method}
	target, header, err := relayed.Read(parts[1])
	if err != nil {
		return "", nil, err
	}
	request.Target = target
	for _, f := range header {
		request.Header = append(request.Header, gateway.HeaderField{Name: f[0], Value: f[1]})
	}
	bodies := parts[2:]
	if len(bodies) != len(about.Of) {
		return "", nil, peers.ErrCut
	}
	for i, m := range about.Of {
		one := publishing.RelayRequest{
			Route: about.Route, Key: m.Key, Keys: m.Keys, IdempotencyKey: string(m.IdempotencyKey), Window: about.Window,
			Span: about.Span, Request: request, Body: bodies[i],
		}
		for _, id := range m.IDs {
			one.IDs = append(one.IDs, string(id))
		}
		all = append(all, one)
	}
	return about.Route, all, nil
}
