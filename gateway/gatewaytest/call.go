package gatewaytest

import (
	"encoding/json"
	"time"
)

// Call is a call as every answer and its notice show it (SPEC 8). Where the backend
// gave no answer, Status is 0.
type Call struct {
	ID              string                     `json:"id"`
	Webhook         string                     `json:"webhook"`
	ConversationKey string                     `json:"conversation_key"`
	Outcome         string                     `json:"outcome"`
	Reason          string                     `json:"reason"`
	Status          int                        `json:"status"`
	DurationMS      int64                      `json:"duration_ms"`
	Attempts        int                        `json:"attempts"`
	Variables       map[string]json.RawMessage `json:"variables"`
	Errors          []struct{ Path string }    `json:"errors"`
	Context         json.RawMessage            `json:"context"`
	WaitID          string                     `json:"wait_id"`
	CreatedAt       time.Time                  `json:"created_at"`
	EndedAt         time.Time                  `json:"ended_at"` // zero while pending
}

// Trace is one line of a conversation's timeline; the members after ID are those of
// a call's.
type Trace struct {
	Kind    string `json:"kind"`
	ID      string `json:"id"`
	Outcome string `json:"outcome"`
	Reason  string `json:"reason"`
}
