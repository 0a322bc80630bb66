package api

import (
	"encoding/base64"
	"sort"

	"hookgate/gateway"
)

const (
	defaultLimit = 100
	maxLimit     = 1000
)

// page is one part of a list, as it was asked for.
type page struct {
	limit int
	after string // the id of the last one that was seen; "" for the start
}

func cursorOf(id string) string { return base64.RawURLEncoding.EncodeToString([]byte(id)) }

// listPart writes the part of a list that lies in memory, ordered by id.
func listPart[T any](c *call, all []T, p page, id func(T) string, view func(T) (any, error)) (answer, error) {
	l, err := c.list(p, plain)
	if err != nil {
		return answer{}, err
	}
	from := sort.Search(len(all), func(i int) bool { return id(all[i]) > p.after })
	for _, one := range all[from:] {
		if more := l.add(id(one), func(t *text, _ extent) { t.view(view(one)) }); !more {
			break
		}
		c.turn.part()
	}
	return l.answer()
}

// sure makes a view that cannot fail one that could.
func sure[T any](view func(T) any) func(T) (any, error) {
	return func(one T) (any, error) { return view(one), nil }
}

// view appends what is shown of one thing of the configuration.
func (t *text) view(v any, err error) {
	if t.err != nil {
		return
	}
	var shown []byte
	if err == nil {
		shown, err = encode(v)
	}
	if err != nil {
		t.err = err
		return
	}
	t.append(len(shown), func(dst []byte) []byte { return append(dst, shown...) })
}

func isIDOf(prefix string) func(string) bool {
	return func(s string) bool { return gateway.IsID(prefix, s) }
}
