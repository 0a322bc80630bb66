package edge

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"hookgate/gateway"
	"hookgate/gateway/wire"
)

// ProblemType is the media type of RFC 9457.
const ProblemType = "application/problem+json"

// ProblemPrefix and the code make a problem's type: a name that needs no server.
const ProblemPrefix = "urn:hookgate:problem:"

// Field is one header field of an answer.
type Field struct{ Name, Value string }

// Problem turns an error into an answer: {type,title,status,detail,code}, the id of the
// request that it answers where there is one, then errors for bad fields and the error's
// further members (SPEC 3). Of an error that has no gateway.Code nothing leaves the process
// but that it is internal.
func Problem(err error, requestID string) (status int, fields []Field, body []byte) {
	e := public(err)
	s := statuses[e.Code]
	fields = append(fields, Field{"Content-Type", ProblemType})
	if wait := retryAfter(e); wait != "" {
		fields = append(fields, Field{"Retry-After", wait})
	}
	if e.Allow != "" {
		fields = append(fields, Field{"Allow", e.Allow})
	}
	if e.Code == gateway.CodeUnauthenticated { // RFC 9110 11.6.1 asks for one with every 401
		fields = append(fields, Field{"WWW-Authenticate", "Bearer"})
	}
	for _, extra := range e.Extra {
		if extra.Name == "outcome" { // a callback's is in the header too, whatever refused it (SPEC 5)
			fields = append(fields, Field{"Hookgate-Outcome", extra.Value})
		}
	}
	return s.code, fields, problemBody(e, s, requestID)
}

var errInternal = refused(gateway.CodeInternal, "")

// public finds what may be shown of err.
func public(err error) *gateway.Error {
	var e *gateway.Error
	if !errors.As(err, &e) || e.Code == gateway.CodeInternal {
		return errInternal
	}
	e = e.Told()
	if _, known := statuses[e.Code]; !known {
		return errInternal
	}
	return e
}

// retryAfter gives whole seconds, rounded up; who is told to come again is always
// told when.
func retryAfter(e *gateway.Error) string {
	switch {
	case e.RetryAfter > 0:
		return strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10)
	case e.Code == gateway.CodeUnavailable, e.Code == gateway.CodeUpstreamUnavailable, e.Code == gateway.CodeDraining, e.Code == gateway.CodeRateLimited:
		return "1"
	}
	return ""
}

func problemBody(e *gateway.Error, s status, requestID string) []byte {
	var out bytes.Buffer
	out.WriteByte('{')
	member(&out, "type", ProblemPrefix+string(e.Code))
	member(&out, "title", s.title)
	member(&out, "status", s.code)
	if e.Message != "" {
		member(&out, "detail", e.Message)
	}
	member(&out, "code", e.Code)
	if requestID != "" {
		member(&out, "request_id", requestID)
	}
	if len(e.Faults) > 0 {
		member(&out, "errors", told(e.Faults))
	}
	for _, extra := range e.Extra {
		member(&out, extra.Name, extra.Value)
	}
	out.WriteByte('}')
	return out.Bytes()
}

// maxTold bounds the text of one fault, in bytes: names and values of any length may be
// quoted in it.
const maxTold = 1 << 10

// told gives faults as far as a problem tells them: its memory is no budget's.
func told(faults []gateway.Fault) []gateway.Fault {
	list := slices.Clone(faults[:min(len(faults), gateway.MaxFaults)])
	for i := range list {
		list[i].Path, list[i].Message = shortened(list[i].Path), shortened(list[i].Message)
	}
	return list
}

func shortened(text string) string {
	if len(text) <= maxTold {
		return text
	}
	return strings.ToValidUTF8(text[:maxTold], "") + "…"
}

// member writes "name":value; the name needs no escapes.
func member(out *bytes.Buffer, name string, value any) {
	if out.Len() > 1 {
		out.WriteByte(',')
	}
	out.WriteString(`"` + name + `":`)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false) // problem+json is not HTML: < stays readable
	if err := encoder.Encode(value); err != nil {
		panic("edge: member " + name + " of a problem: " + err.Error()) // strings, numbers and faults always encode
	}
	out.Truncate(out.Len() - 1) // the line end that Encode adds
}

// WriteProblem makes err the answer.
func WriteProblem(ctx *fasthttp.RequestCtx, err error) {
	status, fields, body := Problem(err, string(RequestID(ctx)))
	ctx.SetStatusCode(status)
	for _, f := range fields {
		ctx.Response.Header.Set(f.Name, f.Value)
	}
	ctx.Response.SetBodyRaw(body)
}

// tooManyConns is what a connection over the bound is told.
func tooManyConns() []byte {
	var id requestID
	id.make()
	return bytes.ReplaceAll(tooManyConnsOf, noRequestID, id.text)
}

// noRequestID stands where the id of a request goes.
var noRequestID = bytes.Repeat([]byte("?"), madeRequestID)

var tooManyConnsOf = func() []byte {
	status, fields, body := Problem(gateway.Unavailable("too many connections", time.Second), string(noRequestID))
	out := []byte("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	for _, f := range append(fields, Field{HeaderRequestID, string(noRequestID)}, Field{"Connection", "close"}) {
		out = wire.AppendField(out, f.Name, f.Value)
	}
	out = append(wire.AppendLength(out, int64(len(body))), "\r\n"...)
	return append(out, body...)
}()
