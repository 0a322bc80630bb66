package api

import "slices"

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
