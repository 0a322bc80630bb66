package waiting

import (
	"context"
	"time"

	"hookgate/gateway"
)

// maxFreshen bounds how long names are written anew: nobody waits for it.
const maxFreshen = 10 * time.Second

// freshen writes names anew, beside who asked for them: he may have the turn on
// one of them, and others may be about to add to them.
func (s *Sessions) freshen(tenant, key string) {
	if _, under := s.freshening.LoadOrStore(gateway.OwnKey{Tenant: tenant, Key: key}, true); under {
		return
	}
	s.beside.Go(func() {
		defer s.freshening.Delete(gateway.OwnKey{Tenant: tenant, Key: key})
		ctx, stop := context.WithTimeout(s.closing, maxFreshen)
		defer stop()
		l, err := s.lessonOf(ctx, tenant, []lesson{{key: key}}, nil)
		if err != nil {
			return
		}
		defer l.room.release(&l.turn)
		if c, err := l.all.of(key); err == nil && len(c.all) > 1 {
			// Nothing is promised here: the names stand as they stood.
			_ = s.options.Ledger.Commit(&gateway.Change{Names: c.names(tenant, s.options.Now()), Refused: true})
		}
	})
}
