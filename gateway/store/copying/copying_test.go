package copying_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"hookgate/gateway/store"
	"hookgate/gateway/store/copying"
)

// memory is a store in memory, whose commits can be made to fail.
type memory struct {
	rows  map[store.Kind][]store.Row
	note  []byte
	left  int // commits; then they fail
	wrote int // rows
	turns bool
}

var errCut = errors.New("cut short")

func (m *memory) Rows(kind store.Kind, visit func(*store.Row) error) error {
	list := slices.Clone(m.rows[kind])
	if m.turns {
		slices.Reverse(list) // another store has another order
	}
	for i := range list {
		one := list[i]
		one.Value = bytes.Clone(one.Value)
		if err := visit(&one); err != nil {
			return err
		}
		clear(one.Value) // valid until visit returns
	}
	return nil
}

func (m *memory) PutRows(kind store.Kind, rows []store.Row, note []byte) error {
	if m.left == 0 {
		return errCut
	}
	m.left--
	m.wrote += len(rows)
	m.rows[kind], m.note = append(m.rows[kind], slices.Clone(rows)...), note
	return nil
}

func (m *memory) Note() ([]byte, error) { return m.note, nil }
func (m *memory) EndRows() error        { m.note = nil; return nil }

func empty(commits int) *memory {
	return &memory{rows: map[store.Kind][]store.Row{}, left: commits, turns: true}
}

// full has n rows of some kinds.
func full(n int) *memory {
	m := empty(0)
	m.turns = false
	for _, kind := range []store.Kind{store.KindResources, store.KindEvents, store.KindStatuses} {
		for i := range n {
			m.rows[kind] = append(m.rows[kind], store.Row{Tenant: "acme", ID: fmt.Appendf(nil, "%016d", i), Value: fmt.Appendf(nil, "%s %d", kind, i)})
		}
	}
	return m
}

// Cut short at every commit, a copy goes on where it was, writes nothing twice, and comes to what
// one that was never cut short comes to.
func TestResume(t *testing.T) {
	const n = 2500
	from := full(n)
	whole, err := copying.Copy(t.Context(), copying.Options{From: from, To: empty(100)})
	if err != nil {
		t.Fatal(err)
	}
	to := empty(0)
	cuts := 0
	var got copying.Copied
	for err = errCut; errors.Is(err, errCut); cuts++ {
		to.left = 1
		got, err = copying.Copy(t.Context(), copying.Options{From: from, To: to, Resume: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	if got.Digest != whole.Digest || !got.Resumed || cuts < 9 || to.wrote != 3*n || to.note != nil {
		t.Errorf("cut short %d times: digest %s, want %s; %d rows were written, want %d", cuts-1, got.Digest, whole.Digest, to.wrote, 3*n)
	}
}

func TestRefuses(t *testing.T) {
	begun := func() *memory { // a copy of 100 rows of a kind that was cut short in the second kind
		to := empty(1)
		if _, err := copying.Copy(t.Context(), copying.Options{From: full(100), To: to}); !errors.Is(err, errCut) {
			t.Fatal(err)
		}
		return to
	}
	changed := full(100)
	changed.rows[store.KindResources][7].Value = []byte("other")
	fewer := full(99)
	held := empty(100)
	held.rows[store.KindStatuses] = full(1).rows[store.KindStatuses]
	half := begun()
	half.rows[store.KindResources][3].Value = []byte("damaged")
	half.left = 100
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		o    copying.Options
		want error
	}{
		"holds":             {t.Context(), copying.Options{From: full(1), To: held}, copying.ErrHolds},
		"holds, resumed":    {t.Context(), copying.Options{From: full(1), To: held, Resume: true}, copying.ErrHolds},
		"unfinished":        {t.Context(), copying.Options{From: full(100), To: begun()}, copying.ErrUnfinished},
		"changed":           {t.Context(), copying.Options{From: changed, To: begun(), Resume: true}, copying.ErrSourceChanged},
		"fewer":             {t.Context(), copying.Options{From: fewer, To: begun(), Resume: true}, copying.ErrSourceChanged},
		"not what was put":  {t.Context(), copying.Options{From: full(100), To: half, Resume: true}, copying.ErrDiffers},
		"stopped from here": {over, copying.Options{From: full(100), To: empty(9)}, context.Canceled},
	} {
		if _, err := copying.Copy(c.ctx, c.o); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if half.note == nil {
		t.Error("a copy that differs was ended")
	}
}
