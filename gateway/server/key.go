package server

import "bytes"

// hookKey gives where the key of a callback's path begins, /hooks/{tenant}/{source}/{key};
// below 0 for a path without one.
func hookKey(path []byte) int {
	_, _, key, _ := SplitHook(path)
	return beginsAt(path, key)
}

// timelineKey gives where the key of a conversation's path begins,
// /v1/tenants/{tenant}/conversations/{key}, and so below /console and /portal; below 0
// for another path.
func timelineKey(path []byte) int {
	var rest []byte
	tenants := false
	for i := 0; i < len(tenantsPrefixes) && !tenants; i++ {
		rest, tenants = bytes.CutPrefix(path, tenantsPrefixes[i])
	}
	_, rest, _ = bytes.Cut(rest, slash)
	key, conversations := bytes.CutPrefix(rest, conversationsPrefix)
	if !tenants || !conversations || bytes.Contains(key, slash) {
		return -1
	}
	return beginsAt(path, key)
}

var (
	tenantsPrefixes     = [][]byte{[]byte("/v1/tenants/"), []byte("/console/tenants/"), []byte("/portal/tenants/")}
	conversationsPrefix = []byte("conversations/")
)

// beginsAt gives where the last segment of a path begins; below 0 for none.
func beginsAt(path, last []byte) int {
	if len(last) == 0 {
		return -1
	}
	return len(path) - len(last)
}
