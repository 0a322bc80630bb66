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
)

// The connections API is /v2/integrations/webhook, as the platform's users know it
// (testdata/connections-api.md has its facts). A connection is a webhook of profile
// chatbot whose id is of the kind that this API makes, seen and called under /v1
// too. The token says which tenant's.

// connectionStory is the platform's story that a connection is for.
type connectionStory struct {
	ID   string `json:"id"`
	Name string `json:"name"` // "": the platform knows the names of its stories, and hookgate the ids
}

// listedConnection is a connection in the list, where nothing secret is.
type listedConnection struct {
	ID        string          `json:"id"`
	Story     connectionStory `json:"story"`
	Name      string          `json:"name"`
	URL       string          `json:"url"`
	Error     any             `json:"error"` // false, or the last failure's text
	CreatedAt gateway.Time    `json:"createdAt"`
	UpdatedAt gateway.Time    `json:"updatedAt"`
}

// connectionView is the whole of one. What is not set is null; written back, that
// is as good as left out.
type connectionView struct {
	ID        string          `json:"id"`
	Story     connectionStory `json:"story"`
	Name      string          `json:"name"`
	URL       string          `json:"url"`
	Token     *gateway.Secret `json:"token"`
	Headers   any             `json:"headers"`
	Auth      *connectionAuth `json:"auth"`
	Error     *string         `json:"error"`
	CreatedAt gateway.Time    `json:"createdAt"`
	UpdatedAt gateway.Time    `json:"updatedAt"`
}

// connectionDone is how a write is answered.
type connectionDone struct {
	ID        string           `json:"id,omitempty"`
	Timestamp gateway.Time     `json:"timestamp"`
	Status    connectionStatus `json:"status"`
}

type connectionStatus struct {
	Code int    `json:"code"`
	Type string `json:"type"`
}

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

// ofToken runs do for the token's own tenant.
func ofToken(do func(*call) (answer, error)) func(*call) (answer, error) {
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

// connection gives the connection of the path. An id that could be none, and one
// of another tenant, are told apart from nothing.
func (c *call) connection() (*directory.Webhook, error) {
	if w := c.tenant.Webhook(c.params.id); isConnection(w) {
		return w, nil
	}
	return nil, errNoWebhook
}

// listConnections lists all of them, the oldest first. The platform's users know it
// as one list without pages; of more than an answer of a list takes it gives the
// first, and the header field Hookgate-Next-Cursor for the parameter cursor.
func listConnections(c *call) (answer, error) {
	after, err := c.cursor(isConnectionPlace)
	if err != nil {
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
		if more := l.add(connectionPlace(w), func(t *text, _ extent) { t.view(c.viewListed(w), nil) }); !more {
			break
		}
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

func (c *call) viewListed(w *directory.Webhook) listedConnection {
	one := listedConnection{
		ID: w.ID, Story: connectionStory{ID: w.Spec.StoryID}, Name: w.Spec.Name, URL: w.Spec.URL, Error: false,
		CreatedAt: w.Meta.CreatedAt, UpdatedAt: w.Meta.UpdatedAt,
	}
	if text := c.Resources.Webhooks.Error(c.tenant.ID, w.ID); text != "" {
		one.Error = text
	}
	return one
}

func getConnection(c *call) (answer, error) {
	w, err := c.connection()
	if err != nil {
		return answer{}, err
	}
	v := connectionView{
		ID: w.ID, Story: connectionStory{ID: w.Spec.StoryID}, Name: w.Spec.Name, URL: w.Spec.URL,
		Error: orNull(c.Resources.Webhooks.Error(c.tenant.ID, w.ID)), CreatedAt: w.Meta.CreatedAt, UpdatedAt: w.Meta.UpdatedAt,
	}
	if w.Spec.Token != "" {
		v.Token = &w.Spec.Token
	}
	if len(w.Spec.Headers) > 0 {
		v.Headers = c.viewHeaders(w.Spec.Headers)
	}
	if a := w.Spec.Auth; a.Type == authBasic {
		v.Auth = &connectionAuth{Username: &a.Username, Password: &a.Password}
	}
	return show(http.StatusOK, v)
}

func makeConnection(c *call) (answer, error) {
	spec, err := c.readConnection(nil)
	if err != nil {
		return answer{}, err
	}
	id := newConnectionID()
	whole, err := c.Resources.Webhooks.CheckSpec(c.by, c.tenant.ID, id, *spec)
	if err != nil {
		return answer{}, err
	}
	if err := c.proveConnection(&whole); err != nil {
		return answer{}, err
	}
	if _, _, err := c.Resources.Webhooks.PutSpec(c.by, c.tenant.ID, id, whole); err != nil {
		return answer{}, err
	}
	c.audit("a connection was made", "tenant", c.tenant.ID, "webhook", id)
	return connectionWritten(http.StatusCreated, id)
}

func putConnection(c *call) (answer, error) {
	last, err := c.connection()
	if err != nil {
		return answer{}, err
	}
	spec, err := c.readConnection(last)
	if err != nil {
		return answer{}, err
	}
	whole, err := c.Resources.Webhooks.CheckSpec(c.by, c.tenant.ID, last.ID, *spec)
	if err != nil {
		return answer{}, err
	}
	if whole.URL != last.Spec.URL || whole.Token != last.Spec.Token {
		if err := c.proveConnection(&whole); err != nil {
			return answer{}, err
		}
		if now := c.Directory.Current().Tenant(c.tenant.ID); now == nil || now.Webhook(last.ID) == nil {
			return answer{}, errNoWebhook // it was deleted meanwhile, and is not made again
		}
	}
	if _, _, err := c.Resources.Webhooks.PutSpec(c.by, c.tenant.ID, last.ID, whole); err != nil {
		return answer{}, err
	}
	c.audit("a connection was written", "tenant", c.tenant.ID, "webhook", last.ID)
	return connectionWritten(http.StatusOK, "")
}

func deleteConnection(c *call) (answer, error) {
	w, err := c.connection()
	if err != nil {
		return answer{}, err
	}
	if err := c.removeWebhook(c.tenant.ID, w.ID); err != nil {
		return answer{}, err
	}
	return connectionWritten(http.StatusOK, "")
}

// proveConnection asks the url of a connection that may be stored for its proof,
// before it is; nobody is asked for the sake of what cannot be.
func (c *call) proveConnection(spec *gateway.Webhook) error {
	if err := c.stay(); err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(context.Background(), maxHandshake)
	defer stop()
	return c.Calls.Challenge(ctx, c.tenant, spec.URL, spec.Token.Reveal())
}

func connectionWritten(status int, id string) (answer, error) {
	kind := "success"
	if status == http.StatusCreated {
		kind = "created"
	}
	return show(status, connectionDone{id, gateway.At(time.Now()), connectionStatus{status, kind}})
}
