package calling

import (
	"cmp"

	"github.com/tidwall/gjson"

	"hookgate/gateway"
)

// chatbotMembers are those of the body of profile chatbot, in order; all are passed
// on from the context.
var chatbotMembers = [...]string{"chatId", "messageId", "userId", "externalId", "node", "userAttributes", "attributes"}

// appendChatbot writes the body of profile chatbot (SPEC 8): of the context what is
// there. The node is otherwise the webhook itself, the attributes are otherwise the
// variables.
func appendChatbot(dst []byte, q *Request) []byte {
	given := membersOf(q.Context, chatbotMembers[:])
	dst = append(dst, '{')
	for i, name := range chatbotMembers {
		value := given[i]
		switch {
		case value != "":
		case name == "node":
			value = nodeOf(q)
		case name == "attributes":
			value = cmp.Or(string(q.Variables), "{}")
		default:
			continue
		}
		dst = appendNamed(dst, name, value)
	}
	return append(dst, '}')
}

// nodeOf is the step of the flow, as far as it is known here.
func nodeOf(q *Request) string {
	node := gateway.AppendString([]byte(`{"type":"WEBHOOK","webhookId":`), q.Webhook.ID)
	node = gateway.AppendString(append(node, `,"webhookName":`...), cmp.Or(q.Webhook.Spec.Name, q.Webhook.ID))
	return string(append(node, '}'))
}

// membersOf gives the values of named members as they were written, "" where one is
// not there. Of members with one name the last counts, as for paths.
func membersOf(object gateway.Raw, names []string) []string {
	values := make([]string, len(names))
	if len(object) == 0 {
		return values
	}
	gjson.ParseBytes(object).ForEach(func(name, value gjson.Result) bool {
		for i := range names {
			if names[i] == name.Str {
				values[i] = value.Raw
			}
		}
		return true
	})
	return values
}

// appendNamed appends a member to an object that is open.
func appendNamed(dst []byte, name, value string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = append(gateway.AppendString(dst, name), ':')
	return append(dst, value...)
}
