package main

import (
	"net/http"

	"hookgate/gateway/gatewaytest/program"
)

// ids gives the ids in a list; none where it is refused.
func (n *nest) ids(who string, c *program.Client, list string) (ids []string) {
	n.t.Helper()
	var page struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	a := n.call(who, c, "GET", list, nil)
	if a.Status != http.StatusOK {
		return nil
	}
	a.Decode(n.t, &page)
	for _, shown := range page.Data {
		ids = append(ids, shown.ID)
	}
	return ids
}

// requestPaths has the requests to a source explained, and gives where they are read: each
// brought a credential, or a signature.
func (n *nest) requestPaths(who string, c *program.Client, base, source string) (paths []string) {
	n.t.Helper()
	for _, id := range n.ids(who, c, base+"/sources/"+source+"/requests") {
		n.call(who, c, "POST", base+"/requests/"+id+"/explain", nil)
		paths = append(paths, base+"/requests/"+id)
	}
	return paths
}

// routePaths gives where routes and their requests are read.
func (n *nest) routePaths(who string, c *program.Client) (paths []string) {
	n.t.Helper()
	for _, id := range n.ids(who, c, "/v1/routes") {
		paths = append(paths, "/v1/routes/"+id, "/v1/routes/"+id+"/requests")
	}
	return paths
}
