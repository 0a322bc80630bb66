package api

import (
	"net/http"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/directory"
)

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

func (h *connections) viewListed(w *directory.Webhook) listedConnection {
	one := listedConnection{
		ID: w.ID, Story: connectionStory{ID: w.Spec.StoryID}, Name: w.Spec.Name, URL: w.Spec.URL, Error: false,
		CreatedAt: w.Meta.CreatedAt, UpdatedAt: w.Meta.UpdatedAt,
	}
	if text := h.resources.Error(w.Tenant.ID, w.ID); text != "" {
		one.Error = text
	}
	return one
}

func (h *connections) view(c *call, w *directory.Webhook) connectionView {
	v := connectionView{
		ID: w.ID, Story: connectionStory{ID: w.Spec.StoryID}, Name: w.Spec.Name, URL: w.Spec.URL,
		Error: orNull(h.resources.Error(c.tenant.ID, w.ID)), CreatedAt: w.Meta.CreatedAt, UpdatedAt: w.Meta.UpdatedAt,
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
	return v
}

func connectionWritten(status int, id string) (answer, error) {
	kind := "success"
	if status == http.StatusCreated {
		kind = "created"
	}
	return show(status, connectionDone{id, gateway.At(time.Now()), connectionStatus{status, kind}})
}
