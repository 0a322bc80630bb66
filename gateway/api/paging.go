package api

import (
	"encoding/base64"
	"net/http"
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
	if cursor := c.ctx.QueryArgs().Peek("cursor"); len(cursor) > 0 {
		id, err := base64.RawURLEncoding.DecodeString(string(cursor))
		if err != nil || !isID(string(id)) {
			return p, gateway.Errorf(gateway.CodeInvalidCursor, "cursor is none that a list gave out")
		}
		p.after = string(id)
	}
	return p, nil
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

// list is how every list is answered.
type list struct {
	Data       any     `json:"data"`
	NextCursor *string `json:"next_cursor"`
}

func cursorOf(id string) *string {
	cursor := base64.RawURLEncoding.EncodeToString([]byte(id))
	return &cursor
}

// showPart answers with the part of a list that lies in memory, ordered by id.
func showPart[T any](all []T, p page, id func(T) string, view func(T) any) (answer, error) {
	from := sort.Search(len(all), func(i int) bool { return id(all[i]) > p.after })
	part := all[from:min(from+p.limit, len(all))]
	l := list{}
	views := make([]any, len(part))
	for i, one := range part {
		views[i] = view(one)
	}
	l.Data = views
	if from+len(part) < len(all) {
		l.NextCursor = cursorOf(id(part[len(part)-1]))
	}
	return show(http.StatusOK, l)
}

// cut takes the one too many, that was asked for to see whether there is more,
// off a list that a store gave.
func cut[T any](found []T, p page, id func(T) string) (part []T, next *string) {
	if len(found) <= p.limit {
		return found, nil
	}
	return found[:p.limit], cursorOf(id(found[p.limit-1]))
}

func isIDOf(prefix string) func(string) bool {
	return func(s string) bool { return gateway.IsID(prefix, s) }
}
