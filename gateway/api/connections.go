package api

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/resources"
)

// The connections API is /v2/integrations/webhook, as the platform's users know it
// (testdata/connections-api.md has its facts). A connection is a webhook of profile
// chatbot whose id is of the kind that this API makes, seen and called under /v1
// too. The token says which tenant's.

// connectionDigits is the length of a connection's id, in hex digits.
const connectionDigits = 24

// newConnectionID makes an id that nobody else has: 96 bits of chance.
func newConnectionID() string {
	var id [connectionDigits / 2]byte
	_, _ = rand.Read(id[:]) // crypto/rand.Read never fails
	return hex.EncodeToString(id[:])
}

func isConnectionID(id string) bool {
	return len(id) == connectionDigits && !slices.ContainsFunc([]byte(id), func(c byte) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'f')
	})
}

// connections are the webhooks of a token's tenant, in the words of the connections API.
type connections struct {
	webhooks  *webhooks
	resources *resources.Webhooks
	calls     Calls
}

// ofToken runs do for the token's own tenant.
func ofToken(do handler) handler {
	return func(c *call) (answer, error) {
		if c.tenant = c.snapshot.Tenant(c.by.Tenant); c.tenant == nil {
			return answer{}, errNoTenant
		}
		return do(c)
	}
}

func isConnection(w *directory.Webhook) bool {
	return w != nil && isConnectionID(w.ID) && w.Spec.Profile == gateway.ProfileChatbot
}

// connectionOf gives the connection of the path. An id that could be none, and one
// of another tenant, are told apart from nothing.
func connectionOf(c *call) (*directory.Webhook, error) {
	if w := c.tenant.Webhook(c.params.id); isConnection(w) {
		return w, nil
	}
	return nil, errNoWebhook
}

// list lists all of them, the oldest first. The platform's users know it
// as one list without pages; of more than an answer of a list takes it gives the
// first, and the header field Hookgate-Next-Cursor for the parameter cursor.
func (h *connections) list(c *call) (answer, error) {
	q := c.query()
	after := q.cursor(isConnectionPlace)
	if err := q.err(); err != nil {
		return answer{}, err
	}
	all := slices.DeleteFunc(slices.Clone(c.tenant.Webhooks()), func(w *directory.Webhook) bool {
		return !isConnection(w) || connectionPlace(w) <= after
	})
	slices.SortFunc(all, func(a, b *directory.Webhook) int { return cmp.Compare(connectionPlace(a), connectionPlace(b)) })
	l, err := c.list(page{limit: math.MaxInt}, plain)
	if err != nil {
		return answer{}, err
	}
	l.b = append(l.b[:0], '[')
	for _, w := range all {
		if more := l.add(connectionPlace(w), func(t *text, _ extent) { t.view(h.viewListed(w), nil) }); !more {
			break
		}
		c.turn.part()
	}
	if l.more {
		c.ctx.Response.Header.Set("Hookgate-Next-Cursor", cursorOf(l.after))
	}
	return l.close("]")
}

// connectionPlace is where a connection stands in the list.
func connectionPlace(w *directory.Webhook) string {
	return w.Meta.CreatedAt.Format(gateway.TimeFormat) + " " + w.ID
}

func isConnectionPlace(text string) bool {
	at, id, _ := strings.Cut(text, " ")
	_, err := time.Parse(gateway.TimeFormat, at)
	return err == nil && isConnectionID(id)
}

func (h *connections) get(c *call) (answer, error) {
	w, err := connectionOf(c)
	if err != nil {
		return answer{}, err
	}
	defer work(c)()
	return show(http.StatusOK, h.view(c, w))
}

func (h *connections) make(c *call) (answer, error) {
	spec, err := readConnection(c, nil)
	if err != nil {
		return answer{}, err
	}
	id := newConnectionID()
	whole, err := h.resources.CheckSpec(c.by, c.tenant.ID, id, *spec)
	if err != nil {
		return answer{}, err
	}
	if err := h.prove(c, &whole); err != nil {
		return answer{}, err
	}
	if _, _, err := h.resources.PutSpec(c.by, c.tenant.ID, id, whole); err != nil {
		return answer{}, err
	}
	c.audit("a connection was made", "tenant", c.tenant.ID, "webhook", id)
	return connectionWritten(http.StatusCreated, id)
}

func (h *connections) put(c *call) (answer, error) {
	last, err := connectionOf(c)
	if err != nil {
		return answer{}, err
	}
	spec, err := readConnection(c, last)
	if err != nil {
		return answer{}, err
	}
	whole, err := h.resources.CheckSpec(c.by, c.tenant.ID, last.ID, *spec)
	if err != nil {
		return answer{}, err
	}
	if whole.URL != last.Spec.URL || whole.Token != last.Spec.Token {
		if err := h.prove(c, &whole); err != nil {
			return answer{}, err
		}
	}
	if err := h.resources.ReplaceSpec(c.by, c.tenant.ID, last.ID, whole); err != nil {
		return answer{}, err
	}
	c.audit("a connection was written", "tenant", c.tenant.ID, "webhook", last.ID)
	return connectionWritten(http.StatusOK, "")
}

func (h *connections) delete(c *call) (answer, error) {
	w, err := connectionOf(c)
	if err != nil {
		return answer{}, err
	}
	if err := h.webhooks.remove(c, c.tenant.ID, w.ID); err != nil {
		return answer{}, err
	}
	return connectionWritten(http.StatusOK, "")
}

// prove asks the url of a connection that may be stored for its proof,
// before it is; nobody is asked for the sake of what cannot be.
func (h *connections) prove(c *call, spec *gateway.Webhook) error {
	if err := c.stay(); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), maxHandshake)
	defer stop()
	return h.calls.Challenge(ctx, c.tenant, spec)
}
