package api

import (
	"slices"

	"hookgate/gateway"
)

// Routes lists every "METHOD path".
func Routes() (all []string) {
	for _, r := range new(nouns).routes() {
		for method := range r.methods {
			all = append(all, method+" "+r.path)
		}
	}
	slices.Sort(all)
	return all
}

// Parameters lists the query parameters of every "METHOD path", sorted.
func Parameters() map[string][]string {
	all := map[string][]string{}
	for _, r := range new(nouns).routes() {
		for method, a := range r.methods {
			all[method+" "+r.path] = slices.Sorted(slices.Values(a.query))
		}
	}
	return all
}

// EndOf gives what makes the text of a wait's end for those who hold it.
func EndOf(o Options) func(*gateway.Wait) (body []byte, sent func(), err error) {
	return newHolder(o).endOf
}
