package gatewaytest

import (
	"encoding/json"
	"time"
)

// Wait is a wait as every answer shows it (SPEC 6).
type Wait struct {
	ID              string                     `json:"id"`
	Tenant          string                     `json:"tenant"`
	Source          string                     `json:"source"`
	ConversationKey string                     `json:"conversation_key"`
	Aliases         []string                   `json:"aliases"`
	State           string                     `json:"state"`
	Branch          string                     `json:"branch"`
	Match           string                     `json:"match"`
	Reason          string                     `json:"reason"`
	Variables       map[string]json.RawMessage `json:"variables"`
	Callback        *Callback                  `json:"callback"`
	Context         json.RawMessage            `json:"context"`
	CreatedAt       time.Time                  `json:"created_at"`
	ExpiresAt       time.Time                  `json:"expires_at"`
	EndedAt         time.Time                  `json:"ended_at"` // zero while it waits
}

// Callback is the callback that resumed a wait.
type Callback struct {
	ID          string          `json:"id"`
	ReceivedAt  time.Time       `json:"received_at"`
	ContentType string          `json:"content_type"`
	Body        json.RawMessage `json:"body"`
}

// Taken is the answer to a callback (SPEC 5).
type Taken struct {
	Outcome         string `json:"outcome"`
	CallbackID      string `json:"callback_id"`
	ConversationKey string `json:"conversation_key"`
	WaitID          string `json:"wait_id"`
}

// Notice is what the platform endpoint gets (SPEC 8).
type Notice struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}
