package main

// sampleOf gives the sample of a provider; of one that has none here, a plain one.
func sampleOf(provider string) sample {
	if s, is := samples[provider]; is {
		return s
	}
	return sample{"test.event", `{"id":"{id}","type":"{event}","created_at":"{iso}","conversation_key":"{key}","data":{"id":"{id}","metadata":{"conversation_key":"{key}"}}}`, false, ""}
}

// samples are small requests in the form of their providers: no more than what tells one
// event from another, the id by which a repeat is known, and the place for the key of
// configs/providers.md.
var samples = map[string]sample{
	"stripe": {"checkout.session.completed", `{"id":"evt_{id}","object":"event","created":{time},"type":"{event}","data":{"object":{"id":"cs_{id}","amount_total":1200,"currency":"eur","payment_status":"paid","metadata":{"conversation_key":"{key}"}}}}`, false, ""},
	"github": {"repository_dispatch", `{"action":"{event}","client_payload":{"conversation_key":"{key}"},"repository":{"full_name":"acme/bot"}}`, false, "X-GitHub-Event: {event}\nX-GitHub-Delivery: {id}"},
	"gitlab": {"Push Hook", `{"object_kind":"push","conversation_key":"{key}","project":{"path_with_namespace":"acme/bot"}}`, false, "X-Gitlab-Event: {event}\nX-Gitlab-Event-UUID: {id}"},
	"gitea":  {"push", `{"ref":"refs/heads/main","conversation_key":"{key}","repository":{"full_name":"acme/bot"}}`, false, "X-Gitea-Event: {event}\nX-Gitea-Delivery: {id}"},
	"slack":  {"message", `{"type":"event_callback","event_id":"Ev{id}","event_time":{time},"team_id":"T1","event":{"type":"{event}","channel":"{key}","user":"U1","text":"Hello","ts":"{time}.000100"}}`, false, ""},
	"meta": {"messages", `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"{event}","value":{"messaging_product":"whatsapp","messages":[{"from":"{key}","id":"wamid.{id}","timestamp":"{time}","type":"text","text":{"body":"Hello"}}]}}]}]}`,
		false, ""},
	"telegram": {"message", `{"update_id":{number},"{event}":{"message_id":1,"date":{time},"chat":{"id":"{key}","type":"private"},"text":"Hello"}}`, false, ""},
	"line":     {"message", `{"destination":"U1","events":[{"type":"{event}","webhookEventId":"{id}","timestamp":{ms},"source":{"type":"user","userId":"{key}"},"message":{"type":"text","id":"1","text":"Hello"}}]}`, false, ""},
	"viber":    {"message", `{"event":"{event}","timestamp":{ms},"message_token":{number},"sender":{"id":"{key}","name":"Ada"},"message":{"type":"text","text":"Hello"}}`, false, ""},
	"twilio":   {"received", `MessageSid=SM{id}&SmsStatus={event}&From={key}&To=%2B15550002222&Body=Hello`, true, ""},
	"plivo":    {"received", `MessageUUID={id}&Status={event}&From={key}&To=15550002222&Text=Hello`, true, ""},
	"plivo-v2": {"received", `MessageUUID={id}&Status={event}&From={key}&To=15550002222&Text=Hello`, true, ""},
	"vonage":   {"inbound", `{"message_uuid":"{id}","message_type":"text","from":"{key}","to":"15550002222","text":"Hello","timestamp":"{iso}"}`, false, ""},
	"shopify": {"orders/paid", `{"id":{number},"financial_status":"paid","total_price":"12.00","currency":"EUR","note_attributes":[{"name":"conversation_key","value":"{key}"}]}`,
		false, "X-Shopify-Topic: {event}\nX-Shopify-Event-Id: {id}\nX-Shopify-Webhook-Id: {id}\nX-Shopify-Shop-Domain: acme.myshopify.com"},
	"razorpay":          {"payment.captured", `{"entity":"event","event":"{event}","payload":{"payment":{"entity":{"id":"pay_{id}","amount":1200,"currency":"INR","status":"captured","notes":{"conversation_key":"{key}"}}}},"created_at":{time}}`, false, "X-Razorpay-Event-Id: {id}"},
	"square":            {"payment.updated", `{"merchant_id":"M1","type":"{event}","event_id":"{id}","created_at":"{iso}","data":{"type":"payment","id":"{id}","object":{"payment":{"id":"{id}","status":"COMPLETED","reference_id":"{key}"}}}}`, false, ""},
	"calendly":          {"invitee.created", `{"event":"{event}","created_at":"{iso}","payload":{"name":"Ada","email":"ada@example.com","tracking":{"utm_content":"{key}"}}}`, false, ""},
	"zoom":              {"meeting.ended", `{"event":"{event}","event_ts":{ms},"payload":{"account_id":"A1","object":{"id":"{key}","topic":"Call"}}}`, false, ""},
	"discord":           {"2", `{"id":"{id}","type":{event},"channel_id":"{key}","data":{"name":"hello"}}`, false, ""},
	"twitch":            {"channel.follow", `{"subscription":{"id":"{id}","type":"{event}"},"event":{"user_id":"{key}","user_name":"Ada"}}`, false, "Twitch-Eventsub-Message-Type: notification"},
	"intercom":          {"conversation.user.replied", `{"type":"notification_event","id":"notif_{id}","topic":"{event}","data":{"item":{"type":"conversation","id":"{key}"}}}`, false, ""},
	"zendesk":           {"zen:event-type:ticket.status_changed", `{"id":"{id}","type":"{event}","time":"{iso}","detail":{"id":"{key}","status":"SOLVED"}}`, false, "X-Zendesk-Webhook-Invocation-Id: {id}"},
	"hubspot":           {"contact.propertyChange", hubspotBody, false, ""},
	"hubspot-v2":        {"contact.propertyChange", hubspotBody, false, ""},
	"hubspot-v1":        {"contact.propertyChange", hubspotBody, false, ""},
	"mailgun":           {"delivered", `{"event-data":{"event":"{event}","id":"{id}","timestamp":{time},"user-variables":{"conversation_key":"{key}"}}}`, false, ""},
	"sendgrid":          {"delivered", `[{"event":"{event}","sg_event_id":"{id}","timestamp":{time},"email":"ada@example.com","conversation_key":"{key}"}]`, false, ""},
	"openai":            {"response.completed", `{"id":"evt_{id}","object":"event","type":"{event}","created_at":{time},"data":{"id":"{key}"}}`, false, ""},
	"anthropic":         {"message_batch.ended", `{"id":"evt_{id}","type":"{event}","created_at":"{iso}","data":{"id":"{key}"}}`, false, ""},
	"replicate":         {"succeeded", `{"id":"{id}","status":"{event}","input":{"conversation_key":"{key}"},"output":["done"]}`, false, ""},
	"liveblocks":        {"storageUpdated", `{"type":"{event}","data":{"projectId":"1","roomId":"{key}","updatedAt":"{iso}"}}`, false, ""},
	"resend":            {"email.delivered", `{"type":"{event}","created_at":"{iso}","data":{"email_id":"{key}","to":["ada@example.com"]}}`, false, ""},
	"clerk":             {"user.created", `{"object":"event","type":"{event}","data":{"id":"user_{id}","public_metadata":{"conversation_key":"{key}"}}}`, false, ""},
	"coinbase-commerce": {"charge:confirmed", `{"id":"{id}","event":{"id":"{id}","type":"{event}","data":{"code":"C1","metadata":{"conversation_key":"{key}"}}}}`, false, ""},
	"gocardless":        {"confirmed", `{"events":[{"id":"EV{id}","resource_type":"payments","action":"{event}","resource_metadata":{"conversation_key":"{key}"}}],"meta":{"webhook_id":"WB{id}"}}`, false, ""},
	"onfido":            {"check.completed", `{"payload":{"resource_type":"check","action":"{event}","object":{"id":"{key}","status":"complete"}}}`, false, ""},
	"stream":            {"message.new", `{"type":"{event}","cid":"{key}","message":{"id":"{id}","text":"Hello"},"created_at":"{iso}"}`, false, "X-Webhook-Id: {id}"},
	"mailersend":        {"activity.delivered", `{"type":"{event}","created_at":"{iso}","data":{"id":"{id}","email":{"tags":["{key}"]}}}`, false, ""},
	"pusher":            {"channel_occupied", `{"time_ms":{ms},"events":[{"name":"{event}","channel":"{key}"}]}`, false, ""},
	"easypost":          {"tracker.updated", `{"id":"evt_{id}","object":"Event","description":"{event}","result":{"reference":"{key}","status":"delivered"}}`, false, ""},
	"adyen-platform":    {"balancePlatform.transfer.updated", `{"type":"{event}","environment":"test","data":{"id":"{id}","reference":"{key}","status":"booked"}}`, false, ""},
	"sinch-numbers":     {"PROVISIONING_TO_SMS_PLATFORM", `{"eventId":"{id}","eventType":"{event}","resourceId":"{key}","status":"SUCCEEDED"}`, false, ""},
	"pagerduty":         {"incident.resolved", `{"event":{"id":"{id}","event_type":"{event}","occurred_at":"{iso}","data":{"id":"P1","incident_key":"{key}"}}}`, false, ""},
	"linear":            {"update", `{"action":"{event}","type":"Issue","webhookTimestamp":{ms},"webhookId":"{id}","data":{"id":"{key}","title":"Hello"}}`, false, "Linear-Delivery: {id}\nLinear-Event: Issue"},
	"paddle":            {"transaction.completed", `{"event_id":"evt_{id}","event_type":"{event}","occurred_at":"{iso}","data":{"id":"txn_{id}","status":"completed","custom_data":{"conversation_key":"{key}"}}}`, false, ""},
	"mux":               {"video.asset.ready", `{"id":"{id}","type":"{event}","created_at":"{iso}","data":{"passthrough":"{key}","status":"ready"}}`, false, ""},
	"elevenlabs":        {"post_call_transcription", `{"type":"{event}","event_timestamp":{time},"data":{"conversation_id":"{key}","status":"done"}}`, false, ""},
	"retell":            {"call_ended", `{"event":"{event}","call":{"call_id":"{id}","call_status":"ended","metadata":{"conversation_key":"{key}"}}}`, false, ""},
	"orb":               {"invoice.issued", `{"id":"{id}","type":"{event}","created_at":"{iso}","invoice":{"metadata":{"conversation_key":"{key}"}}}`, false, ""},
	"metronome":         {"alerts.spend_threshold_reached", `{"id":"{id}","type":"{event}","properties":{"customer_id":"{key}","timestamp":"{iso}"}}`, false, ""},
	"cloudinary":        {"upload", `{"notification_type":"{event}","timestamp":"{iso}","public_id":"{id}","context":{"custom":{"conversation_key":"{key}"}}}`, false, ""},
	"cashfree":          {"PAYMENT_SUCCESS_WEBHOOK", `{"type":"{event}","event_time":"{iso}","data":{"order":{"order_id":"{id}","order_amount":12,"order_tags":{"conversation_key":"{key}"}}}}`, false, ""},
	"box":               {"FILE.UPLOADED", `{"type":"webhook_event","id":"{id}","trigger":"{event}","created_at":"{iso}","source":{"id":"{key}","type":"file"}}`, false, "BOX-DELIVERY-ID: {id}"},
	"sinch":             {"MESSAGE_INBOUND", `{"app_id":"A1","accepted_time":"{iso}","message":{"id":"{id}","conversation_id":"{key}","contact_message":{"text_message":{"text":"Hello"}}}}`, false, ""},
	"telnyx":            {"message.received", `{"data":{"id":"{id}","event_type":"{event}","occurred_at":"{iso}","payload":{"from":{"phone_number":"{key}"},"text":"Hello"}}}`, false, ""},
	"lark": {"im.message.receive_v1", `{"schema":"2.0","header":{"event_id":"{id}","event_type":"{event}","create_time":"{ms}","token":"{verification_token}"},"event":{"message":{"chat_id":"{key}","message_type":"text","content":"{\"text\":\"Hello\"}"}}}`,
		false, ""},
	"messagebird": {"message.created", `{"type":"{event}","message":{"id":"{id}","conversationId":"{key}","type":"text","content":{"text":"Hello"}}}`, false, ""},
	"livekit":     {"room_finished", `{"event":"{event}","id":"EV_{id}","createdAt":{time},"room":{"name":"{key}","sid":"RM_1"}}`, false, ""},
	"mercadopago": {"payment.updated", `{"id":{number},"type":"payment","action":"{event}","data":{"id":"1"},"date_created":"{iso}"}`, false, ""},
	"adyen": {"AUTHORISATION", `{"live":"false","notificationItems":[{"NotificationRequestItem":{"amount":{"currency":"EUR","value":1200},"eventCode":"{event}","eventDate":"{iso}","merchantAccountCode":"Acme","merchantReference":"{key}","pspReference":"{id}","success":"true"}}]}`,
		false, ""},
	"braintree":    {"subscription_charged_successfully", `<notification><kind>{event}</kind><timestamp type="datetime">{iso}</timestamp><subject><subscription><id>{key}</id></subscription></subject></notification>`, false, ""},
	"dropbox-sign": {"signature_request_all_signed", `{"event":{"event_type":"{event}","event_metadata":{}},"signature_request":{"signature_request_id":"{id}","metadata":{"conversation_key":"{key}"}}}`, false, ""},
	"cloudevents-handshake": {"com.example.done", `{"conversation_key":"{key}"}`,
		false, "ce-specversion: 1.0\nce-id: {id}\nce-type: {event}\nce-source: /hookgate/trigger\nce-time: {iso}"},
	"modern-treasury": {"payment_order.completed", `{"event":"{event}","data":{"id":"{id}","object":"payment_order","metadata":{"conversation_key":"{key}"}}}`,
		false, "X-Topic: payment_order"},
}

const hubspotBody = `[{"eventId":{number},"subscriptionId":1,"occurredAt":{ms},"subscriptionType":"{event}","propertyName":"lifecyclestage","objectId":"{key}"}]`
