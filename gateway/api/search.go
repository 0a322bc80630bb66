package api

import (
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/store"
)

// Bounds of a search: how much is found, how long the text is, in bytes, and in how many
// tenants it is looked for that what is stored has it. Names are looked for in all.
const (
	mostFound    = 20
	mostSought   = 256
	mostSearched = 10_000
)

// searches find things by a name, a key or an id (SPEC-console C3, C5).
type searches struct {
	told       Told
	sessions   Waits
	events     Events
	deliveries Deliveries
	jobs       Jobs
	names      Names
	timelines  Timelines
}

// hit is one thing that is found.
type hit struct{ kind, tenant, id, name string }

// find answers with what is found among what the caller may see, the best first.
func (h *searches) find(c *call) (answer, error) {
	q := c.query()
	text := strings.TrimSpace(q.text("q"))
	if text == "" || len(text) > mostSought || !utf8.ValidString(text) {
		q.fault("q", "must be a text of 1 to 256 bytes: a conversation's key or alias, an id, or a part of a name")
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	hits, err := h.byID(c, text)
	if err != nil {
		return answer{}, err
	}
	if len(hits) == 0 {
		conversations, err := h.conversations(c, text)
		if err != nil {
			return answer{}, err
		}
		hits = append(conversations, named(c, text)...)
		gateway.SortStable(hits, func(a, b hit) int { return a.rank(text) - b.rank(text) })
	}
	t := c.wholeItem()
	t.raw("[")
	for i, one := range hits[:min(len(hits), mostFound)] {
		if i > 0 {
			t.raw(",")
		}
		t.append(128+6*(len(one.tenant)+len(one.id)+len(one.name)), one.appendJSON)
	}
	t.raw("]")
	return t.answer(http.StatusOK)
}

func (h hit) appendJSON(dst []byte) []byte {
	dst = gateway.AppendString(append(dst, `{"kind":`...), h.kind)
	dst = gateway.AppendMember(dst, "tenant", h.tenant)
	dst = gateway.AppendMember(dst, "id", h.id)
	return append(gateway.AppendOptional(dst, "name", h.name), '}')
}

// rank tells how well a thing fits: 0 is called so, 1 begins so, 2 has it in its name.
func (h hit) rank(text string) int {
	best := 2
	for _, of := range []string{h.id, h.name} {
		switch of, text := strings.ToLower(of), strings.ToLower(text); {
		case of == text:
			return 0
		case strings.HasPrefix(of, text):
			best = 1
		}
	}
	if h.kind == "conversation" {
		return 0 // its key or alias is the text
	}
	return best
}

// byID finds the one thing that has an id which hookgate made.
func (h *searches) byID(c *call, id string) (hits []hit, err error) {
	var look func(tenant string) (name string, err error)
	kind := ""
	for _, of := range []struct {
		prefix, kind string
		look         func(tenant string) (string, error)
	}{
		{gateway.PrefixWait, "wait", func(tenant string) (string, error) {
			w, err := h.sessions.Get(tenant, id)
			if err != nil {
				return "", err
			}
			return w.ConversationKey, nil
		}},
		{gateway.PrefixCallback, "callback", func(tenant string) (string, error) {
			one, err := h.told.Callback(tenant, id)
			return one.ConversationKey, err
		}},
		{gateway.PrefixEvent, "event", func(tenant string) (string, error) {
			e, err := h.events.EventAlone(tenant, id)
			if err != nil {
				return "", err
			}
			return e.Type, nil
		}},
		{gateway.PrefixDelivery, "delivery", func(tenant string) (string, error) {
			d, _, err := h.deliveries.ReadDelivery(tenant, id, gateway.AttemptBounds{Most: 1})
			if err != nil {
				return "", err
			}
			return d.Endpoint, nil
		}},
		{gateway.PrefixCall, "call", func(tenant string) (string, error) {
			one, err := h.told.Call(tenant, id)
			if err != nil {
				return "", err
			}
			return one.Webhook, nil
		}},
		{gateway.PrefixJob, "job", func(tenant string) (string, error) {
			j, err := h.jobs.Get(tenant, id)
			if err != nil {
				return "", err
			}
			return j.Endpoint, nil
		}},
	} {
		if gateway.IsID(of.prefix, id) {
			kind, look = of.kind, of.look
		}
	}
	if look == nil {
		return nil, nil
	}
	err = searched(c, func(t *directory.Tenant) error {
		name, err := look(t.ID)
		switch {
		case err == nil:
			hits = append(hits, hit{kind, t.ID, id, name})
			return errFound
		case gone(err):
			return nil
		}
		return err
	})
	return hits, err
}

// searched visits the tenants in which what is stored is looked for, until visit gives
// errFound.
func searched(c *call, visit func(*directory.Tenant) error) error {
	n := 0
	err := c.reached(func(t *directory.Tenant) error {
		if n++; n > mostSearched {
			return errFound
		}
		return visit(t)
	})
	if errors.Is(err, errFound) {
		return nil
	}
	return err
}

// conversations finds those that have a key or an alias which is the text.
func (h *searches) conversations(c *call, text string) (hits []hit, err error) {
	key, is := gateway.Key(text)
	if !is {
		return nil, nil
	}
	err = searched(c, func(t *directory.Tenant) error {
		n, found, err := h.names.Names(t.ID, key)
		if err != nil {
			return err
		}
		id := key
		if found {
			id = n.All[0]
		} else {
			lines, err := h.timelines.Timeline(key, store.Timeline{Tenant: t.ID, Limit: 1})
			if err != nil || len(lines) == 0 {
				return err
			}
		}
		if hits = append(hits, hit{"conversation", t.ID, id, key}); len(hits) == mostFound {
			return errFound
		}
		return nil
	})
	return hits, err
}

// named finds tenants, and what they have, by a part of an id or a name: of each rank as
// many as are shown.
func named(c *call, text string) (hits []hit) {
	lower := strings.ToLower(text)
	var ranked [3]int
	add := func(one hit) {
		if !strings.Contains(strings.ToLower(one.id), lower) && !strings.Contains(strings.ToLower(one.name), lower) {
			return
		}
		if rank := one.rank(text); ranked[rank] < mostFound {
			ranked[rank]++
			hits = append(hits, one)
		}
	}
	_ = c.reached(func(t *directory.Tenant) error { // it gives no error of its own
		add(hit{"tenant", t.ID, t.ID, t.Spec.Name})
		for _, s := range t.Sources() {
			add(hit{"source", t.ID, s.ID, ""})
		}
		for _, e := range t.Endpoints() {
			add(hit{"endpoint", t.ID, e.ID, ""})
		}
		for _, w := range t.Webhooks() {
			add(hit{"webhook", t.ID, w.ID, w.Spec.Name})
		}
		return nil
	})
	return hits
}
