package signature_test

import (
	"strings"
	"testing"

	"hookgate/auth/signature"
)

func handshakeOf(t *testing.T, c signature.HandshakeConfig) *signature.Handshake {
	t.Helper()
	h, faults := signature.CompileHandshake(c)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return h
}

// What the question brings is said again, as the operator says where and how, and
// nothing else is taken for a question.
func TestEcho(t *testing.T) {
	inQuery := handshakeOf(t, signature.HandshakeConfig{Type: "echo", In: "query", Name: "challenge"})
	inJSON := handshakeOf(t, signature.HandshakeConfig{Type: "echo", In: "json", Name: "challenge", Respond: "json"})
	inHeader := handshakeOf(t, signature.HandshakeConfig{Type: "echo", In: "header", Name: "X-Hook-Secret", Respond: "header"})
	withToken := handshakeOf(t, signature.HandshakeConfig{
		Type: "echo", Method: "POST", In: "json", Name: "challenge",
		Token: &signature.HandshakeToken{In: "json", Name: "token", Secrets: []string{"old", "s3cret"}},
	})
	hook := func(values ...string) (all [][2]string) {
		for _, value := range values {
			all = append(all, [2]string{"X-Hook-Secret", value})
		}
		return all
	}
	long := strings.Repeat("a", 1025)
	for name, c := range map[string]struct {
		h       *signature.Handshake
		request *signature.Request
		status  int // 0: no question
		kind    string
		body    string
		header  [2]string
	}{
		"query":              {inQuery, ask("GET", plainURL+"?challenge=%3Cb%3E", "", ""), 200, "text/plain; charset=utf-8", "<b>", [2]string{}},
		"1 KiB":              {inQuery, ask("GET", plainURL+"?challenge="+long[:1024], "", ""), 200, "text/plain; charset=utf-8", long[:1024], [2]string{}},
		"more":               {inQuery, ask("GET", plainURL+"?challenge="+long, "", ""), 0, "", "", [2]string{}},
		"two":                {inQuery, ask("GET", plainURL+"?challenge=a&challenge=b", "", ""), 0, "", "", [2]string{}},
		"empty":              {inQuery, ask("GET", plainURL+"?challenge=", "", ""), 0, "", "", [2]string{}},
		"another method":     {inQuery, ask("POST", plainURL+"?challenge=a", "", ""), 0, "", "", [2]string{}},
		"JSON":               {inJSON, ask("POST", plainURL, "", `{"challenge":"a\"<"}`), 200, "application/json", `{"challenge":"a\"\u003c"}`, [2]string{}},
		"JSON of a number":   {inJSON, ask("POST", plainURL, "", `{"challenge":1}`), 0, "", "", [2]string{}},
		"JSON twice":         {inJSON, ask("POST", plainURL, "", `{"challenge":"a","challenge":"b"}`), 0, "", "", [2]string{}},
		"a callback":         {inJSON, ask("POST", plainURL, "", `{"event":"x"}`), 0, "", "", [2]string{}},
		"no JSON":            {inJSON, ask("POST", plainURL, "", `challenge=a`), 0, "", "", [2]string{}},
		"a header":           {inHeader, ask("POST", plainURL, "", "{}", hook("abc")...), 200, "", "", [2]string{"X-Hook-Secret", "abc"}},
		"two headers":        {inHeader, ask("POST", plainURL, "", "{}", hook("a", "b")...), 0, "", "", [2]string{}},
		"no header's value":  {inHeader, ask("POST", plainURL, "", "{}", hook("a\x01b")...), 0, "", "", [2]string{}},
		"with its token":     {withToken, ask("POST", plainURL, "", `{"token":"s3cret","challenge":"a"}`), 200, "text/plain; charset=utf-8", "a", [2]string{}},
		"with another":       {withToken, ask("POST", plainURL, "", `{"token":"x","challenge":"a"}`), 403, "", "", [2]string{}},
		"without it":         {withToken, ask("POST", plainURL, "", `{"challenge":"a"}`), 403, "", "", [2]string{}},
		"a token that is ''": {withToken, ask("POST", plainURL, "", `{"token":"","challenge":"a"}`), 403, "", "", [2]string{}},
	} {
		a, is := c.h.Answer(c.request)
		if is != (c.status != 0) || a.Status != c.status || a.ContentType != c.kind || string(a.Body) != c.body || a.Refused() != (c.status == 403) {
			t.Errorf("%s: answered %t %d %s %q", name, is, a.Status, a.ContentType, a.Body)
		}
		if c.status != 200 {
			continue
		}
		if a.Header[0] != [2]string{"X-Content-Type-Options", "nosniff"} || c.header[0] != "" && a.Header[1] != c.header {
			t.Errorf("%s: fields %v", name, a.Header)
		}
	}
	if a, is := (*signature.Handshake)(nil).Answer(ask("GET", plainURL, "", "")); is {
		t.Errorf("none answers %+v", a)
	}
}

func TestHandshakeFaults(t *testing.T) {
	for field, c := range map[string]signature.HandshakeConfig{
		"type":             {Type: "other"},
		"in":               {Type: "echo", In: "body", Name: "x"},
		"name":             {Type: "echo", In: "query"},
		"respond":          {Type: "echo", In: "query", Name: "x", Respond: "html"},
		"method, looks":    {Type: "echo", In: "query", Name: "x", Method: "HEAD"},
		"name, frames":     {Type: "echo", In: "header", Name: "content-length", Respond: "header"},
		"name, connection": {Type: "echo", In: "query", Name: "Connection", Respond: "header"},
		"method":           {Type: "echo", In: "query", Name: "x", Method: "get"},
		"token.secrets":    {Type: "echo", In: "query", Name: "x", Token: &signature.HandshakeToken{In: "query", Name: "t"}},
		"token.secrets[0]": {Type: "echo", In: "query", Name: "x", Token: &signature.HandshakeToken{In: "query", Name: "t", Secrets: []string{"a "}}},
		"token.in":         {Type: "echo", In: "query", Name: "x", Token: &signature.HandshakeToken{Name: "t", Secrets: []string{"a"}}},
		"origins":          {Type: "cloudevents"},
		"token":            {Type: "cloudevents", Origins: []string{"a.test"}, Token: &signature.HandshakeToken{}},
	} {
		if h, faults := signature.CompileHandshake(c); h != nil || len(faults) != 1 || faults[0].Field != strings.Split(field, ",")[0] {
			t.Errorf("%+v: faults %v, want one at %s", c, faults, field)
		}
	}
	if _, faults := signature.CompileHandshake(signature.HandshakeConfig{Type: "echo", In: "query", Name: "a b", Respond: "header"}); len(faults) != 1 {
		t.Errorf("a name that no header can have: %v", faults)
	}
}
