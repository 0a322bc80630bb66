package pebblestore

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"hookgate/gateway"
	"hookgate/gateway/store"
	"hookgate/gateway/store/record"
)

// jobs are bulk jobs, each with the deliveries that it is about: their ULIDs in its order,
// jobPart of them in one record.
type jobs struct{ *engine }

const jobPart = 512

// MakeJob makes a job durable with the deliveries that it is about, in its order.
func (s *jobs) MakeJob(j *gateway.Job, deliveries []string, told ...gateway.AuditLine) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	if err := s.admit(); err != nil {
		return err
	}
	b := s.newBatch(1<<10 + ulidAt*len(deliveries))
	defer b.free()
	b.lines(told)
	putJob(b, j)
	part := uint32(0)
	for ids := range slices.Chunk(deliveries, jobPart) {
		b.jobPart(j, part)
		for _, id := range ids {
			u, ok := gateway.ParseID(gateway.PrefixDelivery, id)
			if !ok {
				b.fail(kindJobPart)
			}
			b.enc.B = append(b.enc.B, u[:]...)
		}
		b.put()
		part++
	}
	return s.commit(b, true)
}

// PutJob writes how a job stands. It is durable when it returns if it has to be; else
// after what is committed next.
func (s *jobs) PutJob(j *gateway.Job, durable bool, told ...gateway.AuditLine) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	b := s.newBatch(1 << 10)
	defer b.free()
	b.lines(told)
	putJob(b, j)
	if j.State != gateway.JobRunning {
		b.jobPart(j, 0)
		first := slices.Clone(b.key)
		b.jobPart(j, uint32(j.Total/jobPart+1))
		b.removeRange(first, slices.Clone(b.key))
	}
	return s.commit(b, durable)
}

func putJob(b *batch, j *gateway.Job) {
	b.begin(kindJob, j.Tenant)
	b.id(kindJob, gateway.PrefixJob, j.ID)
	b.enc.Job(j)
	b.put()
}

// jobPart starts the record of a part of a job's deliveries.
func (b *batch) jobPart(j *gateway.Job, part uint32) {
	b.begin(kindJobPart, j.Tenant)
	b.id(kindJobPart, gateway.PrefixJob, j.ID)
	b.key = binary.BigEndian.AppendUint32(b.key, part)
}

// Job gives a job that runs, or ended less than gateway.JobKept ago; else
// gateway.ErrNotFound.
func (s *jobs) Job(tenant, id string) (j *gateway.Job, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	u, ok := gateway.ParseID(gateway.PrefixJob, id)
	if !ok || !keyable(tenant) {
		return nil, gateway.ErrNotFound
	}
	found, err := s.get(append(appendPrefix(nil, kindJob, tenant), u[:]...), func(value []byte) (err error) {
		j, err = record.DecodeJob(tenant, u[:], value)
		return err
	})
	if err == nil && (!found || s.tooOld(j, s.opts.Now())) {
		err = gateway.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return j, nil
}

func (s *jobs) tooOld(j *gateway.Job, now time.Time) bool {
	return j.State != gateway.JobRunning && now.Sub(j.EndedAt) >= gateway.JobKept
}

// JobDeliveries gives the ids of a job's deliveries from one on, at most so many, and no
// more than lie together; none where there are no more.
func (s *jobs) JobDeliveries(tenant, id string, from, most int) (ids []string, err error) {
	if err := s.using.Enter(); err != nil {
		return nil, err
	}
	defer s.using.Leave()
	u, ok := gateway.ParseID(gateway.PrefixJob, id)
	if !ok || !keyable(tenant) {
		return nil, gateway.ErrNotFound
	}
	key := binary.BigEndian.AppendUint32(append(appendPrefix(nil, kindJobPart, tenant), u[:]...), uint32(from/jobPart))
	found, err := s.get(key, func(value []byte) error {
		if len(value)%ulidAt != 0 {
			return corrupt(kindJobPart)
		}
		for at := (from % jobPart) * ulidAt; at < len(value) && len(ids) < most; at += ulidAt {
			ids = append(ids, record.FormatID(gateway.PrefixDelivery, value[at:at+ulidAt]))
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
	if err := s.using.Enter(); err != nil {
		return "", err
	}
	defer s.using.Leave()
	if next, err = s.listJobs(q, counted(q.Limit, visit)); err != nil {
		return "", err
	}
	return next, s.overtake()
}

func (s *jobs) listJobs(q store.Query, visit func(*gateway.Job) (more bool)) (next string, err error) {
	if !keyable(q.Tenant) {
		return "", nil
	}
	prefix := appendPrefix(nil, kindJob, q.Tenant)
	upper := pastPrefix(prefix)
	if q.Before != "" {
		u, ok := gateway.ParseID(gateway.PrefixJob, q.Before)
		if !ok {
			return "", nil
		}
		upper = append(slices.Clone(prefix), u[:]...)
	}
	it, err := s.iter(prefix, upper)
	if err != nil {
		return "", err
	}
	defer closeIter(it, &err)
	now, rows := s.opts.Now(), q.Rows
	if rows <= 0 {
		rows = rowsAtOnce
	}
	for more := it.Last(); more; more = it.Prev() {
		id := it.Key()[len(prefix):]
		if len(id) != ulidAt {
			return "", corrupt(kindJob)
		}
		j, err := record.DecodeJob(q.Tenant, id, it.Value())
		if err != nil {
			return "", err
		}
		if (q.State == "" || q.State == string(j.State)) && !s.tooOld(j, now) && !visit(j) {
			return "", nil
		}
		if rows--; rows == 0 {
			return j.ID, nil
		}
	}
	return "", nil
}

// RunningJobs visits every job that runs. What it gives is durable.
func (s *jobs) RunningJobs(visit func(*gateway.Job) error) error {
	if err := s.using.Enter(); err != nil {
		return err
	}
	defer s.using.Leave()
	err := s.eachJob(func(_ ulid.ULID, j *gateway.Job) (more bool, err error) {
		if j.State == gateway.JobRunning {
			err = visit(j)
		}
		return true, err
	})
	if err != nil {
		return err
	}
	return s.overtake()
}

// eachJob visits the jobs of every tenant, of each from its oldest on while visit wants more.
func (s *jobs) eachJob(visit func(u ulid.ULID, j *gateway.Job) (more bool, err error)) error {
	return s.eachTenant(kindJob, func(t *tenantScan) error {
		for more := true; more && t.inside(); {
			id := t.it.Key()[len(t.prefix):]
			if len(id) != ulidAt {
				return corrupt(kindJob)
			}
			j, err := record.DecodeJob(t.tenant, id, t.it.Value())
			if err != nil {
				return err
			}
			if more, err = visit(record.AsULID(id), j); err != nil {
				return err
			}
			more = more && t.it.Next()
		}
		return nil
	})
}

// expireJobs removes the jobs that ended long ago, up to the first of a tenant that did
// not. Their deliveries went when they ended.
func (s *jobs) expireJobs(now time.Time) error {
	limits := map[string][]byte{}
	err := s.eachJob(func(u ulid.ULID, j *gateway.Job) (more bool, err error) {
		if !s.tooOld(j, now) {
			return false, nil
		}
		limits[j.Tenant] = above(u)
		return true, nil
	})
	return errors.Join(err, s.expireKind(kindJob, func(tenant string) []byte { return limits[tenant] }))
}
