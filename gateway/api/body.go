package api

import (
	"bytes"
	"slices"

	"hookgate/gateway"
	"hookgate/gateway/edge"
	"hookgate/gateway/fields"
)

// body reads the request's JSON into a tree. Its Content-Type is not looked at:
// there is nothing else that it could be.
func (c *call) body() (tree any, raw []byte, err error) { return c.bodyUpTo(maxBody) }

// maxResource is the most that one resource may be written in, in bytes: while it is
// checked other writers wait, and it is kept in memory.
const maxResource = 2 << 20

// resource reads a part of the configuration.
func (c *call) resource() (tree any, err error) {
	tree, _, err = c.bodyUpTo(maxResource)
	return tree, err
}

// write reads the body of a PUT that writes configuration, and whether it is to be made.
func write(c *call) (tree any, err error) {
	dry, err := flag(c, "dry_run")
	if err != nil {
		return nil, err
	}
	c.by.Asking.Dry = dry
	return c.resource()
}

// writtenStatus is the status of such a PUT.
func writtenStatus(c *call, created bool) int {
	if c.by.Dry() {
		return 200
	}
	return wrote(created)
}

// tellWritten logs such a PUT.
func tellWritten(c *call, what string, args ...any) {
	if !c.by.Dry() {
		c.audit(what, args...)
	}
}

func (c *call) bodyUpTo(most int64) (tree any, raw []byte, err error) {
	raw, err = edge.ReadBody(c.ctx, most)
	if err != nil {
		return nil, nil, err
	}
	if err = edge.Charge(c.ctx, treeMemory(raw)); err != nil {
		return nil, nil, err
	}
	if len(raw) > largeText {
		defer work(c)()
	}
	tree, err = fields.Parse(raw)
	return tree, raw, err
}

// treeMemory is about what a tree of this text takes, in bytes: each value has a place
// in a list or a map, however short its text is. That of a small text is not counted.
func treeMemory(text []byte) int64 {
	if len(text) <= smallText {
		return 0
	}
	const place = 64
	n := len(text)
	for _, mark := range []byte{',', ':', '[', '{'} {
		n += place * bytes.Count(text, []byte{mark})
	}
	return int64(n)
}

const (
	smallText = 4 << 10
	largeText = 16 << 10 // is read in a turn
)

// optionalBody reads a body that may be left out into dst.
func (c *call) optionalBody(dst any) error {
	body, raw, err := c.body()
	switch {
	case len(raw) == 0:
		return nil
	case err != nil:
		return err
	}
	return gateway.Invalid(fields.Decode(body, dst))
}

const maxIdempotencyKey = 255 // bytes

// idempotencyKey reads the header of that name; "" is none.
func (c *call) idempotencyKey() (string, error) {
	found := c.ctx.Request.Header.PeekAll("Idempotency-Key")
	if len(found) == 0 {
		return "", nil
	}
	key := string(found[0])
	printable := func(r rune) bool { return r >= ' ' && r < 0x7f }
	if len(found) > 1 || key == "" || len(key) > maxIdempotencyKey ||
		slices.ContainsFunc([]rune(key), func(r rune) bool { return !printable(r) }) {
		return "", gateway.Errorf(gateway.CodeIdempotencyKeyInvalid,
			"Idempotency-Key must be there once, with 1 to %d printable characters of ASCII", maxIdempotencyKey)
	}
	return key, nil
}
