package api

import (
	"encoding/base64"
	"sort"
	"strconv"

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

// page reads limit and cursor. isID tells what a cursor of this list can hold.
func (c *call) page(isID func(string) bool) (p page, err error) {
	if p.limit, err = c.limit(); err != nil {
		return p, err
	}
	p.after, err = c.cursor(isID)
	return p, err
}

// cursor reads the place behind which a page begins; "" for the start.
func (c *call) cursor(isID func(string) bool) (after string, err error) {
	if cursor := c.ctx.QueryArgs().Peek("cursor"); len(cursor) > 0 {
		id, err := base64.RawURLEncoding.DecodeString(string(cursor))
		if err != nil || !isID(string(id)) {
			return "", gateway.Errorf(gateway.CodeInvalidCursor, "cursor is none that a list gave out")
		}
		after = string(id)
	}
	return after, nil
}

func (c *call) limit() (int, error) {
	text := c.ctx.QueryArgs().Peek("limit")
	if len(text) == 0 {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(string(text))
	if err != nil || n < 1 || n > maxLimit {
		return 0, invalid("limit", "must be a whole number from 1 to %d", maxLimit)
	}
	return n, nil
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
