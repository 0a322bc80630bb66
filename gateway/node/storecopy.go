package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hookgate/auth/seal"
	"hookgate/configs"
	"hookgate/gateway/store"
	"hookgate/gateway/store/copying"
	"hookgate/gateway/store/pgstore"
)

// StoreCopy is what is copied, from and to a data folder or a PostgreSQL (SPEC-cluster K5
// "store copy"). Nobody serves either.
type StoreCopy struct {
	From, To  string // a folder, the URL of a database, or @FILE, which has one
	Schema    string // of databases; "": hookgate
	MasterKey string // ""; it is the folder's
	Resume    bool   // go on with a copy that was cut short
	Log       *slog.Logger
	// Told is told from time to time how far it is; verifying: the copy is read again.
	Told func(kind string, rows int64, verifying bool)
}

// StoreCopied is what was copied.
type StoreCopied struct {
	copying.Copied
	From, To string // as they are shown, without a password
	// KeyIn is the folder whose master key is now needed in HOOKGATE_MASTER_KEY; "": it is there.
	KeyIn string
}

// CopyStore copies everything, and reads it again: what it returns is whole. Where it is cut
// short, by the end of ctx too, nobody can serve what it left, and it can go on.
func CopyStore(ctx context.Context, o StoreCopy) (c StoreCopied, err error) {
	from, err := sideOf("--from", o.From)
	if err != nil {
		return c, err
	}
	to, err := sideOf("--to", o.To)
	if err != nil {
		return c, err
	}
	if err := from.apart(to); err != nil {
		return c, err
	}
	w := &copyWork{StoreCopy: o, ctx: ctx}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.openSource(from, to); err != nil {
		return c, fmt.Errorf("--from: %w", err)
	}
	if err := w.openTarget(from, to); err != nil {
		return c, fmt.Errorf("--to: %w", err)
	}
	c.From, c.To = from.shown(o.Schema), to.shown(o.Schema)
	c.Copied, err = copying.Copy(ctx, copying.Options{From: w.source, To: w.target, Resume: o.Resume, Told: w.told()})
	switch {
	case errors.Is(err, copying.ErrHolds), errors.Is(err, copying.ErrUnfinished):
		return c, fmt.Errorf("--to: %w", err)
	case err != nil:
		return c, err
	}
	if err := w.still(); err != nil {
		return c, fmt.Errorf("--from: %w", err)
	}
	if to.dir == "" && from.dir != "" && o.MasterKey == "" {
		c.KeyIn = from.dir
	}
	return c, w.end(to)
}

// side is where a store lies.
type side struct {
	dir string // "": a database
	url func() (string, error)
}

// sideOf reads one. What begins as a URL does, and a file of one, is a database.
func sideOf(flag, text string) (s side, err error) {
	file, isFile := strings.CutPrefix(text, "@")
	switch {
	case text == "":
		return s, fmt.Errorf("%s is missing: name a data folder, or the URL of a PostgreSQL", flag)
	case isFile:
		if file, err = filepath.Abs(file); err != nil {
			return s, err
		}
		s.url = (&configs.Store{URLFile: file}).Database
	case strings.Contains(text, "://"):
		s.url = func() (string, error) { return text, nil }
	default:
		s.dir, err = filepath.Abs(text)
		return s, err
	}
	url, err := s.url()
	if err == nil {
		err = pgstore.CheckURL(url)
	}
	if err != nil {
		return s, fmt.Errorf("%s: %w", flag, err)
	}
	return s, nil
}

// apart refuses to copy a store to itself.
func (s side) apart(other side) error {
	if s.dir != other.dir {
		return nil
	}
	if s.dir != "" {
		return errors.New("--from and --to are one folder")
	}
	url, _ := s.url()
	also, _ := other.url()
	if url == also {
		return errors.New("--from and --to are one database, and one schema")
	}
	return nil
}

func (s side) shown(schema string) string {
	if s.dir != "" {
		return s.dir
	}
	if schema == "" {
		schema = "hookgate"
	}
	return "schema " + schema
}

