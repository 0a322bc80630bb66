package gateway

// The profiles of webhooks (SPEC 8).
const (
	ProfileBuilder  = "builder"
	ProfileChatbot  = "chatbot"
	ProfileCampaign = "campaign"
)

// The modes of webhooks, and what may happen at the deadline of a sync call.
const (
	CallSync   = "sync"
	CallAsync  = "async"
	OnContinue = "continue" // it goes on, as an async one
)

// Webhook is a configured outbound request that a flow step runs; one run of it
// is a call (SPEC 8).
type Webhook struct {
	Name      string          `json:"name"`
	Profile   string          `json:"profile"` // builder, chatbot, campaign; default builder
	Method    string          `json:"method"`  // default GET without a body, POST with one; the other profiles: POST
	URL       string          `json:"url"`     // builder: a template, as are query, headers and body
	Query     Members[string] `json:"query"`   // values are encoded after rendering
	Headers   Headers         `json:"headers"`
	Auth      Auth            `json:"auth"`
	Token     Secret          `json:"token"`    // chatbot: goes with every call as the query's token
	StoryID   string          `json:"story_id"` // chatbot: the platform's story, as the connections API names it
	Body      *Raw            `json:"body"`     // a string is one template; else its string leaves are
	Timeout   *Duration       `json:"timeout"`  // for all of a sync call; default 5s, 1ms to 60s
	Mode      string          `json:"mode"`     // sync, async; default sync
	OnTimeout string          `json:"on_timeout"`
	Response  Response        `json:"response"`
	TLS       *TLS            `json:"tls"`   // default what holds for all
	Sign      *Sign           `json:"sign"`  // default none
	Retry     *Retry          `json:"retry"` // default none: one attempt
	Breaker   *Breaker        `json:"breaker"`
}

// Response says what is mapped from a backend's answer into the flow.
type Response struct {
	Variables    []Variable `json:"variables"`     // at most MaxVariables
	VariablesMax *Size      `json:"variables_max"` // of all of them, as JSON; default bounds.variables_max
}
