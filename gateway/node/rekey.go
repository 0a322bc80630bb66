package node

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hookgate/auth/seal"
	"hookgate/gateway/keeping"
	"hookgate/gateway/relayed"
	"hookgate/gateway/resources"
	"hookgate/gateway/store/pebblestore"
)

// Rekey gives a data folder that nobody serves another master key, and seals all in it
// anew. given is the key from the environment, next the new one: seal.PlanRekey. A crash
// anywhere leaves a folder of which a start says so, and that Rekey finishes. inFolder says
// that the new key is in the folder's master.key.
func Rekey(dir, given, next string, log *slog.Logger) (inFolder bool, err error) {
	return rekey(dir, given, next, log, func(string) error { return nil })
}

// rekey asks between its steps whether it is to go on.
func rekey(dir, given, next string, log *slog.Logger, step func(name string) error) (inFolder bool, err error) {
	if err := keeping.Whole(dir); err != nil {
		return false, err
	}
	if held, err := pebblestore.Look(dir); err != nil || !held {
		return false, errors.Join(err, fmt.Errorf("there is nothing in the data folder %s that was sealed", dir))
	}
	var r *seal.Rekeying
	store, err := pebblestore.Open(pebblestore.Options{
		Dir: dir, Logger: log, ExpireEvery: 1000 * time.Hour, // how long things are kept is not known here
		Unlock: func(bool) (err error) {
			r, err = seal.PlanRekey(dir, given, next)
			return err
		},
	})
	if err != nil {
		return false, err
	}
	if r.Resumed {
		log.Info("going on with another master key, where it was cut short", "folder", dir)
	}
	err = reseal(store, r, step)
	if err = errors.Join(err, store.Close()); err != nil {
		return false, err
	}
	if err := step("closed"); err != nil {
		return false, err
	}
	return r.InFolder, r.Finish()
}

func reseal(store *pebblestore.Store, r *seal.Rekeying, step func(string) error) error {
	from, to := seal.New(r.Old), seal.New(r.New)
	if err := resources.Reseal(store, from, to, func() error { return errors.Join(r.Begin(), step("begun")) }); err != nil {
		return err
	}
	if err := step("resources"); err != nil {
		return err
	}
	err := store.Reseal(func(tenant, event string, sealed []byte) ([]byte, error) {
		place := relayed.AppendPlace(nil, tenant, event)
		if _, err := to.AppendOpened(nil, sealed, place); err == nil {
			return sealed, nil
		}
		plain, err := from.AppendOpened(nil, sealed, place)
		if err != nil {
			return nil, err
		}
		return to.AppendSealed(nil, plain, place), nil
	})
	return errors.Join(err, step("relayed"))
}
