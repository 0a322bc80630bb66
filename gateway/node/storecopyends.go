package node

import (
	"errors"
	"fmt"
	"os"

	"hookgate/auth/seal"
	"hookgate/gateway/keeping"
	"hookgate/gateway/store"
	"hookgate/gateway/store/copying"
	"hookgate/gateway/store/pebblestore"
	"hookgate/gateway/store/pgstore"
)

// fromFolder opens a data folder that is copied.
func (w *copyWork) fromFolder(dir string) error {
	if err := keeping.Whole(dir); err != nil {
		return err
	}
	held, err := pebblestore.Look(dir)
	if err == nil && !held {
		err = fmt.Errorf("there is nothing in the data folder %s", dir)
	}
	if err != nil {
		return err
	}
	if why, err := keeping.Held(dir); err != nil || why != "" {
		return errors.Join(err, errors.New("the folder was restored from a backup, and sends nothing: a copy would; end that first: hookgate restore --resume --data "+dir))
	}
	s, err := pebblestore.Open(pebblestore.Options{Dir: dir, Logger: w.Log, ExpireEvery: neverExpire, Unlock: func(held bool) error {
		if err := keeping.Whole(dir); err != nil { // it is locked now
			return err
		}
		key, err := seal.Folder(dir, w.MasterKey, held)
		w.key = key.Key
		return err
	}})
	if err == nil {
		w.source = s
	}
	return err
}

// toFolder makes the folder of a copy, or takes up one that was cut short. Where the key of
// what is copied lies in a folder, it lies in this one too.
func (w *copyWork) toFolder(dir string, from side) error {
	half, err := keeping.Copying(dir)
	switch {
	case err != nil:
		return err
	case half && !w.Resume:
		return copying.ErrUnfinished
	case !half:
		if err := emptyFolder(dir); err != nil {
			return err
		}
	}
	if err := keeping.BeginCopy(dir); err != nil {
		return err
	}
	s, err := pebblestore.Open(pebblestore.Options{Dir: dir, Logger: w.Log, ExpireEvery: neverExpire, Unlock: func(held bool) error {
		if w.MasterKey == "" && from.dir != "" {
			if err := seal.Give(dir, w.key); err != nil {
				return err
			}
		}
		_, err := seal.Folder(dir, w.MasterKey, held)
		return err
	}})
	if err == nil {
		w.target = s
	}
	return err
}

// emptyFolder refuses a folder that holds anything but a master key.
func emptyFolder(dir string) error {
	names, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the folder: %w", err)
	}
	for _, one := range names {
		if one.Name() != "master.key" {
			return fmt.Errorf("%w (%s)", copying.ErrHolds, one.Name())
		}
	}
	return nil
}

// end closes both sides, and lets the copy be served.
func (w *copyWork) end(to side) error {
	if err := w.close(); err != nil {
		return err
	}
	if to.dir == "" {
		return nil
	}
	return keeping.EndCopy(to.dir)
}

// other is a node of a schema beside this process.
type other struct{ number, beat int64 }

func othersOf(s *pgstore.Store) (list []other, err error) {
	nodes, _, err := s.Members()
	if err != nil {
		return nil, err
	}
	for _, n := range nodes {
		if !n.Gone && n.Node != s.Node() {
			list = append(list, other{n.Node, n.Beat})
		}
	}
	return list, nil
}

func noOthers(s *pgstore.Store) error {
	list, err := othersOf(s)
	if err == nil && len(list) > 0 {
		err = fmt.Errorf("node %d has begun to work on the schema while it was copied: the copy cannot be used; remove it", list[0].number)
	}
	return err
}

// fence sees to it that a node writes nothing any more, and forgets it.
func fence(s *pgstore.Store, node other) error {
	if err := s.TakeOver(node.number, node.beat, &store.Owners{}); err != nil {
		return err
	}
	return s.Bury(node.number)
}
