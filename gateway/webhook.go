package gateway

// Webhook is a configured outbound request that a flow step runs; one run of it
// is a call (SPEC 8).
type Webhook struct {
	Name      string            `json:"name"`
	Profile   string            `json:"profile"` // builder, chatbot, campaign
	Method    string            `json:"method"`
	URL       string            `json:"url"`   // builder: a template, as are query, headers and body
	Query     map[string]string `json:"query"` // values are encoded after rendering
	Headers   Headers           `json:"headers"`
	Auth      Auth              `json:"auth"`
	Body      *Raw              `json:"body"`       // a string is one template; else its string leaves are
	Timeout   *Duration         `json:"timeout"`    // default 5s, 1ms to 60s
	Mode      string            `json:"mode"`       // sync, async
	OnTimeout string            `json:"on_timeout"` // continue turns a sync call async at its deadline
	Response  Response          `json:"response"`
	Sign      *Sign             `json:"sign"`  // default none
	Retry     *Retry            `json:"retry"` // default none
	Breaker   *Breaker          `json:"breaker"`
}

// Response says what is mapped from a backend's answer into the flow.
type Response struct {
	Variables []Variable `json:"variables"` // at most MaxVariables
}
