package peers

import (
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"hookgate/gateway"
)

// ErrNotHere is what a handler returns for what this node does not decide (any more). Nothing
// of it was done.
var ErrNotHere = errors.New("this node does not decide that")

// notTaken is why a request was certainly not taken by the node that was asked.
type notTaken struct{ why error }

func (e *notTaken) Error() string { return "the request was not taken: " + e.why.Error() }
func (e *notTaken) Unwrap() error { return e.why }

// NotTaken says of an error of Ask that the other node has certainly not taken the request:
// it never left, or was refused before anything was done.
func NotTaken(err error) bool { return errors.As(err, new(*notTaken)) }

// NoRoom says of an error of Ask that whoever it was asked for has all connections that are his
// share: it says nothing of the other node.
func NoRoom(err error) bool { return errors.Is(err, errNoRoom) }

// Full says of an error of Ask that the other node has refused the request for want of memory, or
// of patience: it may come again, and not at once.
func Full(err error) bool { return errors.Is(err, errFull) }

// unclear is why nobody knows whether a request was taken.
type unclear struct{ why error }

func (e *unclear) Error() string {
	return "nobody knows whether the request was taken: " + e.why.Error()
}
func (e *unclear) Unwrap() error { return e.why }

// carried is a gateway.Error as it travels.
type carried struct {
	Code    gateway.Code          `json:"code"`
	Message string                `json:"message"`
	Faults  []gateway.Fault       `json:"faults,omitempty"`
	After   time.Duration         `json:"after,omitempty"`
	Extra   []gateway.ExtraMember `json:"extra,omitempty"`
	Allow   string                `json:"allow,omitempty"`
	None    bool                  `json:"none,omitempty"` // it is gateway.ErrNotFound
}

// statusError is of an answer that is an error, and statusNotHere that of ErrNotHere: what
// lies between nodes has its own statuses.
const (
	statusError   = http.StatusUnprocessableEntity
	statusNotHere = http.StatusMisdirectedRequest
)

// PackError gives an error as it travels. What has no code of ours is internal, and its text
// stays here.
func PackError(err error) []byte {
	var e *gateway.Error
	if !errors.As(err, &e) {
		e = &gateway.Error{Code: gateway.CodeInternal}
	}
	text, failed := json.Marshal(carried{e.Code, e.Message, e.Faults, e.RetryAfter, e.Extra, e.Allow, errors.Is(err, gateway.ErrNotFound)})
	if failed != nil {
		panic("peers: an error does not encode: " + failed.Error()) // texts and numbers always do
	}
	return text
}

// UnpackError gives an error that came.
func UnpackError(text []byte) error {
	var c carried
	if err := json.Unmarshal(text, &c); err != nil || c.Code == "" {
		return &unclear{errors.New("the answer is an error that cannot be read")}
	}
	if c.None {
		return gateway.ErrNotFound
	}
	return &gateway.Error{Code: c.Code, Message: c.Message, Faults: c.Faults, RetryAfter: c.After, Extra: c.Extra, Allow: c.Allow, Err: errElsewhere}
}

// errElsewhere stands for what happened inside: the log of the other node has it.
var errElsewhere = errors.New("another node has said so")
