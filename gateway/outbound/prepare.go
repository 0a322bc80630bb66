package outbound

import (
	"context"
	"strconv"
	"strings"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway/transport"
)

// Names of the fields that a delivery sets itself.
const (
	headerID      = "webhook-id" // Standard Webhooks; the same for every attempt
	headerAttempt = "Hookgate-Attempt"
)

// prepare writes the request: a new signature for each attempt, for receivers
// refuse old ones.
func (l *Lanes) prepare(_ context.Context, a *attempt) bool {
	a.at = time.Now()
	t := a.target
	header := make([][2]string, 0, 8+len(t.Headers))
	set := func(name, value string) { header = append(header, [2]string{name, value}) }
	set(headerAttempt, strconv.Itoa(a.delivery.Attempts+1))
	if t.Signer != nil {
		message := signature.Message{ID: a.event.ID, At: a.at, Body: a.event.Body}
		t.Signer.Sign(message, func(name string, value []byte) { set(name, string(value)) })
	}
	header = withDefault(header, headerID, a.event.ID)
	own := len(header)
	for _, h := range t.Headers {
		if !has(header[:own], h.Name) {
			set(h.Name, h.Value)
		}
	}
	header = withDefault(header, "Content-Type", "application/json")
	header = withDefault(header, "User-Agent", l.agent)
	a.request = transport.Request{
		Method: "POST", URL: t.URL, Header: header, Body: a.event.Body, Timeout: t.Timeout,
		Tenant: a.delivery.Tenant, Trusted: t.Trusted,
	}
	return true
}

func has(header [][2]string, name string) bool {
	for i := range header {
		if strings.EqualFold(header[i][0], name) {
			return true
		}
	}
	return false
}

func withDefault(header [][2]string, name, value string) [][2]string {
	if has(header, name) {
		return header
	}
	return append(header, [2]string{name, value})
}
