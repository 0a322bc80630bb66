package waiting

import (
	"context"
	"time"

	"hookgate/gateway"
)

// Deeds are what somebody does to a wait by hand (SPEC O2): each is one step, decided by
// the turn against callback, deadline and cancel, and durable with its line in the
// timeline before it is answered.

// Doer is who does something by hand: the scope of a token and its id, "" for a token
// that was given by environment or file. Told are the lines of the audit that tell of it,
// in one commit with it.
type Doer struct {
	Scope, TokenID string
	Told           []gateway.AuditLine
}

// Resolution is the outcome that is given to a wait in place of a callback's.
type Resolution struct {
	Branch    gateway.Branch
	Match     string      // "" for none
	Variables gateway.Raw // a JSON object; nil for none
}

// Resolve ends an open wait as a callback would have, without one. It gives the wait as it
// ended; one that had ended before is an error with its code wait_ended. Variables are
// something new, for which the disk must have room.
func (s *Sessions) Resolve(ctx context.Context, tenant, id string, as Resolution, by Doer) (final *gateway.Wait, err error) {
	if len(as.Variables) > 0 {
		if err := s.options.Room(tenant); err != nil {
			return nil, err
		}
	}
	err = s.whileOpen(ctx, tenant, id, func(r *room, e *session) error {
		at := s.options.Now()
		w := *e.now()
		w.State, w.Reason, w.EndedAt = gateway.StateResumed, gateway.ReasonManual, stamp(at)
		w.Branch, w.Match, w.Variables = as.Branch, as.Match, as.Variables
		change := s.outcomes.change(&w)
		change.Traces, change.Told = append(change.Traces, deedTrace(&w, "resolve", by, at)), by.Told
		if err := s.journal.commit(tenant, change); err != nil {
			return err
		}
		r.finish(e, &w)
		s.outcomes.wake(change)
		final = &w
		return nil
	})
	return final, err
}

// Extend gives an open wait another deadline, so long from now. It gives the wait as it
// then stands; one that had ended before is an error with its code wait_ended. A wait that
// would be open for more than gateway.MaxWaitLife in all is refused.
func (s *Sessions) Extend(ctx context.Context, tenant, id string, by time.Duration, who Doer) (extended *gateway.Wait, err error) {
	err = s.whileOpen(ctx, tenant, id, func(_ *room, e *session) error {
		began, at := time.Now(), s.options.Now()
		w := *e.now()
		if w.ExpiresAt = stamp(at.Add(by)); w.ExpiresAt.Sub(w.CreatedAt) > gateway.MaxWaitLife {
			return errTooOld
		}
		change := &gateway.Change{Wait: &w, Traces: []gateway.Trace{
			w.Line(), deedTrace(&w, "extend", who, at),
		}, Told: who.Told}
		// The expirer has it from here on, so that nobody says that a wait so old has ended
		// (history). It ends nothing while another has the turn, nor before its deadline.
		before, deadline := e.until(), began.Add(by)
		s.expirer.reset(&e.expiry, deadline)
		s.history.rest()
		if err := s.journal.commit(tenant, change); err != nil {
			s.expirer.reset(&e.expiry, before)
			return err
		}
		e.becomes(&w, deadline)
		s.holds.move(w.ID, deadline)
		extended = &w
		return nil
	})
	return extended, err
}

var errTooOld = gateway.Invalid([]gateway.Fault{{
	Path: "timeout_seconds", Message: "would let the wait be open for more than " + gateway.MaxWaitLife.String() + " in all: open another",
}})

// deedTrace is the line of what was done to a wait by hand.
func deedTrace(w *gateway.Wait, deed string, by Doer, at time.Time) gateway.Trace {
	data := gateway.AppendString([]byte(`{"deed":`), deed)
	data = gateway.AppendMember(data, "source", w.Source)
	data = gateway.AppendMember(data, "wait_id", w.ID)
	data = gateway.AppendOptional(data, "branch", string(w.Branch))
	data = gateway.Time{Time: w.ExpiresAt}.AppendJSON(append(data, `,"expires_at":`...))
	data = gateway.AppendMember(data, "scope", by.Scope)
	data = gateway.AppendOptional(data, "token_id", by.TokenID)
	return gateway.Trace{
		Tenant: w.Tenant, Key: w.ConversationKey, At: at, Kind: "deed", ID: gateway.NewID(gateway.PrefixDeed, at), Data: append(data, '}'),
	}
}
