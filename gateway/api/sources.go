package api

import (
	"hookgate/gateway"
	"hookgate/gateway/directory"
	"hookgate/gateway/resources"
)

// sourceView is a source as it is shown: what is in force of what was written. Its
// secrets mask themselves.
type sourceView struct {
	gateway.Meta
	URL         string       `json:"url,omitempty"` // where callbacks are sent; left out where nobody knows it
	SecretSetAt gateway.Time `json:"secret_set_at"`
	gateway.Source
}

// keyInPath is the word of a source whose callbacks carry the key in their path (SPEC 5).
const keyInPath = "path"

// sources are the sources of tenants.
type sources struct {
	resources *resources.Sources
	publicURL string // Options.PublicURL
	trier     Trier
}

func (h *sources) view(c *call, s *directory.Source) any {
	v := sourceView{Meta: s.Meta, Source: s.Effective(), SecretSetAt: s.Meta.SecretSetAt}
	if h.publicURL != "" {
		v.URL = h.publicURL + "/hooks/" + c.params.tenant + "/" + s.ID
		if v.ConversationKey.In == keyInPath {
			v.URL += "/{key}" // where the sender puts the conversation's
		}
	}
	if v.Match == nil {
		v.Match = []gateway.Match{}
	}
	if v.Variables == nil {
		v.Variables = []gateway.Variable{}
	}
	return v
}

func (h *sources) list(c *call) (answer, error) {
	p, err := c.askedPage(gateway.IsName)
	if err != nil {
		return answer{}, err
	}
	return listPart(c, c.tenant.Sources(), p, func(s *directory.Source) string { return s.ID }, sure(func(s *directory.Source) any { return h.view(c, s) }))
}

func (h *sources) get(c *call) (answer, error) {
	s := c.tenant.Source(c.params.id)
	if s == nil {
		return answer{}, errNoSource
	}
	defer work(c)()
	tag(c, h.resources.ETag(s.Meta, &s.Spec))
	return show(200, h.view(c, s))
}

func (h *sources) put(c *call) (answer, error) {
	body, err := write(c)
	if err != nil {
		return answer{}, err
	}
	s, created, err := h.resources.Put(c.by, c.params.tenant, c.params.id, body)
	if err != nil {
		return answer{}, err
	}
	tellWritten(c, "a source was written", "tenant", c.params.tenant, "source", s.ID, "created", created)
	defer work(c)()
	tag(c, h.resources.ETag(s.Meta, &s.Spec))
	return show(writtenStatus(c, created), h.view(c, s))
}

func (h *sources) delete(c *call) (answer, error) {
	if err := h.resources.Delete(c.by, c.params.tenant, c.params.id); err != nil {
		return answer{}, err
	}
	c.audit("a source was deleted", "tenant", c.params.tenant, "source", c.params.id)
	return nothing, nil
}
