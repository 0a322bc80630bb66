package node

import (
	"context"
	"fmt"
	"net/http"

	"hookgate/gateway/transport"
)

// keySetBytes bounds a key set: those of the providers have up to 30 KiB.
const keySetBytes = 256 << 10

// fetchKeySet gets the keys that tokens are signed with, by the one guarded way out.
// Only an operator names such a URL, so whatever is wrong is said.
func (b between) fetchKeySet(url string) ([]byte, error) {
	answer, err := b.transport.Do(context.Background(), &transport.Request{
		Method: http.MethodGet, URL: url, Timeout: certificateTimeout, MaxAnswer: keySetBytes,
	})
	switch {
	case err != nil:
	case answer.Status != http.StatusOK:
		err = fmt.Errorf("the answer is %d", answer.Status)
	case answer.Truncated:
		err = fmt.Errorf("the answer has more than %d bytes", keySetBytes)
	default:
		return answer.Body, nil
	}
	b.Log.Warn("a key set cannot be had: callbacks that need it are told to come again", "url", url, "error", err)
	return nil, err
}
