package calling

import (
	"bytes"

	"hookgate/gateway"
	"hookgate/gateway/mapping"
)

// check looks at the answer: whole, 2xx, JSON whatever its type says, and as the
// profile wants it. What is no success is kept for whoever looks at the call.
func (k *call) check() done {
	a, r := k.answered, k.result
	r.Status = a.Status
	good := a.Status/100 == 2
	if a.Truncated {
		if !good {
			return k.fail(gateway.CallStatus)
		}
		return k.fail(gateway.CallTooLarge)
	}
	isJSON := k.understand(a.Body)
	k.document.Request = answerHeader{a}
	switch {
	case !good:
		return k.fail(gateway.CallStatus)
	case !isJSON:
		message := mapping.ErrInvalidJSON.Error()
		if a.Detail != "" {
			message += ": " + a.Detail
		}
		return k.fail(gateway.CallInvalidResponse, gateway.Fault{Message: message})
	case k.Webhook.Profile != gateway.ProfileChatbot || k.document.Body == mapping.NoBody:
		return false
	}
	var faults []gateway.Fault
	if r.Responses, r.Attributes, faults = checkChatbot(gateway.Raw(k.document.Raw)); len(faults) > 0 {
		r.Responses, r.Attributes = nil, nil
		return k.fail(gateway.CallInvalidResponse, faults...)
	}
	return false
}

// understand sets the body of the call: JSON as it is, nothing as null, and anything
// else as a string, of which it is false.
func (k *call) understand(body []byte) bool {
	if len(bytes.TrimSpace(body)) == 0 {
		k.document = mapping.Document{}
		return true
	}
	document, err := mapping.Parse(typeJSON, body)
	if err != nil {
		document = mapping.Document{Body: mapping.RawText, Raw: body}
		k.result.Body = document.AppendBody(make([]byte, 0, document.BodySize()))
		return false
	}
	k.document, k.result.Body = document, document.Raw
	return true
}
