package copying

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"hookgate/gateway/store"
)

// Source is a store that can be read whole.
type Source interface {
	// Rows visits all rows of a kind, in an order that is the same as long as nothing is
	// written. A row is valid until visit returns; an error of visit ends it.
	Rows(kind store.Kind, visit func(*store.Row) error) error
}

// Target is a store that rows are put into. What it gives as a Source is what it was given.
type Target interface {
	Source
	// PutRows puts rows of a kind and the note in one commit. Commits are seen in their
	// order, also after a crash, which may lose the last of them.
	PutRows(kind store.Kind, rows []store.Row, note []byte) error
	// Note gives the note that was put last; nil: nothing was put, or all of it ended.
	Note() ([]byte, error)
	// EndRows ends a copy that is whole, durably: there is no note any more.
	EndRows() error
}

// Options are what a copy is of.
type Options struct {
	From Source
	To   Target
	// Resume goes on with a copy that was cut short.
	Resume bool
	// Told is told from time to time how many rows of a kind were read: of the source, or of
	// the copy where that is verified. nil: nobody is.
	Told func(kind store.Kind, rows int64, verifying bool)
}

// Copied is what a copy has.
type Copied struct {
	Kinds   []Counted
	Digest  string // of all kinds
	Resumed bool
}

// Counted is the sum of one kind.
type Counted struct {
	Kind store.Kind
	Sum
}

var (
	// ErrHolds: a copy is made where there is nothing.
	ErrHolds = errors.New("it holds something already: a copy is made where there is nothing")
	// ErrUnfinished: a copy was cut short there.
	ErrUnfinished = errors.New("it holds a copy that was cut short: go on with --resume, or remove it")
	// ErrSourceChanged: what was copied before is not what is there now.
	ErrSourceChanged = errors.New("what is copied has changed since the copy was begun: remove the copy and begin anew")
	// ErrDiffers: the copy is not what was copied.
	ErrDiffers = errors.New("the copy differs from what was copied: it cannot be used; remove it")
)

// note is how far a copy is: all kinds before, and so many rows of this one.
type note struct {
	Version int        `json:"version"`
	Kind    store.Kind `json:"kind"`
	Rows    int64      `json:"rows"`
	Digest  []byte     `json:"digest"` // of those rows
}

const noteVersion = 1

// Copy puts all rows of one store into the other, and reads them again. It may be cut short at
// any point.
func Copy(ctx context.Context, o Options) (c Copied, err error) {
	was, err := o.begun()
	if err != nil {
		return c, err
	}
	c.Resumed = was != nil
	for _, kind := range store.Kinds {
		one := &copier{Options: o, ctx: ctx, sum: newSumming(kind), was: was}
		if err := one.run(); err != nil {
			return c, fmt.Errorf("copying %s: %w", kind, err)
		}
		if was != nil && was.Kind == kind {
			was = nil // all that comes now is new
		}
		c.Kinds = append(c.Kinds, Counted{kind, one.sum.Sum})
	}
	c.Digest = digestOf(c.Kinds)
	if err := o.verify(ctx, &c); err != nil {
		return c, err
	}
	return c, o.To.EndRows()
}

// begun looks whether a copy may be begun, or gone on with: nil where it begins.
func (o *Options) begun() (*note, error) {
	text, err := o.To.Note()
	if err != nil {
		return nil, err
	}
	if text == nil {
		return nil, o.empty()
	}
	if !o.Resume {
		return nil, ErrUnfinished
	}
	var was note
	if err := json.Unmarshal(text, &was); err != nil || was.Version != noteVersion {
		return nil, errors.New("the copy that was cut short is of another version of hookgate: go on with that, or remove it")
	}
	return &was, nil
}

// empty says whether there is nothing in the target.
func (o *Options) empty() error {
	for _, kind := range store.Kinds {
		err := o.To.Rows(kind, func(*store.Row) error { return ErrHolds })
		if errors.Is(err, ErrHolds) {
			return fmt.Errorf("%w (%s)", ErrHolds, kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Bounds of what is in memory, and in one commit.
const (
	mostRows  = 1000
	mostBytes = 1 << 20
	tellEvery = 10_000
)

// copier copies one kind.
type copier struct {
	Options
	ctx   context.Context
	sum   *summing
	was   *note // nil: nothing of this kind, or a later one, was copied before
	rows  []store.Row
	bytes int
}

func (c *copier) run() error {
	if err := c.From.Rows(c.sum.kind, c.row); err != nil {
		return err
	}
	if c.was != nil && c.was.Kind == c.sum.kind && c.sum.Rows < c.was.Rows {
		return ErrSourceChanged
	}
	if err := c.put(); err != nil {
		return err
	}
	if c.Told != nil {
		c.Told(c.sum.kind, c.sum.Rows, false)
	}
	return nil
}

func (c *copier) row(r *store.Row) error {
	c.sum.add(r)
	if c.sum.Rows%tellEvery == 0 && c.Told != nil {
		c.Told(c.sum.kind, c.sum.Rows, false)
	}
	if was := c.was; was != nil && (was.Kind != c.sum.kind || c.sum.Rows <= was.Rows) {
		if was.Kind == c.sum.kind && c.sum.Rows == was.Rows && !bytes.Equal(c.sum.Digest[:], was.Digest) {
			return ErrSourceChanged
		}
		return c.ctx.Err() // it was put before
	}
	c.rows = append(c.rows, store.Row{
		Tenant: r.Tenant, Name: r.Name, Key: r.Key, ID: bytes.Clone(r.ID), Other: bytes.Clone(r.Other),
		At: r.At, Number: r.Number, Value: bytes.Clone(r.Value),
	})
	c.bytes += 128 + len(r.Tenant) + len(r.Name) + len(r.Key) + len(r.Value)
	if len(c.rows) < mostRows && c.bytes < mostBytes {
		return nil
	}
	return c.put()
}

// put puts what was read, with the note that it was.
func (c *copier) put() error {
	if err := c.ctx.Err(); err != nil || len(c.rows) == 0 {
		return err
	}
	text, err := json.Marshal(note{noteVersion, c.sum.kind, c.sum.Rows, c.sum.Digest[:]})
	if err == nil {
		err = c.To.PutRows(c.sum.kind, c.rows, text)
	}
	clear(c.rows)
	c.rows, c.bytes = c.rows[:0], 0
	return err
}

// verify reads the copy whole.
func (o *Options) verify(ctx context.Context, c *Copied) error {
	for i := range c.Kinds {
		want := &c.Kinds[i]
		got := newSumming(want.Kind)
		err := o.To.Rows(want.Kind, func(r *store.Row) error {
			if got.add(r); got.Rows%tellEvery == 0 && o.Told != nil {
				o.Told(want.Kind, got.Rows, true)
			}
			return ctx.Err()
		})
		if err != nil {
			return fmt.Errorf("reading the copied %s: %w", want.Kind, err)
		}
		if got.Sum != want.Sum {
			return fmt.Errorf("%w: %s: %d rows with digest %s became %d with %s", ErrDiffers, want.Kind, want.Rows, want.Text(), got.Rows, got.Text())
		}
	}
	return nil
}
