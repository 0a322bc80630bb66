package inbound

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"hookgate/auth/signature"
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/requests"
)

// Try makes a request what the source's own sender would make of it, signed with the
// source's secret, and takes it as any: its rates, its waits and what is kept are real.
// Where q has no body one is made up from the source's rules; q says what was sent when
// Try returns. gateway.CodeInvalidField is of a request that nobody but the sender can
// make.
func (in *Inbound) Try(q *requests.Question) (tried requests.Tried, err error) {
	looked, err := in.explaining(q, nil)
	if err != nil {
		return tried, err
	}
	src, target := looked.src, looked.caller.URL()
	looked.close()
	if tried.Signed, err = signTrial(src, q, target); err != nil {
		return tried, err
	}
	tried.Body = q.Body
	if looked, err = in.explaining(q, nil); err != nil {
		return tried, err
	}
	defer looked.close()
	looked.run()
	foreseen := looked.explained()
	x, err := in.explaining(q, nil)
	if err != nil {
		return tried, err
	}
	defer x.close()
	for i, step := range way {
		if step(x.request) {
			x.ended = i
			break
		}
	}
	in.reply(x.request)
	in.keep(x.request)
	k := x.kept()
	k.Status = x.ctx.Response.StatusCode()
	tried.Explained = requests.Explained{
		Outcome: k.Outcome, Status: k.Status, Checks: k.Checks(foreseen.Hints), Hints: foreseen.Hints, Key: k.Key, CallbackID: k.CallbackID, WaitID: k.WaitID, Callbacks: k.Batch,
	}
	if looked.looked {
		tried.Variables, tried.Match, tried.Branch = foreseen.Variables, foreseen.Match, foreseen.Branch
	}
	return tried, nil
}

// Foresee is Try without its doing: what would be sent, and what would become of it. As with
// Explain, who asks with what does not verify must rest.
func (in *Inbound) Foresee(q *requests.Question) (tried requests.Tried, err error) {
	looked, err := in.explaining(q, nil)
	if err != nil {
		return tried, err
	}
	src, target := looked.src, looked.caller.URL()
	looked.close()
	if tried.Signed, err = signTrial(src, q, target); err != nil {
		return tried, err
	}
	tried.Body = q.Body
	tried.Explained, err = in.Explain(q, nil)
	return tried, err
}

// signTrial puts into q what the sender of a source adds to it; target is the URL that is
// called. What was given with header fields of its own and cannot be signed is sent as it
// is.
func signTrial(src *directory.Source, q *requests.Question, target string) (signed bool, err error) {
	given := q.Body != nil
	if !given {
		if err := sampleOf(&src.Spec, q); err != nil {
			return false, err
		}
		_, query, _ := strings.Cut(q.Path, "?")
		if base, _, _ := strings.Cut(target, "?"); query != "" {
			target = base + "?" + query
		} else {
			target = base
		}
	}
	q.BodyBytes = int64(len(q.Body))
	header, query, ok := src.Trial(signature.Message{ID: "msg_" + rand.Text(), At: q.At, Body: q.Body, Method: q.Method, URL: target})
	if !ok {
		if given && len(q.Header) > 0 {
			return false, nil
		}
		return false, gateway.Invalid([]gateway.Fault{{
			Path: "body", Message: fmt.Sprintf("a request of type %s is signed with what only its sender has: give one, with its headers and body", src.Spec.Verify.Type),
		}})
	}
	q.Header = append(q.Header, header...)
	for _, one := range query {
		addQuery(q, one[0], one[1])
	}
	return len(header)+len(query) > 0, nil
}

func addQuery(q *requests.Question, name, value string) {
	mark := "?"
	if strings.Contains(q.Path, "?") {
		mark = "&"
	}
	q.Path += mark + url.QueryEscape(name) + "=" + url.QueryEscape(value)
}

// hasField says whether a question has a header field of a name.
func hasField(q *requests.Question, name string) bool {
	for _, field := range q.Header {
		if http.CanonicalHeaderKey(field[0]) == http.CanonicalHeaderKey(name) {
			return true
		}
	}
	return false
}
