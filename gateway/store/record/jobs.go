package record

import (
	"math"

	"hookgate/gateway"
)

// Job appends a bulk job.
func (e *Encoder) Job(j *gateway.Job) {
	e.Version()
	e.Text(string(j.State))
	e.Text(j.Endpoint)
	e.Number(math.Float64bits(j.Rate))
	e.Number(uint64(j.Total))
	e.Number(uint64(j.Done))
	e.Number(uint64(j.Failed))
	e.Time(j.CreatedAt)
	e.Time(j.EndedAt)
}

// DecodeJob reads a bulk job; id is the ULID of its id.
func DecodeJob(tenant string, id, value []byte) (*gateway.Job, error) {
	d := NewDecoder(value)
	j := &gateway.Job{ID: FormatID(gateway.PrefixJob, id), Tenant: tenant}
	j.State = gateway.JobState(d.Text())
	j.Endpoint = d.Text()
	j.Rate = math.Float64frombits(d.Number())
	j.Total, j.Done, j.Failed = int(d.Number()), int(d.Number()), int(d.Number())
	j.CreatedAt, j.EndedAt = d.Time(), d.Time()
	return j, d.Done("job")
}
