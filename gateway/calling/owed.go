package calling

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/background"
	"hookgate/gateway/shares"
)

// owed are the waits of failed calls that could not be ended with them: the store was away, or
// their slot was moving. Until its deadline such a wait would keep its conversation from waiting
// again, for the next try of the very call that failed. They are ended as soon as that can be
// written, by this process; where it ends first, that is at their deadlines.
type owed struct {
	waits  Waits
	log    *slog.Logger
	holder func(tenant string) shares.Holder
	places *shares.Budget
	ctx    context.Context
	cancel context.CancelFunc
	ending sync.WaitGroup
}

const (
	// mostOwed bounds how many are owed at once; tenants have shares of them.
	mostOwed = 1000
	// owedPause is between two tries, and owedTime is for how long they go on.
	owedPause = 500 * time.Millisecond
	owedTime  = 10 * time.Minute
	// owedDrain is how long a process that ends goes on.
	owedDrain = 3 * time.Second
)

func newOwed(of Options) *owed {
	o := &owed{waits: of.Waits, log: of.Log, holder: of.Holder, places: shares.New(mostOwed)}
	o.ctx, o.cancel = context.WithCancel(context.Background())
	return o
}

// add has the wait of a call ended later.
func (o *owed) add(r *gateway.Call, why error) {
	log := o.log.With("tenant", r.Tenant, "wait_id", r.WaitID, "call_id", r.ID)
	tenant, id, holder := r.Tenant, r.WaitID, o.holder(r.Tenant)
	if o.ctx.Err() != nil || !o.places.Take(holder, 1) {
		log.Warn("the wait of a failed call was not ended", "error", why)
		return
	}
	o.ending.Go(func() {
		defer o.places.Give(holder, 1)
		if err := o.end(tenant, id, why); err != nil {
			log.Warn("the wait of a failed call was not ended", "error", err)
		}
	})
}

// end tries until it can be done.
func (o *owed) end(tenant, id string, err error) error {
	for began := time.Now(); time.Since(began) < owedTime && background.Sleep(o.ctx, owedPause); {
		if _, err = o.waits.Cancel(o.ctx, tenant, id, gateway.ReasonCallFailed); err == nil || isOver(err) {
			return nil
		}
	}
	return err
}

// isOver says of an error of Cancel that there is nothing to end any more.
func isOver(err error) bool {
	var known *gateway.Error
	return errors.As(err, &known) && known.Code == gateway.CodeWaitEnded || errors.Is(err, gateway.ErrNotFound)
}

// drain waits a moment for those that are being ended.
func (o *owed) drain(ctx context.Context) {
	ctx, stop := context.WithTimeout(ctx, owedDrain)
	defer stop()
	background.Drain(ctx, &o.ending, o.cancel)
	o.cancel()
}
