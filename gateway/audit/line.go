package audit

import (
	"bytes"
	"encoding/json"

	"hookgate/gateway"
)

// Action is what was done (SPEC-operations O10).
type Action string

// The closed list of actions.
const (
	Create  Action = "create"
	Update  Action = "update"
	Delete  Action = "delete"
	Pause   Action = "pause"
	Resume  Action = "resume"
	Rotate  Action = "rotate"
	Replay  Action = "replay" // of one delivery too
	Resolve Action = "resolve"
	Extend  Action = "extend"
	Cancel  Action = "cancel"
	Reload  Action = "reload"
	Drain   Action = "drain"
	SignIn  Action = "sign_in"
	SignOut Action = "sign_out"
	Refuse  Action = "refuse"
	Close   Action = "close" // of a circuit breaker
	Test    Action = "test"  // of a source
)

// Actions lists them, as a question may name them.
var Actions = []Action{Create, Update, Delete, Pause, Resume, Rotate, Replay, Resolve, Extend, Cancel, Reload, Drain, SignIn, SignOut, Refuse, Close, Test}

// Kinds of actors.
const (
	KindToken   = "token"
	KindFile    = "file"
	KindCLI     = "cli" // a hint: who asks says so itself
	KindConsole = "console"
	KindSystem  = "system" // hookgate itself
)

// Actor is who did it.
type Actor struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`    // of the token; "": one of the file or environment, or none
	Name  string `json:"name"`  // of the token
	Scope string `json:"scope"` // of the token; "" for none
}

// Line is one line of the audit, as it is kept and shown.
type Line struct {
	ID        string       `json:"id"`
	At        gateway.Time `json:"at"`
	Actor     Actor        `json:"actor"`
	Client    string       `json:"client"`
	RequestID string       `json:"request_id"`
	Action    Action       `json:"action"`
	Object    string       `json:"object"` // tenants/acme/sources/pay
	Tenant    string       `json:"tenant"` // that it is about; "": none
	Changes   []Change     `json:"changes"`
	// More is how many changes are not among them: a line is bounded.
	More    int    `json:"changes_left_out,omitempty"`
	Outcome string `json:"outcome"` // done, or refused
	// Of what is folded: refusals, sign-ins again, and what ended beyond the day's measure.
	Count   int          `json:"count,omitempty"`
	Reason  string       `json:"reason,omitempty"`
	FirstAt gateway.Time `json:"first_at,omitzero"`
}

// Outcomes of a line.
const (
	OutcomeDone    = "done"
	OutcomeRefused = "refused"
)

// Change is one value that is another now; null is none.
type Change struct {
	Path   string `json:"path"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

// encode gives the line as a store keeps it.
func (l *Line) encode(shownTo []string) gateway.AuditLine {
	if l.Changes == nil {
		l.Changes = []Change{}
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(l); err != nil {
		panic("audit: what was read cannot be written: " + err.Error()) // scalars and texts alone
	}
	return gateway.AuditLine{ID: l.ID, Tenants: shownTo, Value: bytes.TrimSuffix(text.Bytes(), []byte("\n"))}
}

// Decode reads a line back.
func Decode(stored gateway.AuditLine) (l Line, err error) {
	err = json.Unmarshal(stored.Value, &l)
	return l, err
}