// aStore is one side of a copy.
type aStore interface {
	copying.Target
	Close() error
}

// copyWork is a copy under way.
type copyWork struct {
	StoreCopy
	ctx            context.Context
	source, target aStore
	key            seal.Key
	alone          []func() error // what must hold to the end
}

func (w *copyWork) told() func(store.Kind, int64, bool) {
	if w.Told == nil {
		return nil
	}
	return func(kind store.Kind, rows int64, verifying bool) { w.Told(string(kind), rows, verifying) }
}

// still says whether nobody has begun to serve the source meanwhile.
func (w *copyWork) still() (err error) {
	for _, look := range w.alone {
		err = errors.Join(err, look())
	}
	return err
}

func (w *copyWork) close() (err error) {
	for _, s := range []aStore{w.target, w.source} {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
	}
	w.source, w.target = nil, nil
	return err
}

func (w *copyWork) openSource(from, to side) (err error) {
	if from.dir != "" {
		return w.fromFolder(from.dir)
	}
	if w.key, err = w.given(); errors.Is(err, fs.ErrNotExist) && to.dir != "" {
		w.key, err = seal.KeyOf(to.dir)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return errNoKey
	}
	if err != nil {
		return err
	}
	s, err := w.database(from)
	if err != nil {
		return err
	}
	w.source = s
	if err := errors.Join(w.servedByNobody(s), whole(s)); err != nil {
		return err
	}
	w.alone = append(w.alone, func() error { return noOthers(s) })
	return sameKey(s, seal.New(w.key))
}

// errNoKey: nothing says by which key a database is sealed.
var errNoKey = errors.New("set HOOKGATE_MASTER_KEY to the master key of the database, or put it into the folder as master.key")

// given gives the key of the environment; fs.ErrNotExist where there is none.
func (w *copyWork) given() (seal.Key, error) {
	if w.MasterKey == "" {
		return seal.Key{}, fs.ErrNotExist
	}
	key, err := seal.ParseKey(w.MasterKey)
	if err != nil {
		return key, fmt.Errorf("HOOKGATE_MASTER_KEY: %w", err)
	}
	return key, nil
}

func (w *copyWork) openTarget(from, to side) error {
	if to.dir != "" {
		return w.toFolder(to.dir, from)
	}
	s, err := w.database(to)
	if err != nil {
		return err
	}
	w.target = s
	return errors.Join(w.servedByNobody(s), sameKey(s, seal.New(w.key)))
}

// copyPatience is how long one statement of a copy may wait: a large batch takes its time.
const copyPatience = time.Minute

func (w *copyWork) database(of side) (*pgstore.Store, error) {
	return pgstore.Open(pgstore.Options{URL: of.url, Schema: w.Schema, Patience: copyPatience, Logger: w.Log, ExpireEvery: neverExpire})
}

// neverExpire keeps a store from removing what is too old: how long things are kept is not
// known here.
const neverExpire = 1000 * time.Hour

// quiet is how long a node must not have beaten to be taken for one that has died.
const quiet = 4 * time.Second

// servedByNobody refuses a schema that nodes work on. One that died is told by its beats, which
// stand still; it is fenced off, should it only sleep.
func (w *copyWork) servedByNobody(s *pgstore.Store) error {
	first, err := othersOf(s)
	if err != nil || len(first) == 0 {
		return err
	}
	select {
	case <-w.ctx.Done():
		return w.ctx.Err()
	case <-time.After(quiet):
	}
	now, err := othersOf(s)
	if err != nil {
		return err
	}
	for _, node := range now {
		if !slices.Contains(first, node) {
			return fmt.Errorf("the schema is in use: node %d works on it; stop every hookgate first", node.number)
		}
	}
	for _, node := range now {
		if err := fence(s, node); err != nil {
			return fmt.Errorf("ending node %d, which died: %w", node.number, err)
		}
	}
	return nil
}
