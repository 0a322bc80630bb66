package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

// maxAnswer bounds what is read of an answer, in bytes: hookgate's own are within 8 MiB
// where bounds.list_answer is not raised.
const maxAnswer = 64 << 20

// formError is of an answer that is not what the operation promises.
type formError struct{ text string }

func (e *formError) Error() string { return e.text }

// Ask sends a request, and gives its answer as a value; json.RawMessage is the answer as
// it came.
func Ask[T any](ctx context.Context, c *Client, r Request) (answer T, err error) {
	answer, _, err = ask[T](ctx, c, r)
	return answer, err
}

// ask is Ask with the header fields of the answer.
func ask[T any](ctx context.Context, c *Client, r Request) (answer T, header http.Header, err error) {
	err = c.retried(ctx, r, func(r *ready) error {
		response, err := c.send(ctx, r)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return err
		}
		header = response.Header
		switch {
		case len(body) > maxAnswer:
			return &formError{fmt.Sprintf("the answer is over %d MiB", maxAnswer>>20)}
		case len(body) == 0:
			return nil
		}
		var value T
		if err := json.Unmarshal(body, &value); err != nil {
			return &formError{"the answer is not hookgate's: is this its internal listener? (" + err.Error() + ")"}
		}
		answer = value
		return nil
	})
	return answer, header, err
}

// pageSize is how many a page has at most.
const pageSize = 1000

// List gives what a list has, page by page, in its order; most is how many at most, 0 is
// all. The first error ends it.
func List[T any](ctx context.Context, c *Client, path string, query url.Values, most int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		asked := url.Values{}
		for name, values := range query {
			asked[name] = values
		}
		for left := most; ; {
			size := pageSize
			if most > 0 {
				size = min(size, left)
			}
			asked.Set("limit", strconv.Itoa(size))
			page, err := Ask[struct {
				Data []T     `json:"data"`
				Next *string `json:"next_cursor"`
			}](ctx, c, Request{Path: path, Query: asked})
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, one := range page.Data {
				if !yield(one, nil) {
					return
				}
			}
			left -= len(page.Data)
			if page.Next == nil || most > 0 && left <= 0 {
				return
			}
			asked.Set("cursor", *page.Next)
		}
	}
}

// Query makes parameters of pairs of name and value, those without a value left out.
func Query(pairs ...string) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	return q
}
