package waiting

import (
	"errors"

	"hookgate/gateway"
)

// journal writes what was decided.
type journal struct {
	ledger Ledger
	doubt  func(gateway.Slot) // of which nobody knows what the store has
}

// commit makes changes of one tenant durable. Who calls it has the turn.
func (j *journal) commit(tenant string, changes ...*gateway.Change) error {
	err := j.ledger.Commit(changes...)
	if err != nil {
		j.failed(tenant, err)
	}
	return err
}

// failed hears why changes of a tenant were not committed. When they may have been all
// the same, what memory has of the tenant's slot may be wrong, and is read anew.
func (j *journal) failed(tenant string, err error) {
	if unknown(err) {
		j.doubt(gateway.SlotOf(tenant))
	}
}

// unknown says whether a commit with this error may have been made: see Ledger.
func unknown(err error) bool {
	var known *gateway.Error
	return err != nil && !(errors.As(err, &known) && known.Code == gateway.CodeUnavailable)
}
