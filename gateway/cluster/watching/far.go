package watching

import (
	"context"
	"errors"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
)

// askTime is how long an owner has to say how waits stand.
const askTime = 3 * time.Second

// askAt has a node look on at waits, and gives how each stands.
func (w *Watches) askAt(ctx context.Context, at peers.Node, all bool, keys []key) ([]state, error) {
	ctx, stop := context.WithTimeout(ctx, askTime)
	defer stop()
	answer, err := w.options.Asker.Ask(ctx, at, VerbWatch, question(w.options.Self(), all, keys))
	if err != nil {
		return nil, err
	}
	states, err := statesOf(answer)
	if err == nil && len(states) != len(keys) {
		err = peers.ErrCut
	}
	return states, err
}

// ServeEnded is told by another node of waits that have ended there: a peers.Handler.
func (w *Watches) ServeEnded(ctx context.Context, message []byte) ([]byte, error) {
	states, err := statesOf(message)
	if err != nil {
		return nil, err
	}
	w.hear(peers.From(ctx), states)
	return nil, nil
}

// hear takes what a node says of waits at which it looks on.
func (w *Watches) hear(from string, states []state) {
	for i := range states {
		switch s := &states[i]; {
		case errors.Is(s.err, gateway.ErrMoved):
			w.lost(s.key, from)
		case passes(s.err):
		case s.err != nil:
			w.ended(s.key, nil, s.err)
		case s.wait == nil || s.wait.State == gateway.StateWaiting:
			w.settled(s.key, from, nil)
		default:
			w.ended(s.key, s.wait, nil)
		}
	}
}

// passes says whether an error will be over some time: a hold goes on until then.
func passes(err error) bool {
	var known *gateway.Error
	if err == nil || errors.Is(err, gateway.ErrNotFound) {
		return false
	}
	return !errors.As(err, &known) || known.Code == gateway.CodeUnavailable || known.Code == gateway.CodeDraining || known.Code == gateway.CodeInternal
}
