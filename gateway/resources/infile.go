package resources

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"hookgate/auth/seal"
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
)

// What the file said is kept in the store, a record for each tenant of it and one for each
// other part, so that the first load of a process can tell what the file changed while none
// ran (SPEC-operations O5). What says the same as its record is only compared with it, by a
// digest: that is the start of a gateway whose file nobody touched. Records go with the lines
// that tell of them, in one commit. Those of a crowd of tenants that no line tells of (a first
// start, or more than maxFileLines at once) follow a few at a time.

// fileRecord is what the file said of a tenant, or a part of it that is not of tenants.
// Secrets are not in it: they are masked where they stand, and marked.
type fileRecord struct {
	// Secrets has the digest, sealed: who guesses a secret could try it there. It stands
	// first, to be found without reading on.
	Secrets map[string]string `json:"secrets,omitempty"`
	Said    json.RawMessage   `json:"said"`
	Marks   map[string]string `json:"marks,omitempty"` // of secrets, by their paths
	MarkKey string            `json:"mark_key"`        // changes with the key that they are made with
}

// markFile is the mark that every tenant of the file has its record.
const markFile = "file"

// Parts of the file that are not of tenants.
const (
	fileRoutes   = "routes"
	fileTokens   = "tokens"
	fileSettings = "configuration"
)

// filed is what the store has of the file, and what it has yet to be given.
type filed struct {
	*ledger
	had    map[string]gateway.Record // of tenants by their ids, as the store had them at start
	parts  map[string]gateway.Record // likewise of what is not of tenants
	whole  bool                      // what has no record was not in the file
	untold past                      // that the audit was not told beside what is in force; nil: it was
	later  map[string]bool           // tenants that the store has yet to be given
	timer  *time.Timer               // nil: nothing is under way
	closed bool
}

func newFiled(l *ledger) *filed {
	f := &filed{ledger: l, had: map[string]gateway.Record{}, parts: map[string]gateway.Record{}, later: map[string]bool{}}
	f.untold = f
	return f
}

// load takes a record at start; one without a value was taken back.
func (f *filed) load(rec gateway.Record) {
	switch {
	case len(rec.Value) == 0:
	case rec.Tenant == "":
		f.parts[rec.ID] = rec
	default:
		f.had[rec.Tenant] = rec
	}
}

// past is what the file said before a load.
type past interface {
	// tenants gives the ids of those that it named.
	tenants() iter.Seq[string]
	// named says whether it named a tenant; known is false where nobody knows.
	named(id string) (named, known bool)
	// same says whether it is known to have said of a tenant what it says now.
	same(id string, now directory.FileTenant) bool
	// tenant gives what it said of one that it named, beside what is said now.
	tenant(id string, now audit.Value) (value audit.Value, known bool)
	// part gives what it said of a part that is not of tenants.
	part(kind string) (value audit.Value, known bool)
}

// lastFile is the file that this process took last.
type lastFile struct {
	*ledger
	file File
}

func (l lastFile) tenants() iter.Seq[string] { return maps.Keys(l.file.Tenants) }

func (l lastFile) named(id string) (named, known bool) {
	_, named = l.file.Tenants[id]
	return named, true
}

func (l lastFile) same(id string, now directory.FileTenant) bool {
	was, had := l.file.Tenants[id]
	return had && sameTenant(was, now)
}

func (l lastFile) tenant(id string, _ audit.Value) (audit.Value, bool) {
	return l.fileValue(l.file.Tenants[id]), true
}

func (l lastFile) part(kind string) (audit.Value, bool) { return l.partValue(l.file, kind), true }

// A filed is the past of the first load of a process.
func (f *filed) tenants() iter.Seq[string] { return maps.Keys(f.had) }

func (f *filed) named(id string) (named, known bool) {
	_, named = f.had[id]
	return named, named || f.whole
}

func (f *filed) same(id string, now directory.FileTenant) bool {
	rec, had := f.had[id]
	if !had || now.Digest == [len(now.Digest)]byte{} {
		return false
	}
	digest, err := f.sealer.Open(gjson.GetBytes(rec.Value, "secrets.digest").Str, placeOfDigest(id))
	return err == nil && digest == hex.EncodeToString(now.Digest[:])
}

// tenant gives what a record says. Marks of another key tell nothing (a rekey came
// between): those secrets are taken to be what they are now.
func (f *filed) tenant(id string, now audit.Value) (audit.Value, bool) {
	said, ok := f.read(f.had[id])
	if !ok {
		return nil, false
	}
	value := audit.ValueOf(said.Said, said.Marks)
	if said.MarkKey != f.markKey() {
		for path := range said.Marks {
			if is, stays := now[path]; stays {
				value[path] = is
			}
		}
	}
	return value, true
}

// part gives what a record says; with marks of another key nothing is known.
func (f *filed) part(kind string) (value audit.Value, known bool) {
	rec, had := f.parts[kind]
	if !had {
		return nil, f.whole
	}
	said, ok := f.read(rec)
	if !ok || said.MarkKey != f.markKey() {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(said.Said))
	d.UseNumber() // as audit.ValueOf
	err := d.Decode(&value)
	return value, err == nil
}

func (f *filed) read(rec gateway.Record) (said fileRecord, ok bool) {
	err := json.Unmarshal(rec.Value, &said)
	if err != nil {
		f.log.Warn("what the file said before cannot be read: what it changed is not told", "tenant", rec.Tenant, "error", err)
	}
	return said, err == nil
}

// markKey is a mark of nothing.
func (r *ledger) markKey() string { return r.sealer.Mark("").String() }

