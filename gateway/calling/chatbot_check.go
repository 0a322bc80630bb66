package calling

import "hookgate/gateway"

// What a backend may answer under profile chatbot (SPEC 8): the table of
// testdata/chatbot-responses.md, row by row. What the rules are made of is in
// chatbot_check_rules.go, how an answer is held to them in chatbot_check_walk.go.

// chatbotAnswer is the answer as a whole; {} is fine.
var chatbotAnswer = []member{
	{"responses", list(0, unlimited, chatbotResponse), optional},
	{"attributes", object, optional},
}

var chatbotResponse = oneOf([]member{{"delay", number(100, 10_000), "1000"}}, // in milliseconds
	variant{name: "text", members: []member{
		{"message", text(1, 1024), required}}},
	variant{name: "randomText", members: []member{
		{"messages", list(1, 20, text(1, 1024)), required}}},
	variant{name: "image", members: []member{
		{"imageUrl", text(1, 2048), required}}},
	variant{name: "quickReplies", members: []member{
		{"title", text(1, 640), required},
		{"buttons", list(1, 13, oneOf(nil, postbackButton, gotoButton)), required}}},
	// The provider's own sample of buttons calls itself cards. Who consumes the
	// responses sees one shape of buttons: it is handed on as what it is.
	variant{name: "cards", otherwise: "buttons", members: []member{
		{"elements", list(1, unlimited, oneShape(chatbotCard)), required}}},
	variant{name: "buttons", members: []member{
		{"title", text(1, 640), required},
		{"buttons", list(1, 5, anyButton), required}}},
)

var chatbotCard = []member{
	{"title", text(1, 80), required},
	{"subtitle", text(1, 80), required},
	{"imageUrl", text(1, 2048), required},
	{"buttons", list(1, 5, anyButton), required},
}

var anyButton = oneOf(nil, postbackButton, gotoButton, urlButton, webviewButton, phoneButton)

var (
	postbackButton = variant{name: "postback", members: []member{
		{"title", text(1, 20), required},
		{"value", text(1, 2000), required}}}
	gotoButton = variant{name: "goto", members: []member{
		{"title", text(1, 20), required},
		{"value", shaped(36, 36, uuid4, "must be a UUID of version 4"), required}}}
	urlButton = variant{name: "url", members: []member{
		{"title", text(0, 20), required},
		{"value", text(0, 2048), required}}}
	webviewButton = variant{name: "webview", members: []member{
		{"title", text(1, 20), required},
		{"value", text(1, 2048), required},
		{"height", word("full", "tall", "compact"), `"compact"`}}}
	phoneButton = variant{name: "phone", members: []member{
		{"title", text(1, 20), required},
		{"value", shaped(3, 16, phone, "must be + and 2 to 15 digits"), required}}}
)

var (
	uuid4 = gateway.Pattern(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$`)
	phone = gateway.Pattern(`^\+[\d]{2,}$`)
)
