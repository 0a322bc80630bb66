package resources

import (
	"hookgate/auth"
	"hookgate/gateway"
	"hookgate/gateway/directory"
)

// DefaultConfiguration is how much configuration the tokens of one tenant and of all
// below it may keep here, in bytes as the store has it. Memory has it several times
// over for as long as the process is up, and after each start again (SPEC 16).
const DefaultConfiguration = 32 << 20

// least is what a resource counts at the least, in bytes: however short it is written,
// the verifier, counters and names of a source take 40 KiB of memory.
const least = 8 << 10

// weigh gives what a record counts; one without a value is no more.
func weigh(rec gateway.Record) int {
	if len(rec.Value) == 0 {
		return 0
	}
	return max(len(rec.Value), least)
}

// beyond is what counts beside that of what a resource was compiled to: a pattern of thirty
// bytes may take 50 KiB of memory, and a resource a megabyte of them.
func beyond(memory int) int { return max(0, memory-least) }

// weights is a Store that knows how much each tenant's resources take.
type weights struct {
	Store
	of   map[string]*weight // by tenant
	most int                // Options.Configuration
	saw  func(int64)        // Options.Configured
}

// weight is the sizes of one tenant's resources, in bytes.
type weight struct {
	parts map[part]int
	total int
}

// part names a resource within its tenant.
type part struct{ kind, id string }

func (w *weights) PutResources(records ...gateway.Record) error {
	return w.PutAudited(nil, records...)
}

func (w *weights) PutAudited(lines []gateway.AuditLine, records ...gateway.Record) error {
	if err := w.Store.PutAudited(lines, records...); err != nil {
		return err
	}
	for _, rec := range records {
		w.set(rec)
	}
	return nil
}

func (w *weights) DeleteResource(kind, tenant, id string, lines ...gateway.AuditLine) error {
	if err := w.Store.DeleteResource(kind, tenant, id, lines...); err != nil {
		return err
	}
	w.set(gateway.Record{Kind: kind, Tenant: tenant, ID: id})
	return nil
}

func (w *weights) DeleteTenant(tenant string, lines ...gateway.AuditLine) error {
	if err := w.Store.DeleteTenant(tenant, lines...); err != nil {
		return err
	}
	delete(w.of, tenant)
	return nil
}

// set weighs a record anew; one without a value is no more.
func (w *weights) set(rec gateway.Record) {
	of := w.of[rec.Tenant]
	if of == nil {
		of = &weight{parts: map[part]int{}}
		w.of[rec.Tenant] = of
	}
	p := part{rec.Kind, rec.ID}
	of.total += weigh(rec) - of.parts[p]
	if of.parts[p] = weigh(rec); of.parts[p] == 0 {
		delete(of.parts, p)
	}
}

// last gives how much the record takes that rec would take the place of.
func (w *weights) last(rec gateway.Record) int {
	if of := w.of[rec.Tenant]; of != nil {
		return of.parts[part{rec.Kind, rec.ID}]
	}
	return 0
}

// fits says whether a tenant's token may store a record that was compiled to so much memory.
// What it and all of its tree have, up to the tenant that has none above, counts together: to
// be split into children makes nobody's share larger. above is the parent of the record's tenant.
func (w *weights) fits(by auth.Principal, snapshot *directory.Snapshot, rec gateway.Record, memory int, above string) error {
	more := weigh(rec) + beyond(memory) - w.last(rec) - beyond(snapshot.Tenant(rec.Tenant).MemoryOf(rec.Kind, rec.ID))
	if by.EveryTenant() || more <= 0 {
		return nil
	}
	root := rec.Tenant
	if t := snapshot.Tenant(above); t != nil {
		root = above
		if higher := snapshot.Above(t); len(higher) > 0 {
			root = higher[len(higher)-1].ID
		}
	}
	for id, of := range w.of {
		if id == rec.Tenant || snapshot.Under(id, root) {
			more += of.total
			for memory := range snapshot.Tenant(id).Memories() {
				more += beyond(memory)
			}
		}
	}
	if more > w.most {
		return gateway.Errorf(gateway.CodeInvalidField,
			"the tenant and those in its tree would have over %d bytes of configuration: the most there may be (bounds.configuration), where each of them counts %d at the least, and of the memory of its patterns, templates and paths what is beyond that", w.most, least)
	}
	if w.saw != nil {
		w.saw(int64(more))
	}
	return nil
}
