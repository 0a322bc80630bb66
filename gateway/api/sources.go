package api

import (
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// sourceView is a source as it is shown: what is in force of what was written. Its
// secrets mask themselves.
type sourceView struct {
	gateway.Meta
	URL string `json:"url,omitempty"` // where callbacks are sent
	gateway.Source
}

func (c *call) viewSource(s *directory.Source) any {
	v := sourceView{Meta: s.Meta, Source: s.Effective()}
	if c.PublicURL != "" {
		v.URL = c.PublicURL + "/hooks/" + c.params.tenant + "/" + s.ID
	}
	if v.Match == nil {
		v.Match = []gateway.Match{}
	}
	if v.Variables == nil {
		v.Variables = []gateway.Variable{}
	}
	return v
}

func listSources(c *call) (answer, error) {
	p, err := c.page(gateway.IsName)
	if err != nil {
		return answer{}, err
	}
	return listPart(c, c.tenant.Sources(), p, func(s *directory.Source) string { return s.ID }, sure(c.viewSource))
}

func getSource(c *call) (answer, error) {
	s := c.tenant.Source(c.params.id)
	if s == nil {
		return answer{}, errNoSource
	}
	return show(200, c.viewSource(s))
}

func putSource(c *call) (answer, error) {
	body, err := c.resource()
	if err != nil {
		return answer{}, err
	}
	s, created, err := c.Resources.Sources.Put(c.by, c.params.tenant, c.params.id, body)
	if err != nil {
		return answer{}, err
	}
	c.audit("a source was written", "tenant", c.params.tenant, "source", s.ID, "created", created)
	return show(wrote(created), c.viewSource(s))
}

func deleteSource(c *call) (answer, error) {
	if err := c.Resources.Sources.Delete(c.by, c.params.tenant, c.params.id); err != nil {
		return answer{}, err
	}
	c.audit("a source was deleted", "tenant", c.params.tenant, "source", c.params.id)
	return nothing, nil
}
