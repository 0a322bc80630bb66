package calling

import (
	"strings"

	"hookgate/gateway"
)

// keeping is what is stored of a call, in memory of the call: a commit keeps none of it.
type keeping struct {
	call    gateway.Call
	request gateway.CallRequest
	change  gateway.Change
	changes [1]*gateway.Change
	header  [][2]string
}

// kept is the call as lists show it (SPEC-console C5), with the form of what was sent. It is
// valid as long as the call is.
func kept(k *call) *gateway.Call {
	var sent *gateway.CallRequest
	if k.request.URL != "" {
		k.keeping.header = appendShown(k.keeping.header[:0], k)
		k.keeping.request = gateway.CallRequest{
			Method: k.request.Method, URL: maskedQuery(shownURL(k)), Header: k.keeping.header, BodyBytes: len(k.body),
		}
		sent = &k.keeping.request
	}
	k.keeping.call = k.result.Kept(sent)
	return &k.keeping.call
}

// ended is what is stored of a call that was not promised to anybody.
func ended(k *call) []*gateway.Change {
	k.keeping.change = gateway.Change{Traces: traces(k.result), Call: kept(k), Refused: true}
	k.keeping.changes[0] = &k.keeping.change
	return k.keeping.changes[:]
}

// shownURL is the url without the token in it.
func shownURL(k *call) string {
	if k.secretAt > 0 {
		return k.request.URL[:k.secretAt] + gateway.Masked
	}
	return k.request.URL
}

// appendShown appends the header with the values masked that an operator set or a key has signed.
func appendShown(dst [][2]string, k *call) [][2]string {
	fields := k.request.Header
	if fields == nil { // no attempt was made
		fields = k.fields
	}
	for _, field := range fields {
		if !isOurs(k, field) {
			field[1] = gateway.Masked
		}
		dst = append(dst, field)
	}
	return dst
}

// maskedQuery masks the values of a url's query, and drops what is behind it.
func maskedQuery(url string) string {
	path, query, has := strings.Cut(url, "?")
	if !has {
		return url
	}
	var b strings.Builder
	b.WriteString(path)
	before := byte('?')
	query, _, _ = strings.Cut(query, "#")
	for field := range strings.SplitSeq(query, "&") {
		name, _, has := strings.Cut(field, "=")
		b.WriteByte(before)
		if before = '&'; has {
			b.WriteString(name + "=" + gateway.Masked)
		} else {
			b.WriteString(gateway.Masked) // a value without a name
		}
	}
	return b.String()
}
