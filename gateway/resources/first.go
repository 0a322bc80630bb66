package resources

import (
	"fmt"
	"slices"

	"hookgate/auth"
	"hookgate/gateway"
)

// adminMark remembers for ever that there was an admin token.
var adminMark = gateway.Record{Kind: markKind, ID: markAdmin, Value: []byte{1}}

// First makes the admin token of a first start: when none was ever set, by
// environment, file or API. Else the text is "". Whoever has shown it says so by
// FirstShown; until then each start makes one more. Those before stay in force:
// one may have been shown to somebody by a process that was killed before it could
// say so, and the others are known to nobody.
func (r *Tokens) First() (text string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.hadAdmin {
		return "", nil
	}
	if r.admin != "" || slices.ContainsFunc(r.file.Tokens, func(t FileToken) bool { return t.Scope == auth.Admin }) {
		r.hadAdmin = true
		return "", r.weights.PutResources(adminMark)
	}
	_, text, err = r.make(auth.Principal{}, &tokenRecord{Scope: auth.Admin, Name: "first start", First: true})
	return text, err
}

// FirstShown says that an operator has seen what First gave: no later start
// makes another.
func (r *Tokens) FirstShown() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.weights.PutResources(adminMark); err != nil {
		return fmt.Errorf("remembering that the admin token was shown: %w", err)
	}
	r.hadAdmin = true
	return nil
}

// HasAdmin says whether an admin token is in force: by environment, file or API.
func (r *Tokens) HasAdmin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.table() {
		if p.Scope == auth.Admin && !p.Expired(r.clock()) {
			return true
		}
	}
	return false
}
