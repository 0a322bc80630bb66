package watching

import (
	"errors"

	"hookgate/gateway"
	"hookgate/gateway/cluster/peers"
	"hookgate/gateway/store/record"
)

// VerbWatch and VerbEnded are the verbs of nodes that look on for each other.
const (
	VerbWatch = "watch"
	VerbEnded = "ended"
)

// state is how a wait stands, as one node tells another.
type state struct {
	key
	wait *gateway.Wait // nil: it is open, and nothing else is said of it
	err  error
}

// How a state travels: a letter, then a record, or an error.
const (
	isWait  = 'w'
	isError = 'e'
	isMoved = 'm'
	isOpen  = 'o'
)

// append appends a state, as four parts.
func (s *state) append(dst []byte) []byte {
	kind, said := byte(isOpen), []byte(nil)
	switch {
	case errors.Is(s.err, gateway.ErrMoved):
		kind = isMoved
	case s.err != nil:
		kind, said = isError, peers.PackError(s.err)
	case s.wait != nil:
		var e record.Encoder
		e.Wait(s.wait)
		kind, said = isWait, e.B
	}
	dst = peers.AppendPart(dst, []byte(s.tenant))
	dst = peers.AppendPart(dst, []byte(s.id))
	dst = peers.AppendPart(dst, []byte{kind})
	return peers.AppendPart(dst, said)
}

// statesOf reads states.
func statesOf(message []byte) ([]state, error) {
	parts, err := peers.CutParts(message)
	if err != nil {
		return nil, err
	}
	if len(parts)%4 != 0 {
		return nil, peers.ErrCut
	}
	var all []state
	for ; len(parts) > 0; parts = parts[4:] {
		s := state{key: key{string(parts[0]), string(parts[1])}}
		switch string(parts[2]) {
		case string(isWait):
			id, ok := gateway.ParseID(gateway.PrefixWait, s.id)
			if !ok {
				return nil, peers.ErrCut
			}
			if s.wait, err = record.DecodeWait(s.tenant, id[:], append([]byte(nil), parts[3]...)); err != nil {
				return nil, err
			}
		case string(isError):
			s.err = peers.UnpackError(parts[3])
		case string(isMoved):
			s.err = errMoved
		}
		all = append(all, s)
	}
	return all, nil
}

var errMoved = gateway.Moved("the wait is decided elsewhere now")

// question is what a node asks that looks on: where it is told of ends, whether these are all,
// and at which it looks on.
func question(self peers.Node, all bool, keys []key) []byte {
	kind := "some"
	if all {
		kind = "all"
	}
	out := peers.AppendPart(nil, []byte(self.Address))
	out = peers.AppendPart(out, []byte(kind))
	for _, k := range keys {
		out = peers.AppendPart(out, []byte(k.tenant))
		out = peers.AppendPart(out, []byte(k.id))
	}
	return out
}

// questionOf reads it.
func questionOf(message []byte) (address string, all bool, keys []key, err error) {
	parts, err := peers.CutParts(message)
	if err != nil {
		return "", false, nil, err
	}
	if len(parts)%2 != 0 || len(parts) < 2 {
		return "", false, nil, peers.ErrCut
	}
	for i := 2; i < len(parts); i += 2 {
		keys = append(keys, key{string(parts[i]), string(parts[i+1])})
	}
	return string(parts[0]), string(parts[1]) == "all", keys, nil
}
