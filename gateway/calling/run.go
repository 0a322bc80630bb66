package calling

import (
	"strconv"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/mapping"
	"hookgate/gateway/transport"
)

// Run is a call with all that a person needs who sets a webhook up: what was sent,
// what came back, and how each variable came to its value. It holds no secret.
type Run struct {
	Call      *gateway.Call
	Request   *Sent             // nil: it was not rendered
	Answer    *transport.Answer // of the last attempt; nil: there was none
	Failed    *transport.Error  // why there is none, or what its body is not; nil: neither
	Explained []mapping.Explained
}

// Sent is a request as it was sent, the last one where there were several.
type Sent struct {
	Method string
	URL    string
	Header [][2]string
	Body   gateway.Raw // JSON as it is, anything else as a string; nil: none
}

// shownRequest is the request with its secrets masked: the token in the url, and
// the values of all fields that an operator set or a key has signed.
func shownRequest(k *call) *Sent {
	if k.request.URL == "" {
		return nil
	}
	shown := &Sent{Method: k.request.Method, URL: shownURL(k), Header: appendShown([][2]string{}, k)}
	if len(k.body) > 0 {
		document := mapping.Document{Body: mapping.RawText, Raw: k.body}
		if kind, _ := k.bodyType(); kind != directory.FormBody && mapping.Valid(k.body) {
			document.Body = mapping.JSON
		}
		shown.Body = document.AppendBody(make([]byte, 0, document.BodySize()))
	}
	return shown
}

// isOurs says whether a field is one of those that we add, and tells no secret.
func isOurs(k *call, field [2]string) bool {
	name := field[0]
	for _, own := range k.Webhook.Fields {
		if strings.EqualFold(own.Name, name) {
			return false
		}
	}
	for _, own := range k.Webhook.Headers {
		if strings.EqualFold(own.Name, name) {
			return false
		}
	}
	switch name {
	case "Content-Type", "User-Agent", "Idempotency-Key", "webhook-id", "webhook-timestamp", gateway.HeaderTraceparent, gateway.HeaderTracestate:
		return true
	}
	return false
}

// explanations gives one for each variable, also where no answer was looked into.
func explanations(k *call) []mapping.Explained {
	if k.explained != nil {
		return k.explained
	}
	list := []mapping.Explained{}
	for _, v := range k.Webhook.Spec.Response.Variables {
		list = append(list, mapping.Explained{
			Name: v.Name, Path: v.Path, Problem: "the call failed before its answer was looked into: " + k.result.Reason,
		})
	}
	return list
}

// SizeJSON is about how many bytes AppendJSON appends, of what may be large.
func (r *Run) SizeJSON() int {
	n := len(r.Call.Body) + len(r.Call.Variables) + 1<<10
	if r.Request != nil {
		n += gateway.StringSize(r.Request.URL) + len(r.Request.Body)
		for _, field := range r.Request.Header {
			n += gateway.StringSize(field[1])
		}
	}
	if r.Answer != nil {
		n += gateway.StringSize(r.Answer.Body)
		for _, field := range r.Answer.Header {
			n += gateway.StringSize(field[1])
		}
	}
	for i := range r.Explained {
		n += len(r.Explained[i].Found) + len(r.Explained[i].Value)
	}
	return n
}

// AppendJSON appends the call as it is shown anywhere, with three more members.
func (r *Run) AppendJSON(dst []byte) []byte {
	dst = r.Call.AppendOpen(dst)
	dst = r.Request.appendJSON(append(dst, `,"request":`...))
	dst = appendAnswer(append(dst, `,"answer":`...), r.Answer)
	address, detail := r.told()
	dst = gateway.AppendOptional(dst, "address", address)
	dst = gateway.AppendOptional(dst, "detail", detail)
	dst = append(dst, `,"explained":[`...)
	for i := range r.Explained {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendExplained(dst, &r.Explained[i])
	}
	return append(dst, ']', '}')
}

func (s *Sent) appendJSON(dst []byte) []byte {
	if s == nil {
		return append(dst, "null"...)
	}
	dst = gateway.AppendString(append(dst, `{"method":`...), s.Method)
	dst = gateway.AppendString(append(dst, `,"url":`...), s.URL)
	dst = gateway.AppendFields(append(dst, `,"headers":`...), s.Header)
	return append(gateway.AppendRaw(append(dst, `,"body":`...), s.Body), '}')
}

// told gives what was dialled, "" for nothing, and what an attempt of a delivery has as
// its detail (SPEC 15).
func (r *Run) told() (address, detail string) {
	if r.Failed != nil {
		return r.Failed.Address, r.Failed.Text
	}
	if r.Answer != nil {
		return r.Answer.Address, r.Answer.Detail
	}
	return "", ""
}

// appendAnswer writes an answer with its body as the text that came.
func appendAnswer(dst []byte, a *transport.Answer) []byte {
	if a == nil {
		return append(dst, "null"...)
	}
	dst = strconv.AppendInt(append(dst, `{"status":`...), int64(a.Status), 10)
	dst = gateway.AppendWord(append(dst, `,"content_type":`...), a.ContentType)
	dst = gateway.AppendFields(append(dst, `,"headers":`...), a.Header)
	dst = gateway.AppendString(append(dst, `,"body":`...), string(a.Body))
	dst = strconv.AppendBool(append(dst, `,"truncated":`...), a.Truncated)
	return append(dst, '}')
}

func appendExplained(dst []byte, e *mapping.Explained) []byte {
	dst = gateway.AppendString(append(dst, `{"name":`...), e.Name)
	dst = gateway.AppendString(append(dst, `,"path":`...), e.Path)
	dst = gateway.AppendRaw(append(dst, `,"found":`...), e.Found)
	dst = gateway.AppendRaw(append(dst, `,"value":`...), e.Value)
	return append(gateway.AppendWord(append(dst, `,"problem":`...), e.Problem), '}')
}
