package waiting

import (
	"context"

	"hookgate/gateway"
)

// Alias makes another name of a conversation durable: from then on a callback may
// carry it, and one that was parked under it resumes the wait that is open under
// key. Both names are keys as gateway.Key gives them; ctx bounds how long the turn
// on them is waited for.
//
// An alias that another conversation has joins the two, as Open and Learn do; but
// waits that are open stay apart, each under the names with which it was opened
// (SPEC 6, "Aliases").
func (s *Sessions) Alias(ctx context.Context, tenant, key, alias string) error {
	n, err := s.nameAlso(ctx, tenant, key, alias)
	if err != nil {
		return err
	}
	// Also where the store knew: who made it known may have crashed before it
	// looked for what is parked.
	s.Learned(n)
	return nil
}

// nameAlso writes the names of a conversation, unless the store knows them so.
func (s *Sessions) nameAlso(ctx context.Context, tenant, key, alias string) (gateway.Names, error) {
	r := s.room(tenant)
	t := &turn{}
	n, changed, err := s.acquireNames(ctx, r, t, asked{source: naming, key: key, aliases: []string{alias}})
	if err != nil {
		return n, err
	}
	defer r.release(s, t)
	if !changed {
		return n, nil
	}
	defer r.renamed() // before the turn is given back: who waits for it must look again
	return n, s.commit(&gateway.Change{Names: &n})
}
