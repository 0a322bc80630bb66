package resources

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/audit"
)

// mostKnown bounds the marks of one tenant that are not over.
const mostKnown = 100

// Knowns are the failures that somebody has marked as known. They are durable, and end by
// themselves.
type Knowns struct {
	*ledger
	reads sync.RWMutex
	all   map[string][]gateway.Known // by tenant; a list is not written on once it is here
}

// knownID is of what deliveries have in common: a mark anew takes the place of the last.
func knownID(endpoint, failure string, status int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", endpoint, failure, status))
	return gateway.PrefixKnown + hex.EncodeToString(sum[:10])
}

// Of gives the marks of a tenant that are not over.
func (r *Knowns) Of(tenant string) []gateway.Known {
	r.reads.RLock()
	list := r.all[tenant]
	r.reads.RUnlock()
	at := r.clock()
	if slices.ContainsFunc(list, func(k gateway.Known) bool { return !k.Until.After(at) }) {
		return slices.DeleteFunc(slices.Clone(list), func(k gateway.Known) bool { return !k.Until.After(at) })
	}
	return list
}

// Mark marks failures of a tenant as known; k says which, with the note and until when.
func (r *Knowns) Mark(by auth.Principal, tenant string, k gateway.Known) (gateway.Known, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t, err := r.tenant(by, tenant)
	if err != nil {
		return k, err
	}
	k.ID, k.At = knownID(k.Endpoint, k.Error, k.Status), gateway.At(r.clock())
	k.By = cmp.Or(by.Name, by.TokenID, string(by.Scope))
	living := r.Of(tenant)
	i := slices.IndexFunc(living, func(one gateway.Known) bool { return one.ID == k.ID })
	if i < 0 && len(living) >= mostKnown {
		return k, gateway.Errorf(gateway.CodeInvalidField, "the tenant has %d failures marked as known: the most there may be", mostKnown)
	}
	text, err := json.Marshal(&k)
	if err != nil {
		return k, err
	}
	w := writing{by: by, action: wrote(i >= 0), tenant: tenant, object: knownPath(tenant, k.ID)}
	var before audit.Value
	if i >= 0 {
		before = r.value(&living[i])
	}
	lines, err := r.lines(w, before, r.value(&k))
	if err != nil {
		return k, err
	}
	if err := r.enter(by, gateway.Record{Kind: gateway.KindKnown, Tenant: tenant, ID: k.ID, Value: text}, 0, t.Spec.Parent, lines); err != nil {
		return k, err
	}
	r.set(tenant, append(slices.DeleteFunc(slices.Clone(living), func(one gateway.Known) bool { return one.ID == k.ID }), k))
	r.forgetOver(tenant)
	return k, nil
}

func knownPath(tenant, id string) string {
	return "tenants/" + tenant + "/deliveries/groups/known/" + id
}

// forgetOver removes from the store the marks of a tenant that are over, and in force no
// longer. The lock is held.
func (r *Knowns) forgetOver(tenant string) {
	of := r.weights.of[tenant]
	if of == nil {
		return
	}
	for p := range maps.Clone(of.parts) {
		if p.kind != gateway.KindKnown || slices.ContainsFunc(r.all[tenant], func(k gateway.Known) bool { return k.ID == p.id }) {
			continue
		}
		if err := r.weights.DeleteResource(gateway.KindKnown, tenant, p.id); err != nil {
			r.log.Warn("a mark that is over was not removed from the store", "tenant", tenant, "error", err) // the next mark tries again
		}
	}
}

// Unmark takes a mark away.
func (r *Knowns) Unmark(by auth.Principal, tenant, id string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := r.tenant(by, tenant); err != nil {
		return err
	}
	living := r.Of(tenant)
	i := slices.IndexFunc(living, func(one gateway.Known) bool { return one.ID == id })
	if i < 0 {
		return errNoKnown
	}
	w := writing{by: by, action: audit.Delete, tenant: tenant, object: knownPath(tenant, id)}
	lines, err := r.lines(w, r.value(&living[i]), nil)
	if err != nil {
		return err
	}
	if err := r.weights.DeleteResource(gateway.KindKnown, tenant, id, lines...); err != nil {
		return err
	}
	r.set(tenant, slices.DeleteFunc(slices.Clone(living), func(one gateway.Known) bool { return one.ID == id }))
	return nil
}

var errNoKnown = gateway.Errorf(gateway.CodeNotFound, "no such mark: it is over, or was taken away")

// set puts the marks of a tenant in force. The lock is held.
func (r *Knowns) set(tenant string, list []gateway.Known) {
	r.reads.Lock()
	defer r.reads.Unlock()
	if len(list) == 0 {
		delete(r.all, tenant)
		return
	}
	r.all[tenant] = list
}

// load takes a mark from the store; one that is over is not in force.
func (r *Knowns) load(rec gateway.Record) error {
	var k gateway.Known
	if err := json.Unmarshal(rec.Value, &k); err != nil {
		return err
	}
	if k.Until.After(r.clock()) {
		r.all[rec.Tenant] = append(r.all[rec.Tenant], k)
	}
	return nil
}

// MostKnownLife is how long a mark lasts at most, and MostNote how long its note is.
const (
	MostKnownLife = 90 * 24 * time.Hour
	MostNote      = 500
)

// CheckKnown says what is wrong with a mark.
func CheckKnown(k *gateway.Known, now time.Time) (faults []gateway.Fault) {
	fault := func(path, message string) { faults = append(faults, gateway.Fault{Path: path, Message: message}) }
	if len(k.Error) > 64 || strings.ContainsFunc(k.Error, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		fault("error", "must be the word of a failed attempt, as GET …/deliveries/groups gives it")
	}
	if k.Status < 0 || k.Status > 999 {
		fault("status", "must be a status, or null")
	}
	if len(k.Note) > MostNote || strings.ContainsFunc(k.Note, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		fault("note", fmt.Sprintf("must be one line of at most %d bytes", MostNote))
	}
	switch {
	case k.Until.IsZero():
		fault("until", "is missing: until when it is known")
	case !k.Until.After(now):
		fault("until", "is over")
	case k.Until.Sub(now) > MostKnownLife:
		fault("until", "is more than 90 days from now")
	}
	return faults
}
