package main

import (
	"fmt"
	"strings"

	"hookgate/gateway/gatewaytest/program"
)

// whatsApp is a request of Meta with some of what one number may get.
func whatsApp(entries ...string) string {
	return `{"object":"whatsapp_business_account","entry":[` + strings.Join(entries, ",") + `]}`
}

func whatsAppEntry(field, value string) string {
	return `{"id":"waba","changes":[{"field":"` + field + `","value":{"messaging_product":"whatsapp","metadata":{"phone_number_id":"1"},` + value + `}}]}`
}

func whatsAppText(id, from string) string {
	return fmt.Sprintf(`{"from":%q,"id":%q,"timestamp":"1","type":"text","text":{"body":"yes"}}`, from, id)
}

func whatsAppStatus(id string) string {
	return whatsApp(whatsAppEntry("messages", `"statuses":[{"id":"`+id+`","status":"delivered","timestamp":"2","recipient_id":"4915100000001"}]`))
}

// whatsAppOwn has messages of two people.
func whatsAppOwn() string {
	return whatsApp(whatsAppEntry("messages", `"messages":[`+whatsAppText("wamid.A", "4915100000001")+`]`),
		whatsAppEntry("messages", `"messages":[`+whatsAppText("wamid.B", "4915100000002")+`]`))
}

const lineText = `{"type":"message","webhookEventId":"%[1]s","timestamp":1,"source":{"type":"user","userId":"%[1]s"},"message":{"type":"text","id":"1","text":"yes"}}`

