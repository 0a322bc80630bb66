package api

import (
	"slices"

	"hookgate/gateway"
)

// Routes lists every "METHOD path".
func Routes() (all []string) {
	for _, r := range routes {
		for method := range r.methods {
			all = append(all, method+" "+r.path)
		}
	}
	slices.Sort(all)
	return all
}

// EndOf gives the text of a wait's end to one of those who hold it.
func (a *API) EndOf(w *gateway.Wait) (body []byte, sent func(), err error) { return a.endOf(w) }
