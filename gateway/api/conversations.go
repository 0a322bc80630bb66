package api

import (
	"net/http"
	"time"

	"hookgate/gateway"
)

// getConversation shows the timeline of a conversation, by any of its keys,
// newest last (SPEC 4, 14). A key that nobody used has an empty one.
func getConversation(c *call) (answer, error) {
	most, err := c.limit()
	if err != nil {
		return answer{}, err
	}
	var lines []gateway.Trace
	if key, ok := gateway.Key(c.params.id); ok {
		if lines, err = c.Waits.Timeline(c.params.tenant, key, time.Time{}, most); err != nil {
			return answer{}, err
		}
		if lines, err = c.timeline(lines, most); err != nil {
			return answer{}, err
		}
	}
	body := []byte(`{"data":[`)
	for i, line := range lines {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendTrace(body, line)
	}
	return answer{status: http.StatusOK, contentType: jsonType, body: append(body, `],"next_cursor":null}`...)}, nil
}

// appendTrace appends {at, kind, id, …}: the rest is the trace's own members.
func appendTrace(dst []byte, t gateway.Trace) []byte {
	dst = append(dst, `{"at":`...)
	dst = gateway.Time{Time: t.At}.AppendJSON(dst)
	dst = append(dst, `,"kind":`...)
	dst = gateway.AppendString(dst, t.Kind)
	dst = append(dst, `,"id":`...)
	dst = gateway.AppendString(dst, t.ID)
	if len(t.Data) <= len("{}") {
		return append(dst, '}')
	}
	dst = append(dst, ',')
	return append(dst, t.Data[1:]...)
}
