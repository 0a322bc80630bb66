package api

import (
	"net/http"

	"hookgate/gateway"
	"hookgate/gateway/fields"
	"hookgate/gateway/resources"
)

// tokens are the tokens that the API made.
type tokens struct{ resources *resources.Tokens }

func (h *tokens) list(c *call) (answer, error) {
	p, err := c.askedPage(isIDOf(gateway.PrefixToken))
	if err != nil {
		return answer{}, err
	}
	return listPart(c, h.resources.List(), p, func(t gateway.Token) string { return t.ID }, func(t gateway.Token) (any, error) { return t, nil })
}

func (h *tokens) get(c *call) (answer, error) {
	t, err := h.resources.Get(c.params.id)
	if err != nil {
		return answer{}, err
	}
	return show(http.StatusOK, t)
}

// madeToken is the one answer that has a token's text.
type madeToken struct {
	gateway.Token
	Text string `json:"token"`
}

func (h *tokens) make(c *call) (answer, error) {
	tree, err := c.resource()
	if err != nil {
		return answer{}, err
	}
	var asked struct {
		Scope  string `json:"scope"`
		Tenant string `json:"tenant"`
		Name   string `json:"name"`
		// ExpiresAt ends the token; null: nothing does.
		ExpiresAt gateway.Time `json:"expires_at"`
	}
	if err := gateway.Invalid(fields.Decode(tree, &asked)); err != nil {
		return answer{}, err
	}
	t, text, err := h.resources.Make(c.by, resources.NewToken{Scope: asked.Scope, Tenant: asked.Tenant, Name: asked.Name, ExpiresAt: asked.ExpiresAt})
	if err != nil {
		return answer{}, err
	}
	c.audit("a token was made", "made_token_id", t.ID, "made_scope", t.Scope, "tenant", t.Tenant)
	return show(http.StatusCreated, madeToken{t, text})
}

func (h *tokens) delete(c *call) (answer, error) {
	if err := h.resources.Delete(c.by, c.params.id); err != nil {
		return answer{}, err
	}
	c.audit("a token was deleted", "deleted_token_id", c.params.id)
	return nothing, nil
}
