package api

import (
	"bytes"
	"strings"

	"hookgate/gateway"
	"hookgate/gateway/edge"
)

// params are the parameters of a path, percent-decoded.
type params struct {
	tenant    string
	hasTenant bool
	id        string
	request   string
}

// shape is a route's path taken apart, and its methods as the header Allow lists
// them.
type shape struct {
	segments [][]byte
	allow    string
}

// table is the routes, with the shape of each.
type table struct {
	routes []route
	shapes []shape
}

func newTable(routes []route) table {
	shapes := make([]shape, len(routes))
	for i, r := range routes {
		var methods []string
		for _, m := range []string{"GET", "PUT", "POST", "DELETE"} {
			if _, has := r.methods[m]; has {
				methods = append(methods, m)
			}
		}
		shapes[i] = shape{bytes.Split([]byte(r.path), slash), strings.Join(methods, ", ")}
	}
	return table{routes, shapes}
}

var slash = []byte("/")

// find finds the action of a request, and the parameters of its path.
func (t *table) find(path, method []byte) (run action, p params, err error) {
	segments := bytes.Split(path, slash)
	for i, s := range t.shapes {
		if !p.match(s.segments, segments) {
			continue
		}
		if run, has := t.routes[i].methods[string(method)]; has {
			return run, p, nil
		}
		return action{}, p, &gateway.Error{
			Code: gateway.CodeMethodNotAllowed, Message: "this path takes " + s.allow, Allow: s.allow,
		}
	}
	return action{}, p, errNoPath
}

func (p *params) match(segments, path [][]byte) bool {
	if len(segments) != len(path) {
		return false
	}
	*p = params{}
	for i, want := range segments {
		switch {
		case string(want) == "{tenant}":
			p.tenant, p.hasTenant = string(edge.Unescape(path[i])), true
		case string(want) == "{id}":
			p.id = string(edge.Unescape(path[i]))
		case string(want) == "{request}":
			p.request = string(edge.Unescape(path[i]))
		case !bytes.Equal(want, path[i]):
			return false
		}
	}
	return true
}
