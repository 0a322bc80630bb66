package resources

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"strings"

	"hookgate/auth"
	"hookgate/auth/seal"
	"hookgate/gateway"
)

// ETag tells one version of a resource from another (RFC 9110, 8.8.3): a digest of what
// spec, a pointer, says, and who owns it. Secrets count by their marks, so that of two
// versions that are shown alike the tags differ, and tell nothing of the secrets.
func (r *ledger) ETag(m gateway.Meta, spec any) string {
	marks := map[string]seal.Mark{}
	each(spec, func(path string, secret gateway.Secret) gateway.Secret {
		if secret != "" {
			marks[path] = r.sealer.Mark(secret.Reveal())
		}
		return secret
	})
	text, err := json.Marshal(spec)
	if err != nil {
		panic("resources: what was read cannot be written: " + err.Error())
	}
	h := sha256.New()
	h.Write(text)
	io.WriteString(h, "\x00"+m.ManagedBy)
	for _, path := range slices.Sorted(maps.Keys(marks)) {
		mark := marks[path]
		io.WriteString(h, "\x00"+path+"\x00")
		h.Write(mark[:])
	}
	return `"` + hex.EncodeToString(h.Sum(nil)[:16]) + `"`
}

// managedByAPI is all that a tag has of the Meta of what the API wrote.
var managedByAPI = gateway.Meta{ManagedBy: gateway.ManagedByAPI}

var errChanged = gateway.Errorf(gateway.CodeChangedMeanwhile,
	"it is not as If-Match says: somebody has changed or deleted it meanwhile; read it again, and write what is still wanted")

var errThere = gateway.Errorf(gateway.CodeChangedMeanwhile,
	"it is there already, and If-None-Match says that it must not be: choose another id, or read what is there and write that anew")

// unchanged refuses a change that depends on a version which is not there any more, or on
// one not being there that is (RFC 9110, 13.1.1 and 13.1.2). The lock is held until what is
// asked for is done.
func (r *ledger) unchanged(by auth.Principal, existed bool, m gateway.Meta, spec any) error {
	match, none := by.Match(), by.NoneMatch()
	switch {
	case match == "" && (none == "" || !existed):
		return nil
	case !existed:
		return errChanged
	}
	tag := r.ETag(m, spec)
	switch {
	case match != "" && !lists(match, tag):
		return errChanged
	case none != "" && lists(none, tag):
		return errThere
	}
	return nil
}

// lists says whether such a field names the version that is there.
func lists(field, tag string) bool {
	for one := range strings.SplitSeq(field, ",") {
		if one = strings.TrimSpace(one); one == "*" || one == tag {
			return true
		}
	}
	return false
}
