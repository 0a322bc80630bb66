package console

import (
	"net/http"
	"net/url"
)

// unmatched is a public request that found no tenant, source or path.
type unmatched struct {
	publicRequest
	Nearest *struct {
		Tenant string `json:"tenant"`
		Source string `json:"source"`
	} `json:"nearest"`

	To string `json:"-"` // the page of the nearest source; "": none is near
}

// unmatchedPage lists them: a callback whose address is misspelt stands at no source.
func unmatchedPage(v *view) error {
	if v.query.Get("unmatched") == "" {
		v.query.Set("unmatched", "true")
	}
	rows, shown, err := listOf[unmatched](v, asksFor{path: "/requests", filters: []filter{{Name: "unmatched", Label: "Unmatched", Hidden: true}}})
	if err != nil {
		return err
	}
	for i := range rows {
		r, why := &rows[i], rows[i].Reason
		r.seen(v)
		r.Reason = why // it tells of the address alone, and of no value of a body
		if n := r.Nearest; n != nil {
			r.To = v.base + "/tenants/" + url.PathEscape(n.Tenant) + "/sources/" + url.PathEscape(n.Source) + "/requests"
		}
	}
	shown.Kept = kept{Text: "The newest 200 are kept, in memory, and none from before the last start."}
	shown.Curl = curl(v, http.MethodGet, "/requests?unmatched=true", nil)
	v.show("unmatched", "Requests that found nothing", shown)
	return nil
}
