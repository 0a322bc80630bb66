package gateway

import "time"

// WaitState is where a waiting session stands. It leaves StateWaiting once.
type WaitState string

// The states of a wait (SPEC 6).
const (
	StateWaiting   WaitState = "waiting"
	StateResumed   WaitState = "resumed"
	StateTimedOut  WaitState = "timed_out"
	StateCancelled WaitState = "cancelled"
)

// Reasons why a wait ended without a callback.
const (
	ReasonTimeout    = "timeout"
	ReasonManual     = "manual" // somebody resolved it by hand (SPEC O2)
	ReasonCancelled  = "cancelled"
	ReasonCallFailed = "call_failed"
)

// Mode is how the outcome of a wait reaches who opened it.
type Mode string

// The modes of a wait.
const (
	ModeHold   Mode = "hold"   // the request stays open until the outcome
	ModeNotify Mode = "notify" // the outcome goes to the platform endpoint
	ModePoll   Mode = "poll"   // the outcome is there to be read
)

// Bounds of a wait (SPEC 6).
const (
	MaxWaitSeconds     = 300
	DefaultWaitSeconds = 60
	MaxContext         = 16 << 10 // bytes of JSON
	MaxRules           = 64 << 10 // bytes of JSON of match and variables together
	OutcomeKept        = 24 * time.Hour
	MaxWaitLife        = 24 * time.Hour // however often it is extended
)

// Wait is a waiting session: a flow at rest until its callback or deadline.
type Wait struct {
	ID              string
	Tenant          string
	Source          string
	ConversationKey string
	Aliases         []string // the other names of the conversation, as far as they were known
	State           WaitState
	Branch          Branch // "" while waiting
	Match           string // the name of the entry that fit, or ""
	Reason          string // why it ended without a callback, or ""
	Variables       Raw    // a JSON object; nil while waiting
	Callback        *TakenCallback
	Context         Raw // as it was given
	Mode            Mode
	OwnMatch        Raw          // match as given with the wait; nil: the source's
	OwnVariables    Raw          // variables as given with the wait; nil: the source's
	Span            *SpanContext // of who opened it; nil: nobody said
	CreatedAt       time.Time
	ExpiresAt       time.Time
	EndedAt         time.Time
}

// TakenCallback is what a wait keeps of the callback that resumed it.
type TakenCallback struct {
	ID          string
	ReceivedAt  time.Time
	ContentType string
	Body        Raw // JSON: the body itself, a form as an object, raw text as a string, null
}

// AppendJSON appends the wait as every answer but a list shows it (SPEC 6).
func (w *Wait) AppendJSON(dst []byte) []byte { return w.appendJSON(dst, true) }

// AppendListed appends the wait as lists show it: its callback has no body. That is
// left out, for null would say that the callback had none (SPEC 16).
func (w *Wait) AppendListed(dst []byte) []byte { return w.appendJSON(dst, false) }

// SizeJSON is no less than what AppendJSON appends, and not much more.
func (w *Wait) SizeJSON() int {
	n := 512 + len(w.Variables) + len(w.Context)
	for _, text := range [...]string{w.Tenant, w.Source, w.ConversationKey, w.Match, w.Reason} {
		n += maxEscaped * len(text)
	}
	for _, alias := range w.Aliases {
		n += maxEscaped*len(alias) + len(`"",`)
	}
	if c := w.Callback; c != nil {
		n += 128 + maxEscaped*len(c.ContentType) + len(c.Body)
	}
	return n
}

func (w *Wait) appendJSON(dst []byte, body bool) []byte {
	dst = append(dst, `{"id":`...)
	dst = AppendString(dst, w.ID)
	dst = AppendMember(dst, "tenant", w.Tenant)
	dst = AppendMember(dst, "source", w.Source)
	dst = AppendMember(dst, "conversation_key", w.ConversationKey)
	dst = AppendMember(dst, "state", string(w.State))
	dst = AppendMember(dst, "mode", string(w.Mode))
	dst = AppendOptional(dst, "branch", string(w.Branch))
	dst = AppendOptional(dst, "match", w.Match)
	dst = AppendOptional(dst, "reason", w.Reason)
	dst = append(dst, `,"aliases":[`...)
	for i, alias := range w.Aliases {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, alias)
	}
	dst = append(dst, `],"variables":`...)
	if len(w.Variables) == 0 {
		dst = append(dst, "{}"...)
	} else {
		dst = append(dst, w.Variables...)
	}
	dst = append(dst, `,"callback":`...)
	dst = w.Callback.appendShown(dst, body)
	dst = append(dst, `,"context":`...)
	dst = AppendRaw(dst, w.Context)
	dst = append(dst, `,"created_at":`...)
	dst = Time{w.CreatedAt}.AppendJSON(dst)
	dst = append(dst, `,"expires_at":`...)
	dst = Time{w.ExpiresAt}.AppendJSON(dst)
	dst = append(dst, `,"ended_at":`...)
	dst = Time{w.EndedAt}.AppendJSON(dst)
	return append(dst, '}')
}

func (c *TakenCallback) appendJSON(dst []byte) []byte { return c.appendShown(dst, true) }

func (c *TakenCallback) appendShown(dst []byte, body bool) []byte {
	if c == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, `{"id":`...)
	dst = AppendString(dst, c.ID)
	dst = append(dst, `,"received_at":`...)
	dst = Time{c.ReceivedAt}.AppendJSON(dst)
	dst = AppendOptional(dst, "content_type", c.ContentType)
	if body {
		dst = append(dst, `,"body":`...)
		dst = AppendRaw(dst, c.Body)
	}
	return append(dst, '}')
}
