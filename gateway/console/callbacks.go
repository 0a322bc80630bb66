package console

import (
	"time"

	"hookgate/gateway"
)

// callbackRow is a callback that a list shows.
type callbackRow struct {
	ID         string     `json:"id"`
	Source     string     `json:"source"`
	Outcome    string     `json:"outcome"`
	Key        *string    `json:"conversation_key"`
	WaitID     *string    `json:"wait_id"`
	ReceivedAt *time.Time `json:"received_at"`
	Until      *time.Time `json:"parked_until"`
}

// Gone says that nobody took it while it was parked.
func (c *callbackRow) Gone() bool {
	return c.Outcome == string(gateway.OutcomeParked) && c.Until == nil
}

// callbacksPage lists what became of callbacks that have a conversation: those that are
// parked wait here for their wait.
func callbacksPage(v *view) error {
	words := make([]string, len(gateway.Listed))
	for i, o := range gateway.Listed {
		words[i] = string(o)
	}
	_, shown, err := listOf[*callbackRow](v, asksFor{path: v.of("callbacks"), filters: []filter{
		{Name: "outcome", Label: "Outcome", Words: words}, {Name: "source", Label: "Source", among: "sources"},
		{Name: "conversation_key", Label: "Conversation"}, {Name: "since", Label: "Since"}, {Name: "until", Label: "Until"},
	}})
	if err != nil {
		return err
	}
	shown.Kept = keptOf(v, keptCallbacks)
	if len(shown.Chips) == 0 {
		shown.Make = curl(v, "POST", v.of("sources", "SOURCE", "test"), `{"body": "{\"conversation_key\": \"chat-1\"}"}`)
	}
	if shown.Sel != "" {
		shown.Detail = detailOf(v, shown.Sel, nil)
	}
	v.show("callbacks", "Callbacks by conversation", shown)
	return nil
}
