package pgstore

import (
	"fmt"
	"strings"

	"hookgate/gateway"
)

// resources are what operators configured. Each has the revision of its last change, which
// rises from commit to commit, over all resources: so a node asks for what changed since. One
// that was deleted stays for a while without a value, to tell of it.
type resources struct{ *writers }

// revised is the revision of a statement's resources. The lock is held until the commit, so
// that no higher one is seen before a lower.
const revised = "(SELECT pg_advisory_xact_lock({lock})) AS l"

var (
	putResource = &verb{
		name: "put a resource", table: "resources", keys: 3, blind: true, in: columns("kind bytea, tenant bytea, id bytea, value bytea"),
		sql: "INSERT INTO {s}resources (kind, tenant, id, revision, gone, value) SELECT i.kind, i.tenant, i.id, nextval('{s}revisions'), 0, i.value FROM {in}, " + revised +
			" ON CONFLICT (kind, tenant, id) DO UPDATE SET revision = excluded.revision, gone = 0, value = excluded.value",
	}
	deleteResource = &verb{
		name: "delete a resource", table: "resources", keys: 3, blind: true, in: columns("kind bytea, tenant bytea, id bytea, day int8"),
		sql: "UPDATE {s}resources AS t SET revision = nextval('{s}revisions'), gone = i.day, value = '' FROM {in}, " + revised +
			" WHERE t.kind = i.kind AND t.tenant = i.tenant AND t.id = i.id AND t.gone = 0",
	}
	deleteResources = &verb{
		name: "delete the resources of a tenant", table: "resources", keys: 1, in: columns("tenant bytea, day int8"),
		sql: "UPDATE {s}resources AS t SET revision = nextval('{s}revisions'), gone = i.day, value = '' FROM {in}, " + revised +
			" WHERE t.tenant = i.tenant AND t.gone = 0",
	}
)

// PutResources makes records durable, all of them or none.
func (s *resources) PutResources(records ...gateway.Record) error {
	return s.PutAudited(nil, records...)
}

// PutAudited makes records durable, and the lines that tell of it: all of them or none.
func (s *resources) PutAudited(lines []gateway.AuditLine, records ...gateway.Record) error {
	p := newPromise()
	for i := range records {
		r := &records[i]
		p.keys("resource", r.Kind, r.Tenant, r.ID)
		p.do(putResource, text(r.Kind), text(r.Tenant), text(r.ID), raw(r.Value))
	}
	p.lines(auditBook, lines)
	return s.write(p)
}

// DeleteResource removes one durably, with the lines that tell of it; it is no error when
// it is not there.
func (s *resources) DeleteResource(kind, tenant, id string, lines ...gateway.AuditLine) error {
	p := newPromise()
	p.do(deleteResource, text(kind), text(tenant), text(id), number(s.today()))
	p.lines(auditBook, lines)
	return s.write(p)
}

func (e *engine) today() int64 { return max(1, dayOf(e.opts.Now())) }

// Resources gives every record, ordered by kind, tenant and id.
func (s *resources) Resources(each func(gateway.Record) error) error {
	return s.readFor(whole, "SELECT kind, tenant, id, value FROM {s}resources WHERE gone = 0 ORDER BY kind, tenant, id", nil, func(row [][]byte) (bool, error) {
		return true, each(gateway.Record{Kind: string(row[0]), Tenant: string(row[1]), ID: string(row[2]), Value: append([]byte(nil), row[3]...)})
	})
}

// Revision is the highest revision of all resources: nothing lower comes after it was seen.
func (s *resources) Revision() (revision int64, err error) {
	_, err = s.one("SELECT coalesce(max(revision), 0) FROM {s}resources", nil, func(row [][]byte) error {
		revision = longAt(row[0])
		return nil
	})
	return revision, err
}

// Revised is a resource that was put or deleted, and the revision of that.
type Revised struct {
	gateway.Record
	Revision int64
	Deleted  bool
}

// ResourcesSince gives what was put or deleted after a revision, in the order of revisions:
// of each resource the last of it. Nothing with a lower revision comes after it. What was
// deleted is told of for a day at least: who asks later than that asks Resources.
func (s *resources) ResourcesSince(revision int64, each func(Revised) error) error {
	p := &params{}
	return s.readFor(whole, "SELECT kind, tenant, id, value, revision, gone FROM {s}resources WHERE revision > "+p.long(revision)+" ORDER BY revision", p, func(row [][]byte) (bool, error) {
		return true, each(Revised{
			Record:   gateway.Record{Kind: string(row[0]), Tenant: string(row[1]), ID: string(row[2]), Value: append([]byte(nil), row[3]...)},
			Revision: longAt(row[4]), Deleted: longAt(row[5]) != 0,
		})
	})
}

