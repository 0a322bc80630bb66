package console

import (
	"net/http"
	"time"

	"hookgate/gateway"
)

// callRow is a call that a list shows.
type callRow struct {
	ID         string     `json:"id"`
	Webhook    string     `json:"webhook"`
	Outcome    string     `json:"outcome"`
	Reason     *string    `json:"reason"`
	Status     *int       `json:"status"`
	Attempts   int        `json:"attempts"`
	DurationMS float64    `json:"duration_ms"`
	Key        *string    `json:"conversation_key"`
	CreatedAt  *time.Time `json:"created_at"`
}

// callsPage lists the calls that were made.
func callsPage(v *view) error {
	_, shown, err := listOf[callRow](v, asksFor{path: v.of("calls"), filters: []filter{
		{Name: "webhook", Label: "Webhook", among: "webhooks"},
		{Name: "outcome", Label: "Outcome", Words: []string{string(gateway.CallSuccess), string(gateway.CallFailure), string(gateway.CallPending)}},
		{Name: "reason", Label: "Reason", Words: gateway.CallReasons}, {Name: "conversation_key", Label: "Conversation"},
		{Name: "since", Label: "Since"}, {Name: "until", Label: "Until"},
	}})
	if err != nil {
		return err
	}
	shown.Kept = keptOf(v, keptCalls)
	if len(shown.Chips) == 0 {
		shown.Make = curl(v, http.MethodPost, v.of("webhooks", "WEBHOOK", "call"), `{"conversation_key": "chat-1", "variables": {}}`)
	}
	if shown.Sel != "" {
		shown.Detail = detailOf(v, shown.Sel, nil)
	}
	v.show("calls", "Calls", shown)
	return nil
}
