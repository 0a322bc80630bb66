package waiting

import "context"

// Alias makes another name of a conversation durable: from then on a callback may
// carry it, and one that was parked under it resumes the wait that is open under
// key. Both names are keys as gateway.Key gives them; ctx bounds how long the turn
// on them is waited for.
//
// An alias that another conversation has joins the two, as Open and Learn do, unless
// both have a conversation.key of their own; but waits that are open stay apart,
// each under the names with which it was opened (SPEC 6, "Aliases"; SPEC 16).
func (s *Sessions) Alias(ctx context.Context, tenant, key, alias string) error {
	l, err := s.lessonOf(ctx, tenant, []lesson{{key: key, others: []string{alias}}}, nil)
	if err != nil {
		return err
	}
	outcome := errNothing
	defer func() { l.end(outcome) }()
	if err := l.conclude(); err != nil {
		return err
	}
	if len(l.changes) == 0 {
		// Also where the store knew: who made it known may have crashed, in an older
		// version, before it looked for what is parked.
		c, err := l.all.of(key)
		if err == nil {
			err = l.meet(c.all)
		}
		if err != nil || len(l.changes) == 0 {
			return err
		}
	}
	outcome = s.options.Ledger.Commit(l.changes...)
	return outcome
}