func placeOfDigest(tenant string) []byte {
	return seal.AAD(tenant, object(gateway.KindFile, ""), "digest")
}

// put makes the lines of a load durable, with the records that tell of it: those of some of
// the tenants that changed, the others follow. Where the store takes nothing, the next load
// tells of this one too.
func (f *filed) put(before past, lines []gateway.AuditLine, changed, parts []string) error {
	for _, id := range changed {
		if had, is := f.had[id]; !is || !bytes.Equal(had.Value, f.tenantRecord(id).Value) {
			f.later[id] = true
		}
	}
	records := f.next()
	for _, kind := range parts {
		records = append(records, f.record("", kind, f.partValue(f.file, kind), nil, nil))
	}
	if err := f.weights.Store.PutAudited(lines, records...); err != nil {
		f.untold = before
		return err
	}
	f.untold, f.had, f.parts = nil, nil, nil
	f.done(records)
	return nil
}

// filedAtOnce is how many tenants one commit has, filedEvery how often one comes, when they
// are too many for one.
const (
	filedAtOnce = 100
	filedEvery  = 50 * time.Millisecond
)

// next gives records of some tenants that the store has yet to be given; with the last of
// them comes the mark that there are no more.
func (f *filed) next() (records []gateway.Record) {
	for id := range f.later {
		if len(records) == filedAtOnce {
			return records
		}
		records = append(records, f.tenantRecord(id))
	}
	if !f.whole {
		records = append(records, gateway.Record{Kind: markKind, ID: markFile, Value: []byte("whole")})
	}
	return records
}

// done says that records are in the store, and has the others follow.
func (f *filed) done(records []gateway.Record) {
	for _, rec := range records {
		delete(f.later, rec.Tenant)
		f.whole = f.whole || rec.Kind == markKind
	}
	if len(f.later) > 0 && !f.closed && f.timer == nil {
		f.timer = time.AfterFunc(filedEvery, f.follow)
	}
}

// follow stores some more.
func (f *filed) follow() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer = nil; !f.closed {
		f.store()
	}
}

// store gives the store what comes next, unless the audit has to be told first; false when
// there is nothing more, or it takes nothing now.
func (f *filed) store() (more bool) {
	if f.untold != nil || len(f.later) == 0 {
		return false
	}
	records := f.next()
	if err := f.weights.Store.PutResources(records...); err != nil {
		f.log.Warn("the store could not take what the file says: a later start tells of it once more", "error", err)
		return false // the next load tries again
	}
	f.done(records)
	return len(f.later) > 0
}

// close stores what is left, and ends what runs in the background.
func (f *filed) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	if f.timer != nil {
		f.timer.Stop()
	}
	for f.store() {
	}
}

// tenantRecord is the record of what the file says of a tenant; without a value where it
// says nothing of it.
func (f *filed) tenantRecord(id string) gateway.Record {
	t, named := f.file.Tenants[id]
	if !named {
		return gateway.Record{Kind: gateway.KindFile, Tenant: id}
	}
	said := fileSpec{t.Tenant, t.Sources, t.Endpoints, t.Webhooks}
	secrets := map[string]string{}
	if t.Digest != [len(t.Digest)]byte{} {
		secrets["digest"] = f.sealer.Seal(hex.EncodeToString(t.Digest[:]), placeOfDigest(id))
	}
	return f.record(id, "", &said, secrets, f.marks(&said))
}

func (f *filed) record(tenant, id string, said any, secrets, marks map[string]string) gateway.Record {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	raw, err := json.Marshal(said)
	if err == nil {
		err = e.Encode(fileRecord{Secrets: secrets, Said: raw, Marks: marks, MarkKey: f.markKey()})
	}
	if err != nil {
		panic("resources: what was read cannot be written: " + err.Error())
	}
	return gateway.Record{Kind: gateway.KindFile, Tenant: tenant, ID: id, Value: text.Bytes()}
}

// fileSpec is what the file says of a tenant, as it stands in the file.
type fileSpec struct {
	gateway.Tenant
	Sources   map[string]gateway.Source   `json:"sources,omitempty"`
	Endpoints map[string]gateway.Endpoint `json:"endpoints,omitempty"`
	Webhooks  map[string]gateway.Webhook  `json:"webhooks,omitempty"`
}

// fileValue gives what the file says of a tenant.
func (r *ledger) fileValue(t directory.FileTenant) audit.Value {
	return r.value(&fileSpec{t.Tenant, t.Sources, t.Endpoints, t.Webhooks})
}

// partValue gives what a file says that is not of tenants.
func (r *ledger) partValue(f File, kind string) audit.Value {
	v := audit.Value{}
	switch kind {
	case fileRoutes:
		for id, route := range f.Routes {
			r.value(&route).Under(id, v)
		}
	case fileTokens:
		for _, t := range f.Tokens {
			mark := r.sealer.Mark(t.Secret.Reveal()).String()
			v[`["`+mark+`"]`] = string(t.Scope) + " " + t.Tenant + " " + t.Name
		}
	case fileSettings:
		for key, setting := range f.Settings {
			r.value(setting).Under(key, v)
		}
	}
	return v
}

// sortedOf gives the tenants of the file and of the one before, by their ids.
func sortedOf(before past, file map[string]directory.FileTenant) []string {
	ids := map[string]struct{}{}
	for id := range before.tenants() {
		ids[id] = struct{}{}
	}
	for id := range file {
		ids[id] = struct{}{}
	}
	return slices.Sorted(maps.Keys(ids))
}
