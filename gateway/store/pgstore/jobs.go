package pgstore

import (
	"slices"
	"time"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// jobs are bulk jobs, each with the deliveries that it is about: their ids in its order,
// jobPart of them in one row.
type jobs struct{ *writers }

const jobPart = 512

var (
	jobTable     = newTable("job", "jobs", "tenant bytea, id bytea", "ended int8, value bytea")
	jobPartTable = newTable("part of a job", "job_parts", "tenant bytea, id bytea, part int8", "value bytea")
	dropJobParts = &verb{
		name: "remove the parts of a job", table: "job_parts", keys: 2, blind: true, in: columns("tenant bytea, id bytea"),
		sql: "DELETE FROM {s}job_parts AS t USING {in} WHERE t.tenant = i.tenant AND t.id = i.id",
	}
)

func (p *promise) job(j *gateway.Job) (id cell) {
	p.of(j.Tenant)
	id = p.id("job", gateway.PrefixJob, j.ID)
	var e record.Encoder
	e.Job(j)
	ended := int64(0)
	if j.State != gateway.JobRunning {
		ended = max(1, record.Nanos(j.EndedAt))
	}
	p.put(jobTable, text(j.Tenant), id, number(ended), raw(e.B))
	return id
}

// MakeJob makes a job durable with the deliveries that it is about, in its order.
func (s *jobs) MakeJob(j *gateway.Job, deliveries []string, told ...gateway.AuditLine) error {
	p := newPromise()
	id := p.job(j)
	part := int64(0)
	for ids := range slices.Chunk(deliveries, jobPart) {
		var b []byte
		for _, one := range ids {
			b = append(b, p.id("part of a job", gateway.PrefixDelivery, one).b...)
		}
		p.put(jobPartTable, text(j.Tenant), id, number(part), raw(b))
		part++
	}
	p.lines(auditBook, told)
	return s.write(p)
}

// PutJob writes how a job stands. It is durable when it returns if it has to be; else a crash
// of the database may lose it.
func (s *jobs) PutJob(j *gateway.Job, durable bool, told ...gateway.AuditLine) error {
	p := newPromise()
	p.durable = durable
	id := p.job(j)
	if j.State != gateway.JobRunning {
		p.do(dropJobParts, text(j.Tenant), id)
	}
	p.lines(auditBook, told)
	return s.write(p)
}

// Job gives a job that runs, or ended less than gateway.JobKept ago; else
// gateway.ErrNotFound.
func (s *jobs) Job(tenant, id string) (j *gateway.Job, err error) {
	u, is := gateway.ParseID(gateway.PrefixJob, id)
	if !is || !keyable(tenant) {
		return nil, gateway.ErrNotFound
	}
	p := &params{}
	found, err := s.one("SELECT value FROM {s}jobs WHERE tenant = "+p.text(tenant)+" AND id = "+p.bytes(u[:]), p, func(row [][]byte) (err error) {
		j, err = record.DecodeJob(tenant, u[:], row[0])
		return err
	})
	if err == nil && (!found || tooOld(j, s.opts.Now())) {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return j, nil
}

func tooOld(j *gateway.Job, now time.Time) bool {
	return j.State != gateway.JobRunning && now.Sub(j.EndedAt) >= gateway.JobKept
}

// JobDeliveries gives the ids of a job's deliveries from one on, at most so many, and no
// more than lie together; none where there are no more.
func (s *jobs) JobDeliveries(tenant, id string, from, most int) (ids []string, err error) {
	u, is := gateway.ParseID(gateway.PrefixJob, id)
	if !is || !keyable(tenant) {
		return nil, gateway.ErrNotFound
	}
	p := &params{}
	sql := "SELECT value FROM {s}job_parts WHERE tenant = " + p.text(tenant) + " AND id = " + p.bytes(u[:]) + " AND part = " + p.long(int64(from/jobPart))
	found, err := s.one(sql, p, func(row [][]byte) error {
		value := row[0]
		if len(value)%16 != 0 {
			return record.Corrupt(jobPartTable.word)
		}
		for at := (from % jobPart) * 16; at < len(value) && len(ids) < most; at += 16 {
			ids = append(ids, record.FormatID(gateway.PrefixDelivery, value[at:at+16]))
		}
		return nil
	})
	if err == nil && !found {
		err = gateway.ErrNotFound
	}
	return ids, err
}

// Jobs visits the jobs that are asked for, newest first, until visit wants no more, or
// q.Limit were visited. next, where it is not "", is where to go on (q.Before): q.Rows
// were looked at.
func (s *jobs) Jobs(q store.Query, visit func(*gateway.Job) (more bool)) (next string, err error) {
	q = store.Query{Tenant: q.Tenant, State: q.State, Before: q.Before, Limit: q.Limit, Rows: q.Rows}
	wanted, now := counted(q.Limit, visit), s.opts.Now()
	l := s.newListing(q, gateway.PrefixJob)
	l.from = []string{"jobs"}
	return l.run(func(id, value []byte) (more bool, err error) {
		j, err := record.DecodeJob(q.Tenant, id, value)
		return err == nil && (q.State != "" && q.State != string(j.State) || tooOld(j, now) || wanted(j)), err
	})
}

// RunningJobs visits every job that runs.
func (s *jobs) RunningJobs(visit func(*gateway.Job) error) error {
	return s.readFor(whole, "SELECT tenant, id, value FROM {s}jobs WHERE ended = 0", nil, func(row [][]byte) (bool, error) {
		j, err := record.DecodeJob(string(row[0]), row[1], row[2])
		if err == nil {
			err = visit(j)
		}
		return true, err
	})
}
