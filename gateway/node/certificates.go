package node

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"hookgate/auth/signature"
	"hookgate/gateway/transport"
)

// Bounds of a certificate that is fetched while a callback waits for it.
const (
	certificateTimeout = 3 * time.Second
	certificateBytes   = 64 << 10
)

// fetchCertificate gets what a provider signs with, or asks the URL by which it wants to
// be answered, by the one guarded way out: the egress rules bind it like any request.
func (b between) fetchCertificate(url string) ([]byte, error) {
	answer, err := b.transport.Do(context.Background(), &transport.Request{
		Method: http.MethodGet, URL: url, Timeout: certificateTimeout, MaxAnswer: certificateBytes,
	})
	switch {
	case err != nil:
	case isAbsent(answer.Status):
		return nil, signature.ErrAbsent // a stranger's guess: no word in the log
	case answer.Status != http.StatusOK:
		err = fmt.Errorf("the answer is %d", answer.Status)
	case answer.Truncated:
		err = fmt.Errorf("the answer has more than %d bytes", certificateBytes)
	default:
		return answer.Body, nil
	}
	place, _, _ := strings.Cut(url, "?") // behind it stands a token that confirms
	b.Log.Warn("a provider does not give what was asked: callbacks that need it are told to come again", "url", place, "error", err)
	return nil, err
}

// isAbsent tells whether an answer says that there is nothing, and not that it cannot be
// had now.
func isAbsent(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return status >= 400 && status < 500
}
