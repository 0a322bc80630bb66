package calling

import (
	"bytes"
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/transport"
)

// challengeTime is how long the writer of a connection waits for its challenge.
const challengeTime = 5 * time.Second

// Challenge asks the url of a connection to prove that it wants what will be sent to
// it: GET with challenge and token in the query, answered by 200 and the bare
// challenge. The error has gateway.CodeVerificationFailed.
func (c *Calls) Challenge(ctx context.Context, tenant *directory.Tenant, w *gateway.Webhook) error {
	challenge := rand.Text()
	url, _, _ := strings.Cut(w.URL, "#")
	asked, separator := []byte(url), byte('?')
	if strings.Contains(url, "?") {
		separator = '&'
	}
	asked = append(append(append(asked, separator), "challenge="...), challenge...)
	if token := w.Token.Reveal(); token != "" {
		asked = appendEncoded(append(asked, "&token="...), token)
	}
	header := make([][2]string, 0, 1+len(tenant.Headers))
	for _, h := range tenant.Headers {
		header = append(header, [2]string{h.Name, h.Value})
	}
	if !has(header, "User-Agent") {
		header = append(header, [2]string{"User-Agent", c.carrier.agent})
	}
	timeout := challengeTime
	if deadline, bound := ctx.Deadline(); bound {
		timeout = max(min(timeout, time.Until(deadline)), time.Millisecond)
	}
	answer, err := c.carrier.sender.Do(ctx, &transport.Request{
		Method: http.MethodGet, URL: string(asked), Header: header, Timeout: timeout, TLS: directory.SettingsOf(w.TLS), Tenant: tenant.ID,
	})
	switch {
	case err != nil:
		return &gateway.Error{Code: gateway.CodeVerificationFailed, Message: "the url gives no answer to the challenge: " + ruleOf(err), Err: err}
	case answer.Status != http.StatusOK:
		return gateway.Errorf(gateway.CodeVerificationFailed, "the url answers the challenge with status %d: it must be 200", answer.Status)
	case answer.Truncated || string(bytes.TrimSpace(answer.Body)) != challenge:
		return gateway.Errorf(gateway.CodeVerificationFailed, "the url answers 200 without the challenge: it must be the whole body, bare")
	}
	return nil
}
