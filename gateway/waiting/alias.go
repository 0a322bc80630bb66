package waiting

import (
	"context"
	"slices"

	"hookgate/gateway"
)

// Alias makes another name of a conversation durable: from then on a callback may
// carry it, and one that was parked under it resumes the wait that is open under
// key. Both names are keys as gateway.Key gives them; ctx bounds how long the turn
// on them is waited for.
//
// An alias that another conversation has joins the two, as Open and Learn do, unless
// both have a conversation.key of their own; but waits that are open stay apart,
// each under the names with which it was opened (SPEC 6, "Aliases"; SPEC 16).
//
// The alias is on the wait that is open under key from then on, with the names that it
// was given (SPEC 15), unless it is another conversation's.
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
		if err != nil {
			return err
		}
	}
	given := l.give(key, alias)
	if len(l.changes) == 0 {
		return nil
	}
	if outcome = s.options.Ledger.Commit(l.changes...); outcome == nil {
		for _, g := range given {
			g.session.becomes(g.wait, g.session.until())
		}
	}
	return outcome
}

// gift is an open wait with the alias that it is given.
type gift struct {
	session *session
	wait    *gateway.Wait
}

// give puts the alias on the waits that are open under key, in the commit that makes it
// known: on one that ends by it too. Of a name that is not the conversation's, or under
// which another wait is open, nothing is given.
func (l *learning) give(key, alias string) (given []gift) {
	c, err := l.all.of(key)
	if err != nil || !slices.Contains(c.all, alias) {
		return nil
	}
	for _, e := range l.room.openUnder(key) {
		w := e.now()
		other := l.room.at(name{w.Source, alias})
		if w.ConversationKey != key || slices.Contains(w.Aliases, alias) || other != nil && other != e || len(w.Aliases) >= gateway.MaxAliases-1 {
			continue
		}
		named := *w
		named.Aliases = append(slices.Clone(w.Aliases), alias)
		if l.ends(e, named.Aliases) {
			continue
		}
		l.changes = append(l.changes, &gateway.Change{Wait: &named})
		given = append(given, gift{e, &named})
	}
	return given
}

// ends says whether a session ends in this commit; then its end has the aliases.
func (l *learning) ends(e *session, aliases []string) bool {
	for _, m := range l.meetings {
		if m.session == e {
			m.change.Wait.Aliases = aliases
			m.change.Notice = l.sessions.outcomes.notice(m.change.Wait)
			return true
		}
	}
	return false
}
