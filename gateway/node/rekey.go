package node

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"hookgate/auth/seal"
	"hookgate/gateway/relayed"
	"hookgate/gateway/resources"
	"hookgate/gateway/store/pebblestore"
)

// Rekey gives a data folder that nobody serves another master key, and seals all in it
// anew. given is the key from the environment, next the new one: seal.BeginRekey. A crash
// anywhere leaves a folder of which a start says so, and that Rekey finishes.
func Rekey(dir, given, next string, log *slog.Logger) error {
	return rekey(dir, given, next, log, func(string) error { return nil })
}

// rekey asks between its steps whether it is to go on.
func rekey(dir, given, next string, log *slog.Logger, step func(name string) error) error {
	if held, err := pebblestore.Look(dir); err != nil || !held {
		return errors.Join(err, fmt.Errorf("there is nothing in the data folder %s that was sealed", dir))
	}
	var r *seal.Rekeying
	store, err := pebblestore.Open(pebblestore.Options{
		Dir: dir, Logger: log, ExpireEvery: 1000 * time.Hour, // how long things are kept is not known here
		Unlock: func(bool) (err error) {
			r, err = seal.BeginRekey(dir, given, next)
			return errors.Join(err, step("begun"))
		},
	})
	if err != nil {
		return err
	}
	if r.Resumed {
		log.Info("going on with another master key, where it was cut short", "folder", dir)
	}
	err = reseal(store, seal.New(r.Old), seal.New(r.New), step)
	if err = errors.Join(err, store.Close()); err != nil {
		return err
	}
	if err := step("closed"); err != nil {
		return err
	}
	return r.Finish()
}

func reseal(store *pebblestore.Store, from, to *seal.Sealer, step func(string) error) error {
	if err := resources.Reseal(store, from, to); err != nil {
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