var channelTraffic = map[string]traffic{
	"WhatsApp messages and statuses": {
		keys:  []string{"4915100000001", "4915100000002"},
		own:   asJSON(whatsAppOwn()),
		fails: []string{whatsAppOwn(), strings.Replace(whatsAppStatus("wamid.F"), "delivered", "failed", 1)},
		foreign: map[string]posted{
			"a status":   asJSON(whatsAppStatus("wamid.S1")),
			"a picture":  asJSON(whatsApp(whatsAppEntry("messages", `"messages":[{"from":"4915100000001","id":"wamid.P","timestamp":"1","type":"image","image":{"id":"9"}}]`))),
			"a template": asJSON(whatsApp(whatsAppEntry("message_template_status_update", `"event":"APPROVED","message_template_id":1`))),
			"a status of a number that nobody has, and one that is read": asJSON(whatsApp(whatsAppEntry("messages",
				`"statuses":[{"id":"wamid.S2","status":"sent","timestamp":"3","recipient_id":"4915100000001"},{"id":"wamid.S2","status":"read","timestamp":"4","recipient_id":"4915100000001"}]`))),
		},
		answer: func(own, _ program.Answer) bool { return strings.Count(string(own.Body), `"wait_id"`) == 2 },
	},
	"LINE messages": {
		keys: []string{"U4af49806292", "U4af49806293"},
		own:  asJSON(`{"destination":"U0","events":[` + fmt.Sprintf(lineText, "U4af49806292") + `,` + fmt.Sprintf(lineText, "U4af49806293") + `]}`),
		foreign: map[string]posted{
			"a new friend":    asJSON(`{"destination":"U0","events":[{"type":"follow","webhookEventId":"w1","source":{"type":"user","userId":"U4af49806292"}}]}`),
			"a sticker":       asJSON(`{"destination":"U0","events":[{"type":"message","webhookEventId":"w2","source":{"type":"user","userId":"U4af49806292"},"message":{"type":"sticker"}}]}`),
			"an account link": asJSON(`{"destination":"U0","events":[{"type":"module","webhookEventId":"w3"}]}`),
		},
		asks: map[string]posted{"the check of the URL": asJSON(`{"destination":"U0","events":[]}`)},
	},
	"Telegram messages": {
		keys: []string{"771"},
		own:  asJSON(`{"update_id":1,"message":{"message_id":1,"chat":{"id":771,"type":"private"},"text":"yes"}}`),
		foreign: map[string]posted{
			"a sticker":         asJSON(`{"update_id":2,"message":{"message_id":2,"chat":{"id":771},"sticker":{"file_id":"f"}}}`),
			"an edit":           asJSON(`{"update_id":3,"edited_message":{"message_id":1,"chat":{"id":771},"text":"no"}}`),
			"who stops the bot": asJSON(`{"update_id":4,"my_chat_member":{"chat":{"id":771},"new_chat_member":{"status":"kicked"}}}`),
			"a poll of a group": asJSON(`{"update_id":5,"poll":{"id":"1","is_closed":true}}`),
		},
	},
	"Twilio messages": {
		keys: []string{"+15005550006"},
		own:  form("MessageSid", "SM1", "From", "+15005550006", "To", "+15005550001", "Body", "yes"),
		foreign: map[string]posted{
			"a status": form("MessageSid", "SM2", "MessageStatus", "delivered", "From", "+15005550006", "To", "+15005550001"),
			"a call":   form("CallSid", "CA1", "CallStatus", "ringing", "From", "+15005550006"),
		},
		answer: func(own, foreign program.Answer) bool {
			return says(own, "text/xml", "<Response></Response>") && says(foreign, "text/xml", "<Response></Response>")
		},
	},
	"Slack messages": {
		keys: []string{"C7"},
		own:  asJSON(`{"type":"event_callback","event_id":"Ev1","event":{"type":"message","channel":"C7","user":"U1","text":"yes"}}`),
		foreign: map[string]posted{
			"what the bot says":     asJSON(`{"type":"event_callback","event_id":"Ev2","event":{"type":"message","channel":"C7","bot_id":"B1","text":"well?"}}`),
			"an edit":               asJSON(`{"type":"event_callback","event_id":"Ev3","event":{"type":"message","subtype":"message_changed","channel":"C7"}}`),
			"a reaction":            asJSON(`{"type":"event_callback","event_id":"Ev4","event":{"type":"reaction_added","item":{"channel":"C7"}}}`),
			"an app that was taken": asJSON(`{"type":"event_callback","event_id":"Ev5","event":{"type":"app_uninstalled"}}`),
		},
		asks: map[string]posted{"the check of the URL": asJSON(`{"type":"url_verification","challenge":"abc"}`)},
	},
	"Slack buttons": {
		keys:  []string{"C8"},
		own:   form("payload", `{"type":"block_actions","channel":{"id":"C8"},"user":{"id":"U1","username":"ann"},"actions":[{"action_id":"approve","value":"1"}]}`),
		fails: []string{"approve", "decline"},
		foreign: map[string]posted{
			"a dialogue":                     wrapped(`{"type":"view_submission","user":{"id":"U1"},"view":{"id":"V1"}}`),
			"another button":                 wrapped(`{"type":"block_actions","channel":{"id":"C8"},"actions":[{"action_id":"more"}]}`),
			"a button that is on no channel": wrapped(`{"type":"block_actions","view":{"type":"home"},"actions":[{"action_id":"approve"}]}`),
		},
	},
	"Lark messages": {
		keys: []string{"oc_1"},
		own:  asJSON(`{"schema":"2.0","header":{"event_id":"e1","event_type":"im.message.receive_v1","token":"made-up-secret-of-the-recipe-LARK_VERIFICATION_TOKEN"},"event":{"message":{"chat_id":"oc_1"}}}`),
		foreign: map[string]posted{
			"who read it": asJSON(`{"schema":"2.0","header":{"event_id":"e2","event_type":"im.message.message_read_v1","token":"made-up-secret-of-the-recipe-LARK_VERIFICATION_TOKEN"},"event":{"reader":{}}}`),
			"a new user":  asJSON(`{"schema":"2.0","header":{"event_id":"e3","event_type":"contact.user.created_v3","token":"made-up-secret-of-the-recipe-LARK_VERIFICATION_TOKEN"},"event":{"object":{}}}`),
		},
		asks: map[string]posted{"the check of the URL": asJSON(`{"type":"url_verification","challenge":"abc","token":"made-up-secret-of-the-recipe-LARK_VERIFICATION_TOKEN"}`)},
	},
}

// wrapped is JSON in a form's field payload.
func wrapped(body string) posted { return form("payload", body) }
