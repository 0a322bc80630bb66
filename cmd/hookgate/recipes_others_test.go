package main

import (
	"net/http"
	"strings"

	"hookgate/gateway/gatewaytest/program"
)

// sendsTo tells whether an answer leads a browser there.
func sendsTo(a program.Answer, place string) bool {
	return a.Status == http.StatusSeeOther && a.Header.Get("Location") == place
}

var otherTraffic = map[string]traffic{
	"HubSpot deal": {
		keys:  []string{"4711", "4712"},
		own:   asJSON(hubSpot(`1,"objectId":4711,"propertyName":"dealstage","propertyValue":"closedwon"`, `2,"objectId":4712,"propertyName":"dealstage","propertyValue":"closedwon"`)),
		fails: []string{"closedwon", "closedlost", `"eventId":`, `"eventId":1`},
		foreign: map[string]posted{
			"another stage": asJSON(hubSpot(`3,"objectId":4711,"propertyName":"dealstage","propertyValue":"qualified"`)),
			"a contact":     asJSON(hubSpot(`4,"objectId":1,"propertyName":"email","propertyValue":"a@b.example"`, `5,"objectId":4711,"subscriptionType":"deal.creation"`)),
		},
		answer: func(own, _ program.Answer) bool { return strings.Count(string(own.Body), `"wait_id"`) == 2 },
	},
	"SendGrid clicks": {
		keys:  []string{"chat-mail-1", "chat-mail-2"},
		own:   asJSON(`[{"sg_event_id":"e1","event":"click","conversation_key":"chat-mail-1","url":"https://a.example/"},{"sg_event_id":"e2","event":"open","conversation_key":"chat-mail-1"},{"sg_event_id":"e3","event":"click","conversation_key":"chat-mail-2"}]`),
		fails: []string{`"event":"click"`, `"event":"bounce"`, `"sg_event_id":"e`, `"sg_event_id":"f`},
		foreign: map[string]posted{
			"mails that went out":     asJSON(`[{"sg_event_id":"e4","event":"delivered","conversation_key":"chat-mail-1"},{"sg_event_id":"e5","event":"processed"}]`),
			"a click in a newsletter": asJSON(`[{"sg_event_id":"e6","event":"click","url":"https://a.example/"}]`),
		},
	},
	"GitHub dispatch": {
		keys:  []string{"chat-github"},
		own:   formed(`{"action":"deployed","branch":"main","client_payload":{"conversation_key":"chat-github"}}`, "repository_dispatch", "d1"),
		fails: []string{"deployed", "failed", "d1", "d9"},
		foreign: map[string]posted{
			"a ping":    asJSON(`{"zen":"Speak like a human.","hook_id":1}`, "X-GitHub-Event: ping", "X-GitHub-Delivery: d2"),
			"a push":    formed(`{"ref":"refs/heads/main"}`, "push", "d3"),
			"another's": asJSON(`{"action":"deployed","client_payload":{}}`, "X-GitHub-Event: repository_dispatch", "X-GitHub-Delivery: d4"),
			"an older":  asJSON(`{"action":"deployed","client_payload":null}`, "X-GitHub-Event: repository_dispatch", "X-GitHub-Delivery: d5"),
		},
	},
	"Amazon SNS message": {
		keys:  []string{"chat-sns"},
		own:   asJSON(`{"conversation_key":"chat-sns","status":"shipped"}`),
		fails: []string{"shipped", "refused"},
		foreign: map[string]posted{
			"a message that is text":   asJSON("Your order is on its way"),
			"an alarm":                 asJSON(`{"AlarmName":"disk","NewStateValue":"ALARM"}`),
			"an order of another shop": asJSON(`{"status":"shipped"}`),
		},
		asks: map[string]posted{"a subscription": {}},
	},
	"A sender with a signature of its own": {
		keys:  []string{"chat-lender"},
		own:   asJSON(`{"reference":"chat-lender","decision":"granted"}`),
		fails: []string{"granted", "refused"},
		foreign: map[string]posted{
			"a decision to come": asJSON(`{"reference":"chat-lender","decision":"pending"}`),
			"one without a chat": asJSON(`{"decision":"granted"}`),
		},
	},
	"A sender with tokens": {
		keys: []string{"chat-partner"},
		own:  asJSON(`{"conversation_key":"chat-partner","state":"done"}`),
		foreign: map[string]posted{
			"not done":           asJSON(`{"conversation_key":"chat-partner","state":"begun"}`),
			"one without a chat": asJSON(`{"state":"done"}`),
		},
	},
	"A sender that wants OK": {
		keys: []string{"chat-sms"},
		own:  form("from", "chat-sms", "text", "yes"),
		foreign: map[string]posted{
			"a receipt":    form("from", "chat-sms", "status", "sent"),
			"of no number": form("text", "yes"),
		},
		answer: func(own, foreign program.Answer) bool {
			return says(own, "text/plain", "OK") && says(foreign, "text/plain", "OK")
		},
	},
	"A link that a person clicks": {
		keys:  []string{"chat-link"},
		own:   posted{method: "GET", path: "/chat-link"},
		alone: true,
		answer: func(own, _ program.Answer) bool {
			return says(own, "text/html", "<p>Thank you. You can go back to the chat.</p>")
		},
	},
	"A buyer who comes back": {
		keys: []string{"chat-back"},
		own:  posted{method: "GET", path: "?chat=chat-back"},
		foreign: map[string]posted{
			"who has no chat":    {method: "GET"},
			"who pays otherwise": {method: "POST", path: "?order=7", kind: asAForm, body: "status=paid"},
		},
		answer: func(own, foreign program.Answer) bool {
			return sendsTo(own, "https://shop.example.com/thanks?chat=chat-back") && sendsTo(foreign, "https://shop.example.com/")
		},
	},
}

// hubSpot is a list of changes, each with its id.
func hubSpot(changes ...string) string {
	for i, change := range changes {
		changes[i] = `{"subscriptionId":9,"subscriptionType":"deal.propertyChange","occurredAt":1,"eventId":` + change + `}`
	}
	return "[" + strings.Join(changes, ",") + "]"
}

// formed is an event of GitHub with its form content type.
func formed(body, event, id string) posted {
	m := form("payload", body)
	m.fields = []string{"X-GitHub-Event: " + event, "X-GitHub-Delivery: " + id}
	return m
}
