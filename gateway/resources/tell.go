package resources

import (
	"hookgate/gateway"
	"hookgate/gateway/audit"
	"hookgate/gateway/directory"
)

// maxFileLines is how many tenants of one load have lines of their own.
const maxFileLines = 1000

// telling is what a load has to tell of.
type telling struct {
	*Resources
	before  past
	lines   []gateway.AuditLine
	changed []string // tenants of which the file says something else
	parts   []string // likewise what is not of tenants
	left    int      // tenants that have no line of their own
}

// tellFile writes down what a load changes, before it is in force: for each tenant that the
// file says something else of a line, one for tokens and one for routes, and one that it was
// loaded, with the settings that are others now. The first load of a process tells what
// changed while none ran. A store that takes no writes is no reason not to load: the log is
// told, and the next load tells of both.
func (r *Resources) tellFile(last File, compiled directory.Options) {
	t := telling{Resources: r, before: r.filed.untold}
	if t.before == nil {
		t.before = lastFile{r.ledger, last}
	}
	t.tenants()
	for _, kind := range []string{fileTokens, fileRoutes} {
		if before, after, differ := t.part(kind); differ {
			t.add(writing{action: audit.Update, object: kind}, before, after)
		}
	}
	before, after, differ := t.part(fileSettings)
	if r.taken && r.filed.untold == nil && len(t.lines)+t.left == 0 && !differ && compiled.Same(r.options) {
		return
	}
	t.add(writing{action: audit.Reload, object: fileSettings, left: t.left}, before, after)
	if err := r.filed.put(t.before, t.lines, t.changed, t.parts); err != nil {
		r.log.Warn("the audit could not take what the file changes", "error", err)
	}
}

func (t *telling) add(w writing, before, after audit.Value) {
	w.by = audit.File
	line, err := t.ledger.lines(w, before, after)
	if err != nil {
		t.log.Warn("a change of the file is not in the audit", "error", err) // the file has no bound
		return
	}
	t.lines = append(t.lines, line...)
}

// tenants tells of the tenants of which the file says something else.
func (t *telling) tenants() {
	for _, id := range sortedOf(t.before, t.file.Tenants) {
		now, has := t.file.Tenants[id]
		if has && t.before.same(id, now) {
			continue
		}
		t.changed = append(t.changed, id)
		if named, known := t.before.named(id); known {
			t.tenant(id, named, has)
		}
	}
}

// tenant tells of one that was named, or is.
func (t *telling) tenant(id string, was, is bool) {
	if len(t.lines) == maxFileLines {
		t.left++
		return
	}
	now := t.file.Tenants[id]
	w := writing{action: wrote(was), tenant: id, object: "tenants/" + id, parent: now.Parent}
	var before, after audit.Value
	if is {
		after = t.fileValue(now)
	} else {
		w.action = audit.Delete
	}
	if was {
		known := false
		if before, known = t.before.tenant(id, after); !known {
			return
		}
	}
	if list, _ := audit.Changes(before, after); len(list) == 0 && was && is {
		return // it is written otherwise, and says the same
	}
	t.add(w, before, after)
}

// part compares what is not of tenants. Where it is not known what it was, it has become
// what it is.
func (t *telling) part(kind string) (before, after audit.Value, differ bool) {
	after = t.partValue(t.file, kind)
	before, known := t.before.part(kind)
	if !known {
		before = after
	}
	list, _ := audit.Changes(before, after)
	if differ = len(list) > 0; differ || !known {
		t.parts = append(t.parts, kind)
	}
	return before, after, differ
}
