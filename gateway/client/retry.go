package client

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"time"
)

// Pauses where nobody says how long: the first, and the longest before its random part.
const (
	firstPause = 200 * time.Millisecond
	mostPause  = 5 * time.Second
)

// pauses counts what a request, or one reader of the stream, has waited.
type pauses struct {
	tries int
	spent time.Duration
}

// next gives the pause before the next try, which begins when hookgate asks for it, else
// grows. Part of it is random: those that failed in one moment must not come back in one.
func (p *pauses) next(err error) time.Duration {
	pause := min(firstPause<<min(p.tries, 10), mostPause)
	pause += time.Duration(rand.Int64N(int64(pause)/2 + 1))
	if asked, is := errors.AsType[*Problem](err); is && asked.RetryAfter > 0 {
		pause = asked.RetryAfter
	}
	p.tries++
	p.spent += pause
	return pause
}

// retried sends a request until it went well, cannot go well, or has taken too long.
func (c *Client) retried(ctx context.Context, r Request, once func(*ready) error) error {
	made, err := r.ready()
	if err != nil {
		return err
	}
	var p pauses
	var lost error // of a try of which nobody knows what came of it
	for {
		err := once(made)
		if problem, answered := errors.AsType[*Problem](err); !answered {
			lost = err
		} else if lost != nil && problem.Status == http.StatusPreconditionFailed {
			return lost // what stands there may be what that try wrote
		}
		if err == nil || ctx.Err() != nil || !made.again(err) {
			return err
		}
		pause := p.next(err)
		if p.tries >= c.options.Tries || p.spent > c.options.Patience || c.pause(ctx, pause, err) != nil {
			return err
		}
	}
}

// pause rests, and says so.
func (c *Client) pause(ctx context.Context, pause time.Duration, because error) error {
	if c.options.Again != nil {
		c.options.Again(pause, because)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// again says whether a request that failed may be sent again.
func (r *ready) again(err error) bool {
	twice := r.Key != "" || r.Method == http.MethodGet || r.Method == http.MethodPut || r.Method == http.MethodDelete
	if p, is := errors.AsType[*Problem](err); is {
		switch p.Status {
		case http.StatusTooManyRequests, http.StatusServiceUnavailable: // nothing was done
			return true
		case http.StatusBadGateway, http.StatusGatewayTimeout: // of what stands between: nobody knows
			return twice
		}
		return false
	}
	if _, bad := errors.AsType[*tls.CertificateVerificationError](err); bad {
		return false
	}
	if _, bad := errors.AsType[x509.HostnameError](err); bad {
		return false
	}
	if op, is := errors.AsType[*net.OpError](err); is && op.Op == "dial" {
		return true // it was not sent
	}
	if _, is := errors.AsType[*formError](err); is {
		return false
	}
	return twice
}
