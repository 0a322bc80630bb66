package pebblestore

import (
	"testing"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
)

// What a list costs beside its rows is iterators: each has a part in every table that may
// have its keys. A question that most of its postings cannot answer opens few (list.go).
func TestListsOpenFewIterators(t *testing.T) {
	c := crowdedStore(t, 4000)
	for _, of := range c.later.all() {
		must(t, postBlocks(c.engine, of))
	}
	names, queries := c.questions()
	most := map[string]int{ // a place of deliveries is four, and one for each day on which some died
		"plain": 8, "since": 4, "until": 6, "between": 4, "before-all": 3, "two-that-never-meet": 6,
		"endpoint=7": 5, "endpoint=rare": 5, "endpoint=absent": 3, "type=7": 6, "type=rare": 6, "type=absent": 4,
		"conversation=7": 6, "conversation=rare": 6, "conversation=absent": 4, "dead-of-another": 1,
		"state=pending": 1, "state=retrying": 1, "state=succeeded": 1, "state=dead": 4, "state=cancelled": 1,
	}
	for _, name := range names {
		bound, is := most[name]
		if !is {
			continue // it is none of deliveries
		}
		q := queries[name]
		_, err := c.look(q, gateway.PrefixDelivery, func(l *list) (string, error) {
			all, err := c.asked(l)
			if err != nil {
				return "", err
			}
			rows := 0
			next, err := l.run(all, func(byte, ulid.ULID, []byte) (bool, error) {
				rows++
				return rows != q.Limit, nil
			})
			if len(l.iterators) > bound {
				t.Errorf("%s opens %d iterators, at most %d are wanted", name, len(l.iterators), bound)
			}
			return next, err
		})
		must(t, err)
	}
}
