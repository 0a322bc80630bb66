package outbound

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/transport"
)

// proof is where the handshake of a lane stands: the endpoint proves with its
// token that it wants what is sent to its url (SPEC 7). What is proved is in the
// status, by a digest of both, so that neither a restart nor any other change of
// the endpoint asks again.
type proof struct {
	under bool      // one is under way
	at    time.Time // not before
	tries int       // that failed in a row
}

// missing says whether a handshake must come before deliveries.
func (p *proof) missing(t *Target, s *gateway.EndpointStatus) bool {
	return t.Proof != (gateway.MarkKey{}) && s.ProvedFor != t.Proof
}

// Pauses between handshakes in the background, doubling from the first to the
// last; and how long the writer of an endpoint waits for one.
const (
	firstProofRest = 5 * time.Second
	lastProofRest  = 10 * time.Minute
	handshakeInPut = 5 * time.Second
)

// Verify makes the handshake at once, whatever is known. The error says why it
// failed; gateway.ErrNotFound that there is no such endpoint.
func (l *Lanes) Verify(ctx context.Context, tenant, endpoint string) error {
	target := l.options.Targets(tenant, endpoint)
	if target == nil {
		return gateway.ErrNotFound
	}
	if target.Off || target.Proof == (gateway.MarkKey{}) {
		return nil
	}
	n, err := l.primed(tenant, endpoint)
	if err != nil {
		return err
	}
	err = l.prove(ctx, n, target)
	l.attend(n)
	return err
}

// prove makes the handshake and writes down how it went.
func (l *Lanes) prove(ctx context.Context, n *lane, t *Target) error {
	failed := l.handshake(ctx, n.key.Tenant, t)
	if failed != nil && l.ctx.Err() != nil {
		return failed // we are stopping: it tells nothing of the endpoint
	}
	l.mu.Lock()
	was := n.status
	if failed == nil {
		n.status.ProvedFor, n.status.VerificationError = t.Proof, ""
		n.proof.at, n.proof.tries = time.Time{}, 0
	} else {
		n.status.VerificationError = failed.Error()
		if n.status.ProvedFor == t.Proof {
			n.status.ProvedFor = gateway.MarkKey{} // asked again, it does not want it any more
		}
		n.proof.at = l.now().Add(min(firstProofRest<<min(n.proof.tries, 20), lastProofRest))
		n.proof.tries++
	}
	status := n.status
	l.mu.Unlock()
	l.log.Info("handshake", "tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "verified", failed == nil, "error", status.VerificationError)
	if status == was {
		return failed
	}
	if err := l.writeStatus(n, true); err != nil {
		l.log.Warn("the handshake of an endpoint was not written: the next start makes it again",
			"tenant", n.key.Tenant, "endpoint", n.key.Endpoint, "error", err)
	}
	return failed
}

// handshake sends the token and looks for it in the answer.
func (l *Lanes) handshake(ctx context.Context, tenant string, t *Target) error {
	token := t.Token.Value
	f := fields{}
	f.add(t.Token.Name, token)
	f.operators(t)
	f.orElse("Content-Type", typeJSON)
	f.orElse("User-Agent", l.agent)
	timeout := t.Timeout
	if deadline, bound := ctx.Deadline(); bound {
		timeout = max(min(orDefault(timeout, transport.DefaultTimeout), time.Until(deadline)), time.Millisecond)
	}
	answer, err := l.options.Sender.Do(ctx, &transport.Request{
		Method: http.MethodPost, URL: t.URL, Header: f.set, Timeout: timeout, Tenant: tenant, Trusted: t.Trusted,
		Body: append(gateway.AppendString([]byte(`{"token":`), token), '}'),
	})
	switch {
	case err != nil:
		return err
	case answer.Status != http.StatusOK:
		return fmt.Errorf("it answered %d: the handshake wants 200 and the token", answer.Status)
	case answer.Truncated || !echoes(answer.Body, token):
		return errNoEcho
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