// WasDeleted says whether a tenant of that id was deleted, and is no more, of which it is still told
// (ResourcesSince): who deleted it may have died before he had cleared up after it.
func (s *resources) WasDeleted(tenant string) (was bool, err error) {
	p := &params{}
	_, err = s.one("SELECT count(*) FROM {s}resources WHERE kind = "+p.text(gateway.KindTenant)+" AND tenant = "+p.text(tenant)+" AND gone <> 0", p, func(row [][]byte) error {
		was = longAt(row[0]) > 0
		return nil
	})
	return was, err
}

// tenantTables are all tables that have rows of a tenant in a column of that name, but for
// resources and what the audit has.
var tenantTables = []string{
	"waits", "ended_waits", "wait_names", "marks", "names", "own", "parked", "callbacks", "calls", "pending", "traces", "jobs", "job_parts", "minutes", "hours",
	"events", "kept_events", "carried", "kept_carried", "unfinished", "due", "ended", "dead", "dead_events", "dead_attempts", "attempts", "kept_attempts",
	"fanouts", "drops", "holds", "statuses",
}

// deleteOf deletes the rows of tenants from a table.
var deleteOf = func() (all []*verb) {
	for _, name := range tenantTables {
		all = append(all, &verb{
			name: "delete the rows of a tenant", table: name, keys: 1, in: columns("tenant bytea"),
			sql: "DELETE FROM {s}" + name + " AS t USING {in} WHERE t.tenant = i.tenant",
		})
	}
	return all
}()

// deletedAtOnce is how many rows of a table one statement deletes of a tenant that has very
// many: all of them would take longer than a statement may, and others wait behind it.
const deletedAtOnce = 5000

// deleteSome deletes so many rows of tenants from a table, if there are as many: what there is
// less goes with the tenant. Deliveries go with their places in windows.
var deleteSome = func() (all []*verb) {
	for _, name := range tenantTables {
		v := &verb{
			name: "delete many rows of a tenant", table: name, keys: 1, answers: true, in: columns("tenant bytea"),
			sql: fmt.Sprintf("DELETE FROM {s}%[1]s AS u USING (SELECT i.o, d.* FROM {in}, LATERAL (SELECT t.ctid AS at, t.tableoid AS lies FROM {s}%[1]s AS t WHERE t.tenant = i.tenant LIMIT %[2]d) AS d) AS i WHERE u.ctid = i.at AND u.tableoid = i.lies RETURNING i.o", name, deletedAtOnce),
		}
		switch name {
		case "due":
			continue
		case "unfinished":
			v.sql += ", u.tenant, u.id, " + wasIn
			v.then = []string{takeDue}
		}
		all = append(all, v)
	}
	return all
}()

// muchOf gives the verbs for the tables of which a tenant has very many rows.
func (s *resources) muchOf(tenant string) (much []*verb, err error) {
	p := &params{}
	t := p.text(tenant)
	var counts []string
	for _, v := range deleteSome {
		counts = append(counts, fmt.Sprintf("(SELECT count(*) FROM (SELECT FROM {s}%s WHERE tenant = %s LIMIT %d) AS x)", v.table, t, deletedAtOnce))
	}
	_, err = s.one("SELECT "+strings.Join(counts, ", "), p, func(row [][]byte) error {
		for i, v := range deleteSome {
			if longAt(row[i]) == deletedAtOnce {
				much = append(much, v)
			}
		}
		return nil
	})
	return much, err
}

// thin deletes what a tenant has very much of, some at a time. Whoever is interrupted has
// deleted no tenant yet, and goes on where he begins again.
func (s *resources) thin(tenant string) error {
	for {
		much, err := s.muchOf(tenant)
		if err != nil || len(much) == 0 {
			return err
		}
		for _, v := range much {
			p := newPromise()
			p.alone = true
			p.of(tenant)
			p.do(v, text(tenant))
			if err := s.write(p); err != nil {
				return err
			}
		}
	}
}

// DeleteTenant removes everything of a tenant durably, with the lines that tell of it; what
// the audit has of it stays. It is one statement of its own, of the tenant's writer: what is
// written for it before goes with it, and nobody writes for it any more. Of what there is very
// much, most is deleted before that.
func (s *resources) DeleteTenant(tenant string, lines ...gateway.AuditLine) error {
	if tenant == "" || !keyable(tenant) {
		return gateway.ErrNotFound
	}
	defer s.hand.Forget(tenant) // of what it gave out meanwhile nothing is written
	if err := s.thin(tenant); err != nil {
		return err
	}
	p := newPromise()
	p.alone = true
	p.of(tenant)
	for _, v := range deleteOf {
		p.do(v, text(tenant))
	}
	p.do(deleteResources, text(tenant), number(s.today()))
	p.lines(auditBook, lines)
	return s.write(p)
}
