package outbound

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/transport"
)

// prover makes handshakes.
type prover struct {
	sender   Sender
	statuses *statuses
	now      func() time.Time
	log      *slog.Logger
	agent    string // the User-Agent
}

// prove makes the handshake and writes down how it went.
func (p *prover) prove(ctx context.Context, n *lane, t *Target) error {
	failed := p.handshake(ctx, n.key.Tenant, t)
	if failed != nil && n.ctx.Err() != nil {
		return failed // we are stopping: it tells nothing of the endpoint
	}
	status, other := n.standing.proved(t, failed, p.now())
	p.log.Info("handshake", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "verified", failed == nil, "error", status.VerificationError)
	if !other {
		return failed
	}
	if err := p.statuses.write(n); err != nil {
		p.log.Warn("the handshake of an endpoint was not written: the next start makes it again",
			"tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
	}
	return failed
}

// handshake sends the token and looks for it in the answer.
func (p *prover) handshake(ctx context.Context, tenant string, t *Target) error {
	token := t.Token.Value
	f := fields{}
	f.add(t.Token.Name, token)
	f.operators(t)
	f.orElse("Content-Type", typeJSON)
	f.orElse("User-Agent", p.agent)
	timeout := t.Timeout
	if deadline, bound := ctx.Deadline(); bound {
		timeout = max(min(orDefault(timeout, transport.DefaultTimeout), time.Until(deadline)), time.Millisecond)
	}
	answer, err := p.sender.Do(ctx, &transport.Request{
		Method: http.MethodPost, URL: t.URL, Header: f.set, Timeout: timeout, TLS: t.TLS, Tenant: tenant, Trusted: t.Trusted,
		Body: append(gateway.AppendString([]byte(`{"token":`), token), '}'),
	})
	switch {
	case answer == nil:
		return err
	case answer.Status != http.StatusOK:
		return fmt.Errorf("it answered %d: the handshake wants 200 and the token", answer.Status)
	case answer.Truncated || !echoes(answer.Body, token):
		return cmp.Or(err, errNoEcho) // an error with an answer is of its body
	}
	return nil
}

var errNoEcho = errors.New("it answered 200 without the token: send it back bare, or as {\"token\":…}")

func orDefault(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// echoes says whether an answer is the token: bare, or the member of that name.
func echoes(answer []byte, token string) bool {
	bare := bytes.TrimSpace(answer)
	if equal(string(bare), token) {
		return true
	}
	var wire struct {
		Token string `json:"token"`
	}
	return json.Unmarshal(bare, &wire) == nil && equal(wire.Token, token)
}

// equal takes the same time wherever the two differ.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
