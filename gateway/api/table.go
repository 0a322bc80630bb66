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
	methods  map[string]*action
}

// table is the routes, with the shape of each.
type table struct{ shapes []shape }

func newTable(routes []route) table {
	shapes := make([]shape, len(routes))
	for i, r := range routes {
		var allow []string
		methods := map[string]*action{}
		for _, m := range []string{"GET", "PUT", "POST", "DELETE"} {
			if run, has := r.methods[m]; has {
				allow, methods[m] = append(allow, m), &run
			}
		}
		shapes[i] = shape{split(nil, []byte(r.path)), strings.Join(allow, ", "), methods}
	}
	return table{shapes}
}

// mostSegments is of how many a path is taken apart without asking for memory.
const mostSegments = 10

// split appends the segments of a path.
func split(dst [][]byte, path []byte) [][]byte {
	for {
		i := bytes.IndexByte(path, '/')
		if i < 0 {
			return append(dst, path)
		}
		dst, path = append(dst, path[:i]), path[i+1:]
	}
}

// find finds the action of a request, and the parameters of its path.
func (t *table) find(path, method []byte) (run *action, p params, err error) {
	var room [mostSegments][]byte
	segments := split(room[:0], path)
	for i := range t.shapes {
		s := &t.shapes[i]
		if !p.match(s.segments, segments) {
			continue
		}
		if run := s.methods[string(method)]; run != nil {
			return run, p, nil
		}
		return nil, p, &gateway.Error{
			Code: gateway.CodeMethodNotAllowed, Message: "this path takes " + s.allow, Allow: s.allow,
		}
	}
	return nil, p, errNoPath
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
